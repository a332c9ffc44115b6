import fc from 'fast-check'
import t from 'tap'
import { Finder } from '../../../src/observe/bottleneck/finder.js'
import type { Finding } from '../../../src/observe/bottleneck/findings.js'
import type { Limit } from '../../../src/observe/stats.js'
import { slowOne } from '../../helpers/samples.js'

type Pressures = Partial<Record<Limit, number>>

function findings(pressures: Pressures): Finding[] {
  const found = Object.entries(pressures).map(([limit, pressure]) => ({
    limit: limit as Limit,
    pressure,
    share: 0.5,
    says: `${limit} at ${pressure}`,
    subscriber: null,
  }))
  return [{ limit: 'idle', pressure: 1, share: 0, says: 'waits', subscriber: null }, ...found]
}

/** What is named second by second. */
function named(seconds: readonly Pressures[]): string[] {
  const finder = new Finder(0)
  return seconds.map((pressures, i) => {
    finder.update(findings(pressures), (i + 1) * 1000)
    return finder.current.limit
  })
}

t.test('what is clear is named at once', async (t) => {
  t.same(named([{}, { stall: 2 }, { stall: 2 }]), ['idle', 'stall', 'stall'])
})

t.test('what is barely there is named when it is there twice', async (t) => {
  t.same(named([{ send: 1.1 }, {}, { send: 1.1 }, { send: 1.1 }]), ['idle', 'idle', 'idle', 'send'])
  t.same(named([{ send: 1.1 }, { routing: 1.1 }, { routing: 1.1 }]), ['idle', 'idle', 'routing'])
})

t.test('what comes and goes stays named until it was not there three times', async (t) => {
  t.same(named([{ gc: 2 }, {}, {}, { gc: 2 }, {}, {}, {}]), ['gc', 'gc', 'gc', 'gc', 'gc', 'gc', 'idle'])
})

t.test(
  'a limit gives way at once to one that presses much harder, not to one that presses a little harder',
  async (t) => {
    t.same(named([{ send: 2 }, { send: 2, routing: 2.2 }, { send: 2, routing: 2.2 }, { send: 1.5, routing: 2.2 }]), [
      'send',
      'send',
      'send',
      'routing',
    ])
  },
)

t.test('a limit that is gone gives way to another one', async (t) => {
  t.same(named([{ gc: 2 }, { send: 1.1 }, { send: 1.1 }]), ['gc', 'gc', 'send'])
  t.same(named([{ gc: 2 }, { 'slow-consumer': 2 }]), ['gc', 'slow-consumer'])
})

t.test('since: of the limit, not of its figure', async (t) => {
  const finder = new Finder(0)
  t.ok(finder.update(findings({ gc: 2 }), 1000))
  t.notOk(finder.update(findings({ gc: 2.5 }), 2000))
  t.match(finder.current, { limit: 'gc', since: 1000, says: 'gc at 2.5' })
  t.notOk(finder.update(findings({}), 3000))
  t.match(finder.current, { limit: 'gc', since: 1000, says: 'gc at 2.5' })
})

t.test('another subscriber is a change', async (t) => {
  const finder = new Finder(0)
  const of = (session: number): Finding[] =>
    findings({ 'slow-consumer': 2 }).map((finding) =>
      finding.limit === 'slow-consumer' ? { ...finding, subscriber: slowOne({ session }) } : finding,
    )
  t.ok(finder.update(of(1), 1000))
  t.notOk(finder.update(of(1), 2000))
  t.ok(finder.update(of(2), 3000))
  t.match(finder.current, { since: 1000, subscriber: { session: 2 } })
})

const jitter = fc.double({ min: 0.9, max: 1.1, noNaN: true })

t.test('figures that tremble by a tenth do not make it flicker, however many limits are alike', async (t) => {
  const many = fc.array(fc.tuple(jitter, jitter, jitter), { minLength: 50, maxLength: 50 })
  fc.assert(
    fc.property(many, fc.double({ min: 0.5, max: 3, noNaN: true }), (seconds, level) => {
      const names = named(seconds.map(([a, b, c]) => ({ send: a * level, routing: b * level, gc: c * level })))
      const changes = names.filter((name, i) => i > 0 && name !== names[i - 1]).length
      // At the threshold itself it may come and go, but only slowly.
      return level < 0.9 ? names.every((name) => name === 'idle') : level > 1.12 ? changes <= 1 : changes <= 24
    }),
    { numRuns: 500 },
  )
  t.pass()
})

t.test('a limit that is clearly there is named within two seconds, whatever was before', async (t) => {
  const pressures = fc.record({
    send: fc.double({ min: 0, max: 1.4, noNaN: true }),
    gc: fc.double({ min: 0, max: 1.4, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(pressures, { maxLength: 20 }), (before) => {
      const fault = { stall: 2 }
      return named([...before, fault, fault]).at(-1) === 'stall'
    }),
  )
  t.pass()
})

t.test('when nothing is the matter any more it says so after three seconds, whatever was before', async (t) => {
  const pressures = fc.record({
    send: fc.double({ min: 0, max: 3, noNaN: true }),
    gc: fc.double({ min: 0, max: 3, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(pressures, { maxLength: 20 }), (before) => named([...before, {}, {}, {}]).at(-1) === 'idle'),
  )
  t.pass()
})
