import t from 'tap'
import { BAD_EVENTS_MIN, BURN_RULES, budgetLeft, burnRate, judge, WINDOW_MS } from '../../../src/observe/slo/burn.js'
import { Objective } from '../../../src/observe/slo/objective.js'
import { ORDERS, Traffic } from '../../helpers/slo.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

t.test('burn rates by hand', (t) => {
  const near = (found: number, wanted: number, name: string) =>
    t.ok(Math.abs(found - wanted) < 1e-9, `${name}: ${found}`)
  near(burnRate({ good: 999, total: 1000 }, 0.999), 1, 'exactly the budget')
  near(burnRate({ good: 9856, total: 10_000 }, 0.999), 14.4, '1.44 % of errors for three nines')
  near(burnRate({ good: 90, total: 100 }, 0.99), 10, '10 % of errors for two nines')
  near(burnRate({ good: 0, total: 5 }, 0.999), 1000, 'everything is bad')
  t.equal(burnRate({ good: 0, total: 0 }, 0.999), 0, 'nothing counted burns nothing')
  near(budgetLeft({ good: 999_500, total: 1_000_000 }, 0.999), 0.5, 'half of a thousand bad events that were allowed')
  near(budgetLeft({ good: 998_000, total: 1_000_000 }, 0.999), -1, 'twice what was allowed')
  t.equal(budgetLeft({ good: 0, total: 0 }, 0.999), 1)
  t.end()
})

t.test('the rules spend what the workbook says of a budget for 30 days', (t) => {
  const spent = BURN_RULES.map(({ factor, long }) => Math.round(((factor * WINDOW_MS[long]) / (30 * DAY)) * 1000) / 10)
  t.same(spent, [2, 5, 10], 'per cent of the budget, table 5-8')
  for (const { long, short } of BURN_RULES)
    t.equal(WINDOW_MS[short], WINDOW_MS[long] / 12, 'a twelfth of the long window')
  t.end()
})

t.test('a rule needs both of its windows, and more than a few events', (t) => {
  const bad = (share: number, total = 1_000_000) => ({ good: total * (1 - share), total })
  const over = (errors: Partial<Record<string, number>>, total?: number) => (window: string) =>
    bad(errors[window] ?? 0, total)
  t.equal(judge(over({}), 0.999), 'ok')
  t.equal(judge(over({ '1h': 0.02, '5m': 0.02 }), 0.999), 'page')
  t.equal(judge(over({ '1h': 0.02 }), 0.999), 'ok', 'it is over')
  t.equal(judge(over({ '5m': 0.02 }), 0.999), 'ok', 'it is not yet worth it')
  t.equal(judge(over({ '6h': 0.007, '30m': 0.007 }), 0.999), 'page')
  t.equal(judge(over({ '6h': 0.005, '30m': 0.005 }), 0.999), 'ok')
  t.equal(judge(over({ '3d': 0.0011, '6h': 0.0011 }), 0.999), 'ticket')
  t.equal(judge(over({ '3d': 0.0009, '6h': 0.0009 }), 0.999), 'ok')
  t.equal(judge(over({ '3d': 0.02, '6h': 0.02, '1h': 0.02, '5m': 0.02 }), 0.999), 'page', 'the worst wins')
  const few = BAD_EVENTS_MIN - 1
  t.equal(judge(over({ '1h': 1, '5m': 1 }, few), 0.999), 'ok', `${few} events, all bad`)
  t.equal(judge(over({ '1h': 1, '5m': 1 }, few + 1), 0.999), 'page', 'and one more')
  t.end()
})

/** A daemon that delivers `perTick` events a tick, of which a share is bad, on a clock turned by hand. */
class Run {
  readonly traffic = new Traffic()
  readonly objective = new Objective(ORDERS, this.traffic.counts)
  atMs = 20_000 * DAY
  readonly changes: { afterMs: number; state: string }[] = []
  private startMs = 0

  /** @param perSecond how many events are delivered */
  constructor(private readonly perSecond: number) {}

  go(forMs: number, badShare: number, tickMs = SECOND): this {
    this.startMs = this.atMs
    this.changes.length = 0
    const perTick = (this.perSecond * tickMs) / SECOND
    for (let i = 1; i <= forMs / tickMs; i++) {
      // Whole events, of which the right share has been bad at any time.
      const bad = Math.floor(i * perTick * badShare) - Math.floor((i - 1) * perTick * badShare)
      this.traffic.took(5, bad)
      this.traffic.took(0.1, perTick - bad)
      this.atMs += tickMs
      const change = this.objective.tick(this.atMs)
      if (change !== null) this.changes.push({ afterMs: this.atMs - this.startMs, state: change.state })
    }
    return this
  }
}

t.test('how fast an outage is found, and how soon it is forgiven', (t) => {
  const near = (found: number, wanted: number, slack: number, name: string) =>
    t.ok(Math.abs(found - wanted) <= slack, `${name}: after ${found / SECOND} s, by hand ${wanted / SECOND} s`)

  const outage = new Run(100).go(4 * DAY, 0, MINUTE).go(10 * MINUTE, 1)
  t.same(
    outage.changes.map(({ state }) => state),
    ['page'],
  )
  // Everything is bad, so it takes (1 − 0.999) / 1 × 1 h × 14.4. A window is up to a step longer than its name, and time goes in seconds.
  near(outage.changes[0].afterMs, 51.84 * SECOND, 3 * SECOND, 'page')

  outage.go(7 * HOUR, 0)
  t.same(
    outage.changes.map(({ state }) => state),
    ['ticket', 'ok'],
  )
  const [eased, over] = outage.changes
  // An hour would hold on for five minutes, but six hours, in which ten minutes are 28 times too much, hold on until all but 10.8 s of them have left the
  // half hour; three days, until all but 21.6 s have left the six hours. A state stays for a minute longer than its rule.
  near(eased.afterMs, 30 * MINUTE - 10.8 * SECOND + MINUTE, 12 * SECOND, 'eased')
  near(over.afterMs, 6 * HOUR - 21.6 * SECOND + MINUTE, 62 * SECOND, 'over')

  const tenth = new Run(100).go(4 * DAY, 0, MINUTE).go(12 * MINUTE, 0.1)
  // A tenth of errors burns 100 times too fast: 14.4 / 100 × 1 h.
  t.same(
    tenth.changes.map(({ state }) => state),
    ['page'],
  )
  near(tenth.changes[0].afterMs, 518.4 * SECOND, 20 * SECOND, 'page of a tenth')
  t.end()
})

t.test('what burns slowly is a ticket, what burns as allowed is nothing', (t) => {
  const allowed = new Run(100).go(4 * DAY, 0.0009, MINUTE)
  t.same(allowed.changes, [])
  const { burn, budgetLeft } = allowed.objective.stats
  t.ok(Math.abs(burn['6h'] - 0.9) < 0.01, `burn over 6 h: ${burn['6h']}`)
  t.ok(Math.abs(budgetLeft - 0.1) < 0.01, `budget left: ${budgetLeft}`)

  const slow = new Run(100).go(4 * DAY, 0, MINUTE).go(2 * DAY, 0.002, MINUTE)
  // Twice too fast: over three days it is more than allowed after half of them.
  t.equal(slow.changes[0]?.state, 'ticket')
  t.ok(Math.abs(slow.changes[0].afterMs - 36 * HOUR) <= 2 * HOUR, `${slow.changes[0].afterMs / HOUR} h`)
  t.equal(slow.changes.length, 1)
  t.end()
})

t.test('an event is good below the threshold, and counts where the objective looks', (t) => {
  const traffic = new Traffic()
  const delivery = new Objective(ORDERS, traffic.counts)
  const routing = new Objective({ ...ORDERS, stage: 'routing' }, traffic.counts)
  const fine = new Objective({ ...ORDERS, thresholdMs: 0.25 }, traffic.counts)
  const other = new Objective({ ...ORDERS, topicClass: 1 }, traffic.counts)
  const counted = (objective: Objective) => {
    objective.tick(DAY)
    return [objective.good, objective.total]
  }
  traffic.took(0.999, 7)
  traffic.took(1, 5)
  traffic.took(0.2, 3)
  traffic.took(40, 2, 0.1)
  t.same(counted(delivery), [10, 17])
  t.same(counted(routing), [12, 17])
  t.same(counted(fine), [3, 17])
  t.same(counted(other), [0, 0])
  t.equal(other.stats.budgetLeft, 1)
  traffic.took(3, 1)
  t.same(counted(delivery), [10, 18], 'what was read before is not read again')
  t.equal(delivery.waitingMs > 70, true, 'the time that receivers are to blame for')
  t.end()
})

t.test('what is never delivered is not good, and no business of routing', (t) => {
  const traffic = new Traffic()
  const delivery = new Objective(ORDERS, traffic.counts)
  const routing = new Objective({ ...ORDERS, stage: 'routing' }, traffic.counts)
  traffic.took(0.1, 6)
  traffic.counts.noteLost(0b11, 4)
  for (const objective of [delivery, routing]) objective.tick(DAY)
  t.same([delivery.good, delivery.total], [6, 10])
  t.same([routing.good, routing.total], [6, 6])
  traffic.counts.noteLost(0b10, 4)
  traffic.counts.noteLost(0b01, 1)
  delivery.tick(DAY)
  t.same([delivery.good, delivery.total], [6, 11], 'of its own topics, and once')

  const restarted = new Objective(ORDERS, traffic.counts)
  restarted.skip()
  restarted.tick(DAY)
  t.same([restarted.good, restarted.total], [0, 0])
  t.end()
})
