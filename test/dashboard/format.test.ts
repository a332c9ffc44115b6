import t from 'tap'
import * as format from '../../src/dashboard/format.js'

const { clock, clockShort, UNKNOWN } = format
/** The same with plain spaces. */
const plain =
  (write: (value: number) => string) =>
  (value: number): string =>
    write(value).replaceAll('\u00a0', ' ')
const [count, rate, bytes, byteRate] = [format.count, format.rate, format.bytes, format.byteRate].map(plain)
const [latency, percent, duration] = [format.latency, format.percent, format.duration].map(plain)
const [objective, achieved] = [format.objective, format.achieved].map(plain)

t.test('numbers have three digits and a unit', async (t) => {
  t.same([0, 1, 1.5, 999, 999.6, 1000, 12_345, 1_800_000, 2.5e9].map(count), [
    '0',
    '1',
    '1.5',
    '999',
    '1 k',
    '1 k',
    '12.3 k',
    '1.8 M',
    '2.5 G',
  ])
  t.equal(rate(1_000_000), '1 M/s')
  t.same([0, 512, 1023, 1024, 256 * 1024 ** 2].map(bytes), ['0 B', '512 B', '1023 B', '1 KiB', '256 MiB'])
  t.equal(byteRate(1536), '1.5 KiB/s')
})

t.test('times are in the unit that they are spoken of in', async (t) => {
  t.same([0, 0.0004, 0.012, 0.9996, 1.234, 45.67, 12_000, 90_000].map(latency), [
    '0',
    '0.4 µs',
    '12 µs',
    '1 ms',
    '1.23 ms',
    '45.7 ms',
    '12 s',
    '1.5 min',
  ])
  t.same([0, 59, 60, 61, 3600, 3660, 90_000, 172_800].map(duration), [
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 h 1 min',
    '1 d 1 h',
    '2 d',
  ])
  const noon = new Date(2026, 0, 1, 12, 5, 9).getTime()
  t.equal(clock(noon), '12:05:09')
  t.equal(clockShort(noon), '12:05')
})

t.test('an objective keeps its digits, what came of it is never rounded up', async (t) => {
  t.equal(objective(0.9995), '99.95 %')
  t.equal(objective(0.999), '99.9 %')
  t.equal(achieved(0.999_999_9), '99.999 %')
  t.equal(achieved(1), '100 %')
  t.equal(percent(0.4567), '45.7 %')
  t.equal(percent(-0.12), '-12 %')
})

t.test('a number and its unit are one word', async (t) => {
  t.equal(format.latency(1.5), '1.5\u00a0ms')
  t.equal(format.duration(61), '1\u00a0min 1\u00a0s')
})

t.test('what is not known is a dash', async (t) => {
  const { count, rate, bytes, byteRate, latency, percent } = format
  for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
    const texts = [count, rate, bytes, byteRate, latency, percent].map((write) => write(nothing))
    t.same(texts, Array(6).fill(UNKNOWN))
  }
})
