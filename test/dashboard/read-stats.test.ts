import fc from 'fast-check'
import t from 'tap'
import { LIST_MAX, readHistory, readPoint, readStats } from '../../src/dashboard/feed/read-stats.js'
import { fakeStats } from '../helpers/fake-stats.js'

t.test('Stats are read as they are', async (t) => {
  for (const second of [0, 125, 205]) {
    const stats = JSON.parse(JSON.stringify(fakeStats(second)).replaceAll('\u202e', ''))
    t.same(readStats(stats), stats)
  }
  const quiet = fakeStats(7, { load: 0 })
  t.same(readStats(quiet), quiet)
})

t.test('what is no Stats is null', async (t) => {
  for (const value of [null, undefined, 7, 'x', [], {}, { at: 'now' }, { at: -1 }]) t.equal(readStats(value), null)
})

t.test('names are short and do not turn the text around them about', async (t) => {
  const stats = readStats({ at: 1, slow: [{ name: `a\u202eb\u0000c\u2066${'x'.repeat(5000)}`, session: 3 }] })
  t.match(stats?.slow[0], { session: 3, name: /^a\ufffdb\ufffdc\ufffdx+$/ })
  t.ok((stats?.slow[0].name.length ?? 0) <= 300)
})

t.test('lists are bounded', async (t) => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ name: `${i}` }))
  const stats = readStats({ at: 1, slow: many, slos: many, drops: many, anomalies: many, classes: many, heat: many })
  for (const list of [stats?.slow, stats?.slos, stats?.drops, stats?.anomalies, stats?.classes]) {
    t.equal(list?.length, LIST_MAX)
  }
  t.ok((stats?.heat.length ?? 0) <= 42)
  t.equal(stats?.lanes.length, 8)
})

t.test('property: any value gives Stats of numbers, or null', async () => {
  const known = fc.constantFrom(...Object.keys(fakeStats(1)), ...Object.keys(fakeStats(1).rates))
  fc.assert(
    fc.property(fc.dictionary(known, fc.anything()), fc.integer({ min: 1 }), (value, at) => {
      const stats = readStats({ ...value, at })
      const text = JSON.stringify(stats)
      return stats !== null && !text.includes('NaN') && stats.rates.accepted >= Number.NEGATIVE_INFINITY
    }),
  )
})

t.test('history: points that are none are left out', async (t) => {
  const points = [fakeStats(1), null, { at: 'x' }, fakeStats(2)]
  t.equal(readHistory({ stepS: 6, points }).points.length, 2)
  t.equal(readHistory({ stepS: 6, points }).stepS, 6)
  t.same(readHistory(undefined), { stepS: 1, points: [] })
  t.same(readPoint(fakeStats(1)), readHistory({ stepS: 1, points }).points[0])
})
