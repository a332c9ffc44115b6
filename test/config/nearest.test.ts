import fc from 'fast-check'
import t from 'tap'
import { editDistance, nearest } from '../../src/config/nearest.js'

t.test('edit distance counts a swap of neighbours as one', (t) => {
  const cases: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['lane_weigths', 'lane_weights', 1],
    ['ca', 'abc', 3],
    ['port', 'port', 0],
  ]
  for (const [a, b, distance] of cases) t.equal(editDistance(a, b), distance, `${a} → ${b}`)
  t.end()
})

t.test('edit distance is a symmetric distance within its bounds', (t) => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b)
      return (
        distance === editDistance(b, a) &&
        (distance === 0) === (a === b) &&
        distance >= Math.abs(a.length - b.length) &&
        distance <= Math.max(a.length, b.length)
      )
    }),
  )
  t.pass('held for all cases')
  t.end()
})

t.test('the nearest name', (t) => {
  const known = ['host', 'port', 'connections_max', 'idle_timeout', 'message_bytes_max']
  const cases: [string, string | null][] = [
    ['prot', 'port'],
    ['Port', 'port'],
    ['idleTimeout', 'idle_timeout'],
    ['idle-timeout', 'idle_timeout'],
    ['timeout', 'idle_timeout'],
    ['idle_timeout_ms', 'idle_timeout'],
    ['max_connections', null],
    ['connection_max', 'connections_max'],
    ['colour', null],
    ['x', null],
    ['', null],
    ['y'.repeat(100_000), null],
  ]
  for (const [given, meant] of cases) t.equal(nearest(given, known), meant, given.slice(0, 20))
  t.end()
})
