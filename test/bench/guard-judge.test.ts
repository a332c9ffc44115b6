import t from 'tap'
import { type Baseline, judge, readBaseline, updated } from '../../bench/guard/baseline.js'
import { type Figure, TOLERANCES } from '../../bench/guard/figure.js'
import { leastOf } from '../../bench/guard/least.js'

const NODE = '20'
const FIGURE: Figure = { name: 'work', value: 0, unit: 'for 1,000 events', tolerance: 'calls', look: ['somewhere'] }

/** A baseline in which everything may be half as much again, and one more. */
function baselineOf(figures: { [name: string]: number }): Baseline {
  const tolerance = { times: 1.5, plus: 1, because: 'of this test' }
  const tolerances = Object.fromEntries(TOLERANCES.map((name) => [name, tolerance])) as Baseline['tolerances']
  return { tolerances, nodes: { [NODE]: figures } }
}

function verdictOf(value: number, was: number, changes: Partial<Figure> = {}) {
  return judge([{ ...FIGURE, value, ...changes }], baselineOf({ work: was }), NODE)[0]
}

t.test('a figure holds up to its tolerance, and not beyond', async (t) => {
  t.ok(verdictOf(4, 4).holds, 'the same')
  t.ok(verdictOf(7, 4).holds, '4 × 1.5 + 1')
  const grown = verdictOf(7.01, 4)
  t.notOk(grown.holds)
  t.match(grown, { why: /^7\.01 for 1,000 events, and was 4, 1\.75 times as much; up to 7 is let pass$/ })
  t.ok(verdictOf(1, 0).holds, 'what was nothing may be as much as the tolerance adds')
  t.notOk(verdictOf(1.1, 0).holds)
  t.notOk(verdictOf(Number.NaN, 4).holds, 'what could not be measured does not pass')
})

t.test('a hard limit counts whatever the baseline says', async (t) => {
  t.match(verdictOf(6, 6, { most: 5 }), { holds: false, why: /it must never be more than 5/ })
  t.ok(verdictOf(5, 6, { most: 5 }).holds)
})

t.test('what has become much less is told, so that it does not grow back unseen', async (t) => {
  t.match(verdictOf(3, 10), { holds: true, isMuchLess: true })
  t.match(verdictOf(9, 10), { holds: true, isMuchLess: false })
  t.match(verdictOf(0.1, 0.4), { isMuchLess: false }, 'less than the tolerance is nothing')
})

t.test('a figure that the baseline does not know fails, and so does another Node', async (t) => {
  const [verdict] = judge([FIGURE], baselineOf({}), NODE)
  t.match(verdict, { holds: false, why: /--update/ })
  t.throws(() => judge([FIGURE], baselineOf({}), '99'), /nothing for Node 99/)
})

t.test('an update changes the figures that were measured, for this Node', async (t) => {
  const before = { ...baselineOf({ work: 1, other: 2 }) }
  const after = updated(before, [{ ...FIGURE, value: 3.33333 }], NODE)
  t.same(after.nodes, { [NODE]: { work: 3.333, other: 2 } })
  t.same(updated(before, [FIGURE], '22').nodes, { [NODE]: { work: 1, other: 2 }, 22: { work: 0 } })
  t.same(after.tolerances, before.tolerances)
})

t.test(
  'the baseline of the house has a tolerance with a reason for each kind, and figures for both versions of Node',
  async (t) => {
    const { tolerances, nodes } = readBaseline()
    t.same(Object.keys(tolerances).sort(), [...TOLERANCES].sort())
    for (const [name, { times, plus, because }] of Object.entries(tolerances)) {
      t.ok(times >= 1 && times <= 2 && plus >= 0, `${name} is bounded`)
      t.ok(because.length > 40, `${name} says why`)
    }
    t.same(Object.keys(nodes), ['20', '22'])
    t.same(Object.keys(nodes['20']), Object.keys(nodes['22']))
  },
)

t.test('the least of what is measured, until two agree', async (t) => {
  const given = [9, 5, 7, 5.1, 1]
  const measured: number[] = []
  const next = () => {
    measured.push(given[measured.length])
    return measured[measured.length - 1]
  }
  t.equal(await leastOf(next, (value) => value, 0.2), 5, 'the last is not asked for')
  t.same(measured, [9, 5, 7, 5.1])
  let calls = 0
  t.equal(await leastOf(() => 100 - 20 * calls++, Number, 0), 20, 'nothing agrees: the least of all attempts')
  t.equal(calls, 5)
})
