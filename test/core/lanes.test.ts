import t from 'tap'
import { LaneShares } from '../../src/core/lane-shares.js'
import { Lanes } from '../../src/core/lanes.js'
import { type Run, RunPool } from '../../src/core/run.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

const runs = new RunPool()
function run(lane: number, start = 0): Run {
  const made = runs.acquire()
  made.lane = lane
  made.start = start
  return made
}

const lanesOf = () => new Lanes(new LaneShares([64, 32, 16, 8, 4, 2, 1], 0.9))

t.test('a lane is first in, first out', async (t) => {
  const lanes = lanesOf()
  t.equal(lanes.shift(), undefined)
  for (let i = 0; i < 100; i++) lanes.push(run(4, i))
  t.equal(lanes.length, 100)
  t.equal(lanes.depth(4), 100)
  t.equal(lanes.waiting, 1 << 4)
  t.same(
    Array.from({ length: 100 }, () => lanes.shift()?.start),
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.equal(lanes.waiting, 0)
  t.equal(lanes.shift(), undefined)
})

t.test('urgent runs come first', async (t) => {
  const lanes = lanesOf()
  for (const lane of [7, 3, 0, 5, 1, 0]) lanes.push(run(lane))
  const order: number[] = []
  for (let next = lanes.shift(); next !== undefined; next = lanes.shift()) {
    order.push(next.lane)
    lanes.charge(next.lane, 100)
  }
  t.same(order, [0, 0, 1, 3, 5, 7])
})

t.test('every lane gets through while all are filled again and again', async (t) => {
  const lanes = lanesOf()
  const random = new SeededRandom(3)
  const served = new Array(8).fill(0)
  const last = new Array(8).fill(-1)
  for (let i = 0; i < 100_000; i++) {
    for (let lane = 0; lane < 8; lane++) if (lanes.depth(lane) < 3) lanes.push(run(lane, i))
    const next = lanes.shift() as Run
    if (next.start < last[next.lane]) t.fail(`lane ${next.lane} changes its order`)
    last[next.lane] = next.start
    served[next.lane]++
    lanes.charge(next.lane, 1 + random.below(5000))
    runs.release(next)
  }
  for (let lane = 0; lane < 8; lane++) t.ok(served[lane] > 50, `lane ${lane}: ${served[lane]} runs`)
  t.equal(
    lanes.length,
    [0, 1, 2, 3, 4, 5, 6, 7].reduce((total, lane) => total + lanes.depth(lane), 0),
  )
})
