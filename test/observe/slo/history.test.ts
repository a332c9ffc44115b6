import fc from 'fast-check'
import t from 'tap'
import { History } from '../../../src/observe/slo/history.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = 20_000 * DAY + 12_345

t.test('a window holds what was counted in it, and up to a step more', (t) => {
  const windows = [
    [5 * MINUTE, 10 * SECOND],
    [30 * MINUTE, 10 * SECOND],
    [HOUR, MINUTE],
    [6 * HOUR, MINUTE],
    [3 * DAY, HOUR],
    [28 * DAY, HOUR],
  ] as const
  const gap = fc.oneof(
    fc.integer({ min: 1, max: 2000 }),
    fc.integer({ min: 1, max: 20 * MINUTE }),
    fc.integer({ min: 1, max: 5 * DAY }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 60 }), (steps) => {
      const history = new History(28)
      const noted: { at: number; good: number; total: number }[] = []
      let at = START
      for (const [after, good, bad] of steps) {
        at += after
        history.add(at, { good, total: good + bad })
        noted.push({ at, good, total: good + bad })
      }
      for (const [windowMs, stepMs] of windows) {
        const found = history.over(at, windowMs)
        const sum = (sinceMs: number, key: 'good' | 'total') =>
          noted.reduce((all, entry) => (entry.at > at - sinceMs ? all + entry[key] : all), 0)
        for (const key of ['good', 'total'] as const) {
          if (found[key] < sum(windowMs, key) || found[key] > sum(windowMs + stepMs, key)) {
            throw new Error(`${key} over ${windowMs}: ${found[key]}`)
          }
        }
      }
    }),
    { numRuns: 300 },
  )
  t.pass('whatever was counted, and whenever')
  t.end()
})

t.test('what was saved is there again, as if time had gone on', (t) => {
  const one = new History(28)
  for (let i = 0; i < 500; i++) one.add(START + i * 7 * MINUTE, { good: i % 7, total: 7 })
  const other = new History(28)
  other.restore(JSON.parse(JSON.stringify(one.save())))
  const later = START + 501 * 7 * MINUTE
  for (const windowMs of [5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, 3 * DAY, 28 * DAY]) {
    t.same(other.over(later, windowMs), one.over(later, windowMs), `${windowMs} ms`)
  }
  const shorter = new History(1)
  shorter.restore(one.save())
  t.same(shorter.over(later, DAY), one.over(later, DAY), 'also into a shorter window')
  const empty = new History(28)
  t.same(new History(28).save(), empty.save())
  empty.restore(new History(28).save())
  t.same(empty.over(START, DAY), { good: 0, total: 0 })
  t.end()
})

t.test('time that goes back, or far ahead, harms nothing', (t) => {
  const history = new History(28)
  history.add(START, { good: 1, total: 2 })
  history.add(START - HOUR, { good: 1, total: 2 })
  t.same(history.over(START - HOUR, HOUR), { good: 2, total: 4 }, 'counted where time was last')
  t.same(history.over(START + 400 * DAY, 28 * DAY), { good: 0, total: 0 })
  t.end()
})
