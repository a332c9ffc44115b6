import fc from 'fast-check'
import t from 'tap'
import { AnomalyDetector, StageAnomaly } from '../../../src/observe/bottleneck/anomaly.js'
import type { Anomaly, Percentiles } from '../../../src/observe/stats.js'
import { SeededRandom } from '../../helpers/msgpack-random.js'

function p99(p99Ms: number, count = 10_000): Percentiles {
  return { count, p50Ms: p99Ms / 4, p90Ms: p99Ms / 2, p99Ms, p999Ms: p99Ms * 2, maxMs: p99Ms * 3 }
}

/** What is told, second by second. */
function told(seconds: readonly (Percentiles | null)[]): (Anomaly | null)[] {
  const stage = new StageAnomaly('delivery')
  return seconds.map((percentiles) => {
    stage.update(percentiles)
    return stage.current
  })
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const random = new SeededRandom(7)
/** Log-normal, as latencies are: the median is `medianMs`, most are within a factor of e^(2·spread). */
function trembling(medianMs: number, spread: number): number {
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.below(1e6) / 1e6)) * Math.cos((2 * Math.PI * random.below(1e6)) / 1e6)
  return medianMs * Math.exp(spread * normal)
}

t.test('ten times the usual is told in its second second, and over three seconds after its end', async (t) => {
  const usual = times(60, () => p99(trembling(0.2, 0.2)))
  const seconds = told([...usual, ...times(5, () => p99(2)), ...times(5, () => p99(0.2))])
  t.same(
    seconds.slice(60).map((anomaly) => anomaly !== null),
    [false, true, true, true, true, true, true, false, false, false],
  )
  const anomaly = seconds[61] as Anomaly
  t.match(anomaly, { stage: 'delivery', p99Ms: 2 })
  t.ok(anomaly.score >= 6)
  t.ok(anomaly.usualMs > 0.15 && anomaly.usualMs < 0.27)
  t.match(anomaly.says, /^p99 of delivery is 2\.00 ms, (9|10|11) times the usual 0\.\d\d ms$/)
})

t.test('one bad second is not told', async (t) => {
  const seconds = times(200, (i) => p99(i % 20 === 19 ? 5 : 0.2))
  t.ok(told(seconds).every((anomaly) => anomaly === null))
})

t.test('nothing is told of what has no past', async (t) => {
  t.ok(told(times(30, (i) => p99(0.1 * 2 ** i))).every((anomaly) => anomaly === null))
})

t.test('a cold start does not spoil what is usual', async (t) => {
  const start = times(10, (i) => p99(50 / (i + 1)))
  const seconds = told([...start, ...times(60, () => p99(trembling(0.2, 0.1))), p99(4), p99(4)])
  t.ok(seconds.slice(0, -1).every((anomaly) => anomaly === null))
  const anomaly = seconds.at(-1) as Anomaly
  t.ok(anomaly.usualMs < 0.25, `usual is ${anomaly.usualMs} ms`)
})

t.test('after a quiet hour, the first seconds with few events are not judged, nor do they count', async (t) => {
  const seconds = [
    ...times(40, () => p99(0.2)),
    ...times(3600, () => null),
    ...times(20, () => p99(40, 99)),
    ...times(5, () => p99(0.2)),
  ]
  t.ok(told(seconds).every((anomaly) => anomaly === null))
})

t.test('it is over when nothing comes any more', async (t) => {
  const seconds = told([...times(40, () => p99(0.2)), p99(9), p99(9), null, null, null])
  t.same(
    seconds.slice(-5).map((anomaly) => anomaly !== null),
    [false, true, true, true, false],
  )
})

t.test('what stays becomes the usual, within the window of five minutes', async (t) => {
  const seconds = told([...times(300, () => p99(0.2)), ...times(300, () => p99(3))])
  t.not(seconds[302], null)
  t.not(seconds[300 + 100], null, 'still told after a hundred seconds')
  t.equal(seconds.at(-1), null)
  const again = told([...times(300, () => p99(0.2)), ...times(300, () => p99(3)), p99(40), p99(40)]).at(-1)
  t.ok(Math.abs((again?.usualMs ?? 0) - 3) < 0.01, 'the new usual')
})

t.test('microseconds more are nobody’s business, whatever the ratio', async (t) => {
  t.ok(told([...times(60, () => p99(0.01)), ...times(9, () => p99(0.1))]).every((anomaly) => anomaly === null))
})

t.test('faster than usual is not told', async (t) => {
  t.ok(told([...times(60, () => p99(5)), ...times(9, () => p99(0.1))]).every((anomaly) => anomaly === null))
})

t.test('a hundred thousand seconds of an ordinary tremble: nothing is told', async (t) => {
  const stage = new StageAnomaly('routing')
  let alarms = 0
  for (let i = 0; i < 100_000; i++) {
    // A slow wave over it, as of a day, and one bad second in a hundred.
    const level = 0.3 * Math.exp(0.5 * Math.sin(i / 2000))
    stage.update(p99(random.below(100) === 0 ? level * 20 : trembling(level, 0.35)))
    if (stage.current !== null) alarms++
  }
  // Bad seconds meet by chance once in ten thousand, and then for some seconds.
  t.ok(alarms < 100, `${alarms} seconds of alarm`)
})

t.test('whatever comes, it is finite and says so', async (t) => {
  const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e5, noNaN: true }))
  fc.assert(
    fc.property(fc.array(fc.option(value, { freq: 4 }), { minLength: 30, maxLength: 400 }), (values) =>
      told(values.map((ms) => (ms === null ? null : p99(ms)))).every(
        (anomaly) =>
          anomaly === null ||
          (Number.isFinite(anomaly.score) && anomaly.p99Ms > anomaly.usualMs && !/NaN|Infinity/.test(anomaly.says)),
      ),
    ),
  )
  t.pass()
})

t.test('all stages, each by its own past', async (t) => {
  const detector = new AnomalyDetector()
  const all = (delivery: number) => ({
    queue: p99(0.05),
    fanout: p99(0.05),
    routing: p99(0.1),
    delivery: p99(delivery),
  })
  for (let i = 0; i < 60; i++) detector.update(all(0.2))
  t.same(detector.current, [])
  for (let i = 0; i < 2; i++) detector.update(all(5))
  t.match(detector.current, [{ stage: 'delivery' }])
})
