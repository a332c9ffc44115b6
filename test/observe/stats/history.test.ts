import fc from 'fast-check'
import t from 'tap'
import {
  HISTORY_BYTES,
  HISTORY_POINTS_MAX,
  HISTORY_SECONDS_MAX,
  StatsRing,
} from '../../../src/observe/stats/history.js'
import { mergePoints, pointOf } from '../../../src/observe/stats/points.js'
import type { StatsPoint } from '../../../src/observe/stats.js'
import { busyStats, laneStats, percentiles } from '../../helpers/stats.js'

function point(second: number, fields: Partial<StatsPoint> = {}): StatsPoint {
  return { ...pointOf(busyStats({ at: second * 1000 })), ...fields }
}

function ringOf(seconds: number, make = (second: number) => point(second)): StatsRing {
  const ring = new StatsRing()
  for (let second = 0; second < seconds; second++) ring.push(make(second))
  return ring
}

const secondsOf = (points: readonly StatsPoint[]) => points.map(({ at }) => at / 1000)

t.test('what comes out is what went in, to six digits', async (t) => {
  const [only] = ringOf(1).last(10, 1).points
  const near = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'number' ? Number(each.toPrecision(6)) : each)))
  t.same(near({ ...only, at: 0 }), near({ ...point(0), at: 0 }))
  t.equal(only.at, 0)
})

t.test('times are exact to the millisecond', async (t) => {
  const ring = new StatsRing()
  const at = Date.UTC(2026, 10, 21, 14, 5, 20, 123)
  ring.push(point(0, { at }))
  t.equal(ring.last(1, 1).points[0].at, at)
})

t.test('the last seconds, oldest first', async (t) => {
  const ring = ringOf(20)
  t.same(secondsOf(ring.last(3, 1).points), [17, 18, 19])
  t.equal(ring.last(100, 1).points.length, 20)
  t.same(new StatsRing().last(60, 1), { stepS: 1, points: [] })
})

t.test('an hour, not more, in a bounded memory', async (t) => {
  const ring = ringOf(HISTORY_SECONDS_MAX + 100)
  const { stepS, points } = ring.last(HISTORY_SECONDS_MAX, 1)
  t.equal(stepS, HISTORY_SECONDS_MAX / HISTORY_POINTS_MAX, 'longer steps, so that the answer is bounded, too')
  t.ok(points.length <= HISTORY_POINTS_MAX + 1)
  t.equal(points.at(-1)?.at, (HISTORY_SECONDS_MAX + 99) * 1000)
  t.same(secondsOf(ring.last(2, 1).points), [HISTORY_SECONDS_MAX + 98, HISTORY_SECONDS_MAX + 99])
})

t.test('an hour with all lanes in use is within the memory that is told of', async (t) => {
  const lanes = Array.from({ length: 8 }, (_, lane) => laneStats(lane, 1000.5))
  const ring = ringOf(HISTORY_SECONDS_MAX, (second) => point(second, { lanes }))
  t.ok(ring.bytes < HISTORY_BYTES, `${ring.bytes} B`)
  t.ok(ring.bytes > HISTORY_BYTES / 2, `${ring.bytes} B`)
})

t.test('steps begin at round times', async (t) => {
  const ring = ringOf(25)
  const { stepS, points } = ring.last(17, 10)
  t.equal(stepS, 10)
  t.same(secondsOf(points), [9, 19, 24], 'each is as of the last second in it')
})

t.test('of several seconds: means of rates, the worst of what hurts, the last of the rest', async (t) => {
  const calm = point(1)
  const bad = point(2, {
    rates: { ...calm.rates, accepted: calm.rates.accepted * 3 },
    heat: calm.heat.map((count) => count * 3),
    stages: { ...calm.stages, delivery: percentiles(50), routing: null },
    loop: { ...calm.loop, lagMaxMs: 99 },
    bottleneck: { limit: 'stall', share: 0.4 },
    pending: { lanes: 100_000, outboxes: 1, blockedOutboxes: 0 },
    drops: [{ reason: 'memory', rate: 10, total: 10 }],
  })
  const last = point(3, { drops: [{ reason: 'memory', rate: 2, total: 12 }], bottleneck: { limit: 'idle', share: 0 } })
  const merged = mergePoints([calm, bad, last])
  const near = (actual: number, expected: number) => Math.abs(actual / expected - 1) < 1e-3
  t.ok(near(merged.rates.accepted, (calm.rates.accepted * 5) / 3))
  t.ok(merged.heat.every((count, i) => calm.heat[i] === 0 || near(count, (calm.heat[i] * 5) / 3)))
  t.match(merged.stages.delivery, { p99Ms: percentiles(50).p99Ms })
  t.match(merged.stages.routing, { p99Ms: calm.stages.routing?.p99Ms })
  t.equal(
    merged.stages.delivery?.count,
    [calm, bad, last].reduce((sum, { stages }) => sum + (stages.delivery?.count ?? 0), 0),
  )
  t.equal(merged.loop.lagMaxMs, 99)
  t.match(merged.bottleneck, { limit: 'stall' }, 'what limited last, although it does not any more')
  t.equal(merged.pending.lanes, 100_000)
  t.same(merged.drops, [{ reason: 'memory', rate: 4, total: 12 }])
  t.equal(merged.at, 3000)
  t.equal(merged.lanes.length, 8)
})

t.test('whatever is asked for: as many seconds as there are, each once, in order', async (t) => {
  const ring = ringOf(700)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3600 }), fc.integer({ min: 1, max: 3600 }), (seconds, step) => {
      const { stepS, points } = ring.last(seconds, step)
      const count = Math.min(700, seconds)
      const covered = secondsOf(points).map((at) => Math.floor(at / stepS))
      return (
        stepS >= step &&
        points.length <= HISTORY_POINTS_MAX + 1 &&
        points.at(-1)?.at === 699_000 &&
        new Set(covered).size === points.length &&
        points.length === Math.floor(699 / stepS) - Math.floor((700 - count) / stepS) + 1
      )
    }),
    { numRuns: 60 },
  )
  t.pass()
})
