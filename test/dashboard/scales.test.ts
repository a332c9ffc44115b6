import fc from 'fast-check'
import t from 'tap'
import { bucketEndMs } from '../../src/dashboard/charts/heat-scale.js'
import { evenTicks, largest, logRange, logTicks, niceAbove, niceBytesAbove } from '../../src/dashboard/charts/scales.js'
import { isWholeMinutes, timeTicks } from '../../src/dashboard/charts/time-ticks.js'

t.test('the end of a scale is a round number', async (t) => {
  t.same([0, 1, 1.1, 4.9, 51, 480_000, 1_020_000].map(niceAbove), [1, 1, 2, 5, 80, 500_000, 2_000_000])
  t.same([0, 1024, 1025, 200 * 1024 ** 2].map(niceBytesAbove), [1, 1024, 1536, 256 * 1024 ** 2])
  t.same(evenTicks(100, 4), [0, 25, 50, 75, 100])
})

t.test('property: nothing is above the end, and the end is not far above', async () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (value) => {
      const end = niceAbove(value)
      return end >= value * 0.999 && end <= value * 2.01
    }),
  )
})

t.test('logarithmic ranges span two decades at least, and hold what there is', async (t) => {
  t.same(logRange([[null, null]], [0.01, 10]), [0.01, 10])
  t.same(logRange([[0.02, 0.03, null]], [1, 1]), [0.01, 1])
  t.same(logRange([[0.02], [450]], [1, 1]), [0.01, 500])
  t.same(logTicks(0.01, 100, 9), [0.01, 0.1, 1, 10, 100])
  t.same(logTicks(0.01, 1, 9), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
  t.equal(largest([[1, null, 7], [3]]), 7)
})

t.test('ticks of time are round, and no more than there is room for', async (t) => {
  t.same(timeTicks(1003, 1061, 600), [1010, 1020, 1030, 1040, 1050, 1060])
  const hour = timeTicks(7203, 10_803, 300)
  t.ok(hour.length <= 4)
  t.ok(isWholeMinutes(hour))
  t.notOk(isWholeMinutes([60, 90]))
})

t.test('buckets of the heat map end where Stats say', async (t) => {
  t.equal(bucketEndMs(0), 0.01)
  t.ok(Math.abs(bucketEndMs(20) - 10.24) < 1e-9)
})
