import t from 'tap'
import { CopyCount } from '../../bench/guard/copy-count.js'
import { CORE_PATHS, CorePath } from '../../bench/guard/core-path.js'
import { countCoreWork } from '../../bench/guard/core-work.js'

const [batched, single, toMany, , scattered] = CORE_PATHS

t.test('what the core does is counted, and is the same each time', async (t) => {
  const first = countCoreWork(batched)
  t.same(countCoreWork(batched), first)
  t.equal(first.copies, 1, 'into the slab; a long run is written from there')
  t.ok(first.runs < 10 && first.writes < 10, 'a run, and a write, is hundreds of events')
})

t.test('the paths differ as they are meant to', async (t) => {
  const { runs, copies } = countCoreWork(scattered)
  t.equal(runs, 1000, 'each event is a run')
  t.equal(copies, 2, 'which is gathered')
  const many = countCoreWork(toMany)
  t.equal(many.copies, 1, 'receivers cost no copy')
  t.equal(Math.round(many.writes / countCoreWork(batched).writes), 100)
  t.ok(countCoreWork(single).writes < 10, 'events of single messages are written together')
})

t.test('a path delivers all of what it takes in', async (t) => {
  const path = new CorePath(scattered)
  const events = path.run(1000)
  t.ok(events >= 1000)
  const { meters } = path.router
  t.equal(meters.accepted, events)
  t.equal(meters.delivered, events)
})

t.test('copies are counted until that ends', async (t) => {
  const from = Buffer.alloc(1000, 1)
  const into = new Uint8Array(2000)
  const count = new CopyCount()
  count.start()
  into.set(from)
  from.copy(into, 1000, 0, 600)
  into.copyWithin(0, 1000, 1100)
  Buffer.concat([from, from])
  from.subarray(10, 20)
  Buffer.from(into.buffer, 0, 10)
  const counted = count.stop()
  into.set(from)
  const {
    'TypedArray.set': set,
    'Buffer.copy': copy,
    'TypedArray.copyWithin': within,
    'Buffer.concat': concat,
  } = counted
  t.same({ set, copy, within, concat }, { set: 1000, copy: 600, within: 100, concat: 2000 })
  t.equal(counted['Buffer.from'], 0, 'a view is no copy')
  t.equal(into[999], 1, 'and everything has been copied')
})
