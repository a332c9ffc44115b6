import t from 'tap'
import { LATENCY_BYTES, LatencyCounts, Stage } from '../../../src/core/latency.js'
import { HISTORY_BYTES_MAX, LatencyHistory } from '../../../src/observe/latency/history.js'

const START_MS = 1_700_000_000_123
const SECOND_MS = 1000

/** A history over counters of its own, with a clock that goes on by seconds. */
function setUp(classes = 0) {
  const latency = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const history = new LatencyHistory(latency, classes, START_MS)
  let nowMs = START_MS
  /** So many folds, each after `each` seconds. */
  const seconds = (count: number, during: (second: number) => void = () => {}, each = 1): void => {
    for (let second = 0; second < count; second++) {
      during(second)
      nowMs += each * SECOND_MS
      history.fold(nowMs)
    }
  }
  return { latency, history, seconds }
}

/** Within what two significant digits say. */
function isNear(found: number | undefined, expected: number): boolean {
  return found !== undefined && Math.abs(found - expected) <= expected * 0.015
}

t.test('percentiles of the last second, by lane, class and over all lanes', async (t) => {
  const { latency, history, seconds } = setUp(2)
  seconds(1, () => {
    latency.note(Stage.ROUTING, 3, 0, 5, 1000)
  })
  seconds(1, () => {
    latency.note(Stage.ROUTING, 3, 0b10, 0.02, 980)
    latency.note(Stage.ROUTING, 0, 0, 0.3, 19)
    latency.note(Stage.ROUTING, 0, 0b01, 40, 1)
  })
  const all = history.percentiles({ stage: 'routing' }, SECOND_MS)
  t.equal(all?.count, 1000)
  t.ok(isNear(all?.p50Ms, 0.02) && isNear(all?.p90Ms, 0.02), `half of them took 20 µs: ${all?.p50Ms}`)
  t.ok(isNear(all?.p99Ms, 0.3) && isNear(all?.p999Ms, 0.3), `of a thousand one took longer: ${all?.p999Ms}`)
  t.ok(isNear(all?.maxMs, 40), `${all?.maxMs}`)
  t.equal(history.percentiles({ stage: 'routing', lane: 0 }, SECOND_MS)?.count, 20)
  t.equal(history.percentiles({ stage: 'routing', topicClass: 0 }, SECOND_MS)?.count, 1)
  t.equal(history.percentiles({ stage: 'routing', topicClass: 1 }, SECOND_MS)?.count, 980)
  t.equal(history.percentiles({ stage: 'routing', lane: 1 }, SECOND_MS), null)
  t.equal(history.percentiles({ stage: 'delivery' }, SECOND_MS), null)
  t.equal(history.percentiles({ stage: 'routing' }, 2 * SECOND_MS)?.count, 2000)
  t.throws(() => history.percentiles({ stage: 'queue', topicClass: 0 }, SECOND_MS), RangeError)
})

t.test('what was counted before a history began is not in it, and counters may wrap', async (t) => {
  const memory = new ArrayBuffer(LATENCY_BYTES)
  const latency = new LatencyCounts(memory)
  new Uint32Array(memory).fill(2 ** 32 - 3)
  const history = new LatencyHistory(latency, 0, START_MS)
  latency.note(Stage.DELIVERY, 2, 0, 1, 10)
  history.fold(START_MS + SECOND_MS)
  t.equal(history.percentiles({ stage: 'delivery' }, SECOND_MS)?.count, 10)
})

t.test('what was counted while the observer was still starting is in the first second', async (t) => {
  const latency = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  latency.note(Stage.DELIVERY, 2, 0, 1, 10)
  const history = new LatencyHistory(latency, 0, START_MS, true)
  history.fold(START_MS + SECOND_MS)
  t.equal(history.percentiles({ stage: 'delivery' }, SECOND_MS)?.count, 10)
})

t.test('every window up to two days tells all events of that time and none twice', async (t) => {
  const { latency, history, seconds } = setUp()
  const note = (each: number) => (second: number) =>
    latency.note(Stage.DELIVERY, second % 8, 0, 1 + (second % 5), 7 * each)
  // Long ago by the half minute, lately by the second.
  seconds(50 * 120, note(30), 30)
  seconds(2000, note(1))
  const countOf = (windowS: number) => history.percentiles({ stage: 'delivery' }, windowS * SECOND_MS)?.count ?? 0
  for (const [windowS, slackS] of [
    [1, 0],
    [45, 0],
    [119, 0],
    [300, 5],
    [1700, 5],
    [3600, 30],
    [10_000, 30],
    [6 * 3600, 1800],
    [47 * 3600, 1800],
  ]) {
    const told = countOf(windowS) / 7
    t.ok(Math.abs(told - windowS) <= slackS, `${windowS} s: ${told}`)
  }
  for (const windowMs of [90_000, 1_000_000, 20_000_000]) {
    for (const intervals of [history.intervals(windowMs), history.finestIntervals(windowMs)]) {
      const gapless = intervals.every(({ startMs }, index) => index === 0 || startMs === intervals[index - 1].endMs)
      t.ok(gapless, `${intervals.length} intervals follow each other`)
      t.equal(intervals.at(-1)?.endMs, history.until)
    }
  }
  t.ok(history.bytes < 200_000, `${history.bytes} B`)
})

t.test('a tick that came late makes a longer interval, not a hole', async (t) => {
  const { latency, history } = setUp()
  latency.note(Stage.DELIVERY, 3, 0, 1, 5)
  history.fold(START_MS + 25 * SECOND_MS)
  latency.note(Stage.DELIVERY, 3, 0, 1, 6)
  history.fold(START_MS + 26 * SECOND_MS)
  t.equal(history.percentiles({ stage: 'delivery' }, SECOND_MS)?.count, 6)
  t.equal(history.percentiles({ stage: 'delivery' }, 26 * SECOND_MS)?.count, 11)
  t.equal(history.coveredMs(60 * SECOND_MS), 26 * SECOND_MS)
})

t.test('bounded when everything takes every time there is: the oldest goes', async (t) => {
  const memory = new ArrayBuffer(LATENCY_BYTES)
  const counters = new Uint32Array(memory)
  const latency = new LatencyCounts(memory)
  const history = new LatencyHistory(latency, 16, START_MS)
  let most = 0
  for (let second = 1; second <= 150; second++) {
    for (let at = 0; at < counters.length; at++) counters[at] += 100_000
    history.fold(START_MS + second * SECOND_MS)
    most = Math.max(most, history.bytes)
  }
  t.ok(most <= HISTORY_BYTES_MAX, `${most} B`)
  t.equal(
    history.percentiles({ stage: 'queue', lane: 0 }, SECOND_MS)?.count,
    100_000 * 3456,
    'the last second is whole',
  )
})
