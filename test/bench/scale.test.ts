import t from 'tap'
import { linearScale, logScale, measuredScale } from '../../bench/report/html/scale.js'

const near = (value: number) => Math.round(value * 1000) / 1000

t.test('a linear scale goes from zero to a round number above', async (t) => {
  const { ticks, place } = linearScale([3.2e6, 12.6e6], 200, 0)
  t.same(ticks, [0, 5e6, 10e6, 15e6])
  t.equal(place(0), 200)
  t.equal(place(15e6), 0)
  t.equal(near(place(7.5e6)), 100)
  t.ok(linearScale([-4, 10], 0, 1).ticks[0] < 0, 'below zero when something is')
  t.ok(linearScale([0], 0, 1).ticks.length > 1)
  t.ok(linearScale([], 0, 1).ticks.length > 1)
})

t.test('on a logarithmic scale factors are distances, and marks are decades or parts of one', async (t) => {
  const wide = logScale([3, 4000], 0, 300)
  t.same(wide.ticks, [1, 10, 100, 1000, 10_000])
  t.equal(near(wide.place(100) - wide.place(10)), near(wide.place(10_000) - wide.place(1000)))
  t.same(logScale([30, 180], 0, 1).ticks, [20, 50, 100, 200])
  t.equal(wide.place(0), 0, 'zero has no logarithm')
  t.ok(logScale([50], 0, 1).ticks.every(Number.isFinite))
  t.ok(Number.isFinite(logScale([], 0, 1).place(5)))
})

t.test('an axis is marked where it was measured', async (t) => {
  const batches = measuredScale([512, 1, 64, 8], true, 0, 90)
  t.same(batches.ticks, [1, 8, 64, 512])
  t.same(batches.ticks.map(batches.place).map(near), [0, 30, 60, 90])
  const loads = measuredScale([10, 95, 50], false, 0, 85)
  t.same(loads.ticks.map(loads.place).map(near), [0, 40, 85])
  t.equal(measuredScale([7], true, 0, 100).place(7), 50)
  const seconds = measuredScale(
    Array.from({ length: 61 }, (_, i) => i * 10),
    false,
    0,
    1,
  )
  t.same(seconds.ticks, [0, 200, 400, 600])
})
