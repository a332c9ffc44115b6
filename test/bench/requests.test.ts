import { pack } from 'msgpackr'
import t from 'tap'
import { CopyCounter } from '../../bench/generator/copies.js'
import { parseH2load } from '../../bench/generator/h2load.js'
import { encodeEvent } from '../../src/protocol/write.js'

const VALUE = { id: 1, text: 'an order' }
const record = encodeEvent('bench.one', 3, pack(VALUE))

/** As h2load of nghttp2 1.52 writes it. */
function output(done: string, statuses: string): string {
  return `starting benchmark...\nprogress: 100% done\n\nfinished in 98.10ms, 20387.36 req/s, 300.20KB/s\nrequests: ${done}\nstatus codes: ${statuses}\ntraffic: 29.4KB\n`
}

t.test('copies of one event are counted, however they are cut', async (t) => {
  const bytes = Buffer.concat(Array.from({ length: 2000 }, () => record))
  for (const piece of [1, 7, 1000, 100_000]) {
    const counter = new CopyCounter(VALUE)
    for (let pos = 0; pos < bytes.length; pos += piece) {
      counter.feed(bytes, pos, Math.min(bytes.length, pos + piece))
    }
    t.equal(counter.copies, 2000, `pieces of ${piece}`)
    t.equal(counter.corrupt, null)
  }
})

t.test('anything else is not counted', async (t) => {
  const other = new CopyCounter({ id: 2 })
  other.feed(Buffer.from(record), 0, record.length)
  t.match(other.corrupt, /not the event/)
  const changed = new CopyCounter(VALUE)
  const bytes = Buffer.concat([record, record, record])
  bytes[record.length + 20] ^= 1
  changed.feed(bytes, 0, bytes.length)
  t.match(changed.corrupt, /something else after/)
  t.ok(changed.copies < 3)
})

t.test('what h2load says is read, and a run that is not whole is no run', async (t) => {
  const sound = output(
    '2000 total, 2000 started, 2000 done, 1990 succeeded, 10 failed, 0 errored, 0 timeout',
    '1990 2xx, 0 3xx, 10 4xx, 0 5xx',
  )
  t.same(parseH2load(sound), { requestsPerSecond: 20387.36, sent: 2000, accepted: 1990, refused: 10 })
  const cut = output(
    '2000 total, 2000 started, 1900 done, 1900 succeeded, 100 failed, 100 errored, 0 timeout',
    '1900 2xx, 0 3xx, 0 4xx, 0 5xx',
  )
  t.throws(() => parseH2load(cut), /of 2000 requests 1900 were answered, 100 errors/)
  t.throws(() => parseH2load('no such thing'), /h2load said/)
})
