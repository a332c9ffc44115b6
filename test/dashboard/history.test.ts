import fc from 'fast-check'
import t from 'tap'
import { COLUMNS, dropColumn, laneColumn, latencyColumn } from '../../src/dashboard/history/columns.js'
import { HISTORY_S, History } from '../../src/dashboard/history/history.js'
import { Span } from '../../src/dashboard/history/span.js'
import { HEAT_BUCKETS } from '../../src/observe/stats.js'
import { fakeStats } from '../helpers/fake-stats.js'

const START_MS = 1_800_000_000_000
const START_S = START_MS / 1000
const at = (second: number) => fakeStats(second, { startMs: START_MS })

function filled(from: number, to: number): History {
  const history = new History()
  for (let second = from; second <= to; second++) history.putLive(at(second))
  return history
}

t.test('columns have names of their own, and pick what they are called', async (t) => {
  t.equal(new Set(COLUMNS.map(({ name }) => name)).size, COLUMNS.length)
  const stats = at(125)
  const value = (name: string) => COLUMNS.find((column) => column.name === name)?.pick(stats)
  t.equal(value('accepted'), stats.rates.accepted)
  t.equal(value(laneColumn('waiting', 3)), stats.lanes[3].waiting)
  t.equal(value(latencyColumn('delivery', 2, 'p99')), stats.lanes[2].delivery?.p99Ms)
  t.equal(value(latencyColumn('queue', 'all', 'p999')), stats.stages.queue?.p999Ms)
  t.equal(value(dropColumn('drop-oldest')), stats.drops[0].rate)
  const quiet = fakeStats(1, { load: 0 })
  t.equal(COLUMNS.find(({ name }) => name === latencyColumn('delivery', 'all', 'p50'))?.pick(quiet), null)
})

t.test('seconds come back as they were put in, live or late', async (t) => {
  const history = filled(100, 160)
  for (let second = 40; second < 100; second++) history.put(at(second))
  const span = new Span(history, 60)
  t.equal(span.times.length, 61)
  t.equal(span.times.at(-1), START_S + 160)
  t.same(
    span.points('accepted'),
    span.times.map((time) => at(time - START_S).rates.accepted),
  )
  t.equal(new Span(history, 300).times[0], START_S + 40)
  t.equal(span.peak('delivered'), Math.max(...Array.from({ length: 61 }, (_, i) => at(100 + i).rates.delivered)))
})

t.test('a long step fills only the seconds of which nothing is known', async (t) => {
  const history = filled(12, 20)
  history.put(at(15), 6)
  t.same(
    new Span(history, 60).points('accepted').slice(0, 4),
    [15, 15, 12, 13].map((s) => at(s).rates.accepted),
  )
  t.equal(new Span(history, 60).times[0], START_S + 10)
})

t.test('long ranges are merged: rates by their mean, latencies and queues by their worst', async (t) => {
  const history = filled(0, 3600)
  const span = new Span(history, 3600)
  t.equal(span.stepS, 6)
  t.ok(span.times.length <= 602)
  const group = Array.from({ length: 6 }, (_, i) => at(600 + i))
  const index = span.nearest(START_S + 605)
  const mean = group.reduce((sum, stats) => sum + stats.rates.accepted, 0) / 6
  t.ok(Math.abs((span.points('accepted')[index] as number) - mean) < 1)
  const worst = Math.fround(Math.max(...group.map((stats) => stats.loop.lagMaxMs)))
  t.equal(span.points('lagMax')[index], worst)
})

t.test('points of the past do not change while the range moves on', async (t) => {
  const history = filled(0, 3000)
  const before = new Span(history, 3600)
  for (let second = 3001; second < 3007; second++) history.putLive(at(second))
  const after = new Span(history, 3600)
  const common = before.times.length - 2
  t.same(after.points('accepted').slice(1, common), before.points('accepted').slice(1, common))
})

t.test('a gap is a break in the line, a late second is none', async (t) => {
  const history = filled(0, 10)
  for (const second of [12, 13, 14, 30, 31]) history.putLive(at(second))
  const span = new Span(history, 60)
  const known = span.points('accepted').map((value, i) => (value === null ? `-` : span.times[i] - START_S))
  t.same(known, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, '-', 30, 31])
})

t.test('nothing known is nothing drawn', async (t) => {
  const span = new Span(new History(), 300)
  t.same(span.times, [])
  t.ok(span.isEmpty)
  t.same(span.points('accepted'), [])
  t.equal(span.peak('accepted'), null)
  t.equal(span.nearest(5), -1)
})

t.test('a clock that is set back begins anew, figures of the past do not', async (t) => {
  const history = filled(1000, 1010)
  history.put(at(900))
  t.equal(new Span(history, 300).times.length, 13, 'eleven, one, and the break between')
  history.putLive(at(5))
  const span = new Span(history, 3600)
  t.same(span.times, [START_S + 5])
})

t.test('what is older than the ring does not overwrite what is new', async (t) => {
  const history = filled(HISTORY_S + 5, HISTORY_S + 8)
  history.put(at(6))
  t.equal(history.slotOf(START_S + 6), -1)
  t.not(history.slotOf(START_S + HISTORY_S + 6), -1)
})

t.test('heat is deliveries per second, whatever the step', async (t) => {
  const history = filled(0, 1000)
  const fine = new Span(history, 60)
  const heat = fine.heat(new Float32Array(0))
  t.same([...heat.slice(0, HEAT_BUCKETS)], at(fine.times[0] - START_S).heat)
  const coarse = new Span(history, 3600)
  const reused = new Float32Array(coarse.times.length * HEAT_BUCKETS)
  t.equal(coarse.heat(reused), reused)
  const index = coarse.nearest(START_S + 605)
  const mean = Array.from({ length: 6 }, (_, i) => at(600 + i).heat[4]).reduce((sum, value) => sum + value, 0) / 6
  t.ok(Math.abs(reused[index * HEAT_BUCKETS + 4] - mean) < 1)
})

t.test('a copy stands still', async (t) => {
  const history = filled(0, 50)
  const copy = history.copy()
  for (let second = 51; second < 60; second++) history.putLive(at(second))
  t.equal(new Span(copy, 60).times.length, 51)
  t.same(new Span(copy, 60).points('delivered'), new Span(history, 60).points('delivered').slice(0, 51))
})

t.test('property: nearest is the nearest', async () => {
  const history = new History()
  for (const second of [1, 2, 3, 9, 10, 40, 41]) history.putLive(at(second))
  const span = new Span(history, 60)
  fc.assert(
    fc.property(fc.double({ min: START_S - 10, max: START_S + 60, noNaN: true }), (time) => {
      const best = Math.min(...span.times.map((other) => Math.abs(other - time)))
      return Math.abs(span.times[span.nearest(time)] - time) === best
    }),
  )
})
