import { costOfPermissions, type Floor, unlost } from '../report/floors.js'
import type { TimedName } from '../subjects/subject.js'
import { flow, flowCase, NEEDS_OUTBOX, rateAndCost, SMALL_CYCLE_EVENTS, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const FAN_OUT = 100
/** What rules may cost of a firehose. */
const COST_MAX = 0.02

const TOPICS = 100_000
/** Another topic with each event: what is decided per topic is looked up for each. */
const scattered = flow(
  [stream('', 64, { topics: { prefix: 'bench.', digits: 5, suffix: '', count: TOPICS } })],
  [subscriber(['bench.>'], [0])],
  { cycleEvents: 2 * TOPICS },
)

const VARIANTS = {
  batched: '1 → 1, 64 a frame',
  single: '1 → 1, one a frame',
  fanOut: `1 → ${FAN_OUT}, 64 a frame`,
  scattered: '1 → 1 over 100,000 topics',
}

const readers = Array.from({ length: FAN_OUT }, () => subscriber([TOPIC], [0]))

export const permissionsCost: Scenario = {
  name: 'permissions-cost',
  title: 'firehoses of who has a role with rules, and of who has none',
  group: 'security',
  ours: ['sluice', 'sluice-permitted', 'sluice-streams', 'sluice-streams-permitted'],
  peers: [],
  need: NEEDS_OUTBOX,
  cases: [
    flowCase(VARIANTS.batched, flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])]), rateAndCost),
    flowCase(VARIANTS.single, flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])]), rateAndCost),
    {
      ...flowCase(
        VARIANTS.fanOut,
        flow([stream(TOPIC, 64)], readers, { cycleEvents: SMALL_CYCLE_EVENTS }),
        rateAndCost,
      ),
      only: ['sluice', 'sluice-permitted'],
    },
    { ...flowCase(VARIANTS.scattered, scattered, rateAndCost), only: ['sluice', 'sluice-permitted'] },
  ],
  floors: [
    ...Object.values(VARIANTS).flatMap((variant) => costs('sluice', variant)),
    ...[VARIANTS.batched, VARIANTS.single].flatMap((variant) => costs('sluice-streams', variant)),
    unlost(),
  ],
}

/** By rate where the daemon's core is what limits; by processor time also where something else had the core meanwhile. */
function costs(of: TimedName, variant: string): Floor[] {
  return (['rate', 'cpuEach'] as const).map((figure) => costOfPermissions(of, figure, variant, COST_MAX))
}
