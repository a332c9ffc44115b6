import { costOfPermissions, type Floor, unlost } from '../report/floors.js'
import type { TimedName } from '../subjects/subject.js'
import { flow, flowCase, NEEDS_OUTBOX, rateAndCost, stream, subscriber } from './build.js'
import { type CostFigure, costCases, costFloors, FIGURES } from './cost.js'
import type { Scenario } from './scenario.js'

/** What rules may cost of a firehose. */
const COST_MAX = 0.02
const PAIR = ['sluice', 'sluice-permitted'] as const

const TOPICS = 100_000
const SCATTERED = '1 → 1 over 100,000 topics'
/** Another topic with each event: what is decided per topic is looked up for each. */
const scattered = flow(
  [stream('', 64, { topics: { prefix: 'bench.', digits: 5, suffix: '', count: TOPICS } })],
  [subscriber(['bench.>'], [0])],
  { cycleEvents: 2 * TOPICS },
)

function cost(of: TimedName, figure: CostFigure, variant: string): Floor {
  return costOfPermissions(of, figure, variant, COST_MAX)
}

export const permissionsCost: Scenario = {
  name: 'permissions-cost',
  title: 'firehoses of who has a role with rules, and of who has none',
  group: 'security',
  ours: [...PAIR, 'sluice-streams', 'sluice-streams-permitted'],
  peers: [],
  need: NEEDS_OUTBOX,
  cases: [...costCases(PAIR), { ...flowCase(SCATTERED, scattered, rateAndCost), only: PAIR }],
  floors: [...costFloors(cost), ...FIGURES.map((figure) => cost('sluice', figure, SCATTERED)), unlost()],
}
