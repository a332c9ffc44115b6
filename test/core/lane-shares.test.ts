import t from 'tap'
import { LaneShares } from '../../src/core/lane-shares.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

const WEIGHTS = [64, 32, 16, 8, 4, 2, 1]
const mask = (...lanes: number[]) => lanes.reduce((bits, lane) => bits | (1 << lane), 0)
const ALL = mask(0, 1, 2, 3, 4, 5, 6, 7)

/** Serves the waiting lanes, all of them for ever backlogged, and returns the bytes of each. */
function serve(shares: LaneShares, waiting: number, rounds: number, bytesOf: (lane: number) => number): number[] {
  const served = new Array(8).fill(0)
  for (let i = 0; i < rounds; i++) {
    const lane = shares.next(waiting)
    const bytes = bytesOf(lane)
    served[lane] += bytes
    shares.charge(lane, bytes, waiting & ~(1 << lane))
  }
  return served
}

const sum = (list: number[]) => list.reduce((total, value) => total + value, 0)

for (const bytes of [60, 1000, 10_000, 65_536]) {
  t.test(`shares with runs of ${bytes} bytes`, async (t) => {
    const served = serve(new LaneShares(WEIGHTS, 0.9), ALL, 200_000, () => bytes)
    const total = sum(served)
    t.ok(Math.abs(served[0] / total - 0.9) < 0.02, `lane 0 has its share: ${(served[0] / total).toFixed(3)} of 0.9`)
    const rest = total - served[0]
    for (let lane = 1; lane < 8; lane++) {
      const share = served[lane] / rest
      const due = WEIGHTS[lane - 1] / sum(WEIGHTS)
      t.ok(Math.abs(share - due) < due * 0.1 + 0.002, `lane ${lane}: ${share.toFixed(4)} of ${due.toFixed(4)}`)
    }
  })
}

t.test('shares are of work, whatever the sizes of the runs', async (t) => {
  const random = new SeededRandom(1)
  // Urgent lanes have small runs, the others large ones.
  const served = serve(new LaneShares(WEIGHTS, 0.8), ALL, 400_000, (lane) => 1 + random.below(100 << lane))
  const total = sum(served)
  t.ok(Math.abs(served[0] / total - 0.8) < 0.03, `lane 0: ${(served[0] / total).toFixed(3)} of 0.8`)
  for (let lane = 1; lane < 8; lane++) {
    const share = served[lane] / (total - served[0])
    const due = WEIGHTS[lane - 1] / sum(WEIGHTS)
    t.ok(Math.abs(share - due) < due * 0.15 + 0.005, `lane ${lane}: ${share.toFixed(4)} of ${due.toFixed(4)}`)
  }
})

t.test('lane 0 goes first up to its share', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.75)
  // 3 KiB of lane 0 owe 1 KiB to the others.
  for (let i = 0; i < 3; i++) {
    t.equal(shares.next(ALL), 0)
    shares.charge(0, 1024, ALL & ~1)
  }
  t.not(shares.next(ALL), 0)
})

t.test('lane 0 alone owes nothing', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.9)
  for (let i = 0; i < 1000; i++) shares.charge(shares.next(1), 100_000, 0)
  t.equal(shares.next(mask(0, 7)), 0, 'it took nothing from anybody')
})

t.test('what lane 0 did not wait for is no advance to the others', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.9)
  for (let i = 0; i < 1000; i++) {
    const lane = shares.next(mask(5, 7))
    shares.charge(lane, 65_536, mask(5, 7) & ~(1 << lane))
  }
  const served = serve(shares, mask(0, 7), 10_000, () => 1000)
  t.ok(Math.abs(served[0] / sum(served) - 0.9) < 0.02, 'its share is the same as ever')
})

t.test('nobody starves', async (t) => {
  const random = new SeededRandom(2)
  for (let trial = 0; trial < 200; trial++) {
    const weights = Array.from({ length: 7 }, () => 1 + random.below(64))
    const shares = new LaneShares(weights, 0.5 + random.below(45) / 100)
    const waiting = 1 + random.below(255)
    const served = serve(shares, waiting, 20_000, () => 500)
    for (let lane = 0; lane < 8; lane++) {
      const isWaiting = (waiting & (1 << lane)) !== 0
      if (isWaiting !== served[lane] > 0)
        t.fail(`lane ${lane} of ${waiting.toString(2)}: ${served} with weights ${weights}`)
    }
  }
  t.pass('every lane that waits is served, and no other')
})

t.test('a huge run is paid for, and the arithmetic takes one step', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.9)
  // A run of a fan-out to ten thousand: hundreds of megabytes of work in the lightest lane.
  const huge = 655_360_000
  let lane = shares.next(mask(1, 7))
  while (lane !== 7) {
    shares.charge(lane, 65_536, mask(7))
    lane = shares.next(mask(1, 7))
  }
  shares.charge(7, huge, mask(1))
  let before = 0
  for (lane = shares.next(mask(1, 7)); lane !== 7; lane = shares.next(mask(1, 7))) {
    before += 1_000_000
    shares.charge(lane, 1_000_000, mask(7))
  }
  t.ok(Math.abs(before / (huge * 64) - 1) < 0.01, 'its turn comes when the other has had 64 times as much')
})

t.test('a debt is forgotten when nobody else waits', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.9)
  shares.charge(7, 655_360_000, mask(1))
  shares.charge(7, 1000, 0)
  const served = serve(shares, mask(1, 7), 10_000, () => 1000)
  t.ok(served[7] > 0, 'it was alone: it took nothing from anybody')
})

t.test('idle lanes save no credit', async (t) => {
  const shares = new LaneShares(WEIGHTS, 0.9)
  for (let i = 0; i < 10_000; i++) {
    const lane = shares.next(mask(6, 7))
    shares.charge(lane, 1000, mask(6, 7) & ~(1 << lane))
  }
  // Lane 1 comes now: it must not have the rounds that went by, only its weight.
  const served = serve(shares, mask(1, 6, 7), 6_700, () => 1000)
  const due = (64 / 67) * sum(served)
  t.ok(Math.abs(served[1] / due - 1) < 0.05, `${served[1]} of ${due}`)
})
