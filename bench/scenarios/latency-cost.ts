import { costOfTiming, unlost } from '../report/floors.js'
import { NEEDS_OUTBOX } from './build.js'
import { costCases, costFloors } from './cost.js'
import type { Scenario } from './scenario.js'

/** What timing every event may cost of a firehose. */
const COST_MAX = 0.03

export const latencyCost: Scenario = {
  name: 'latency-cost',
  title: 'firehoses with every event timed, and with none',
  group: 'observe',
  ours: ['sluice', 'sluice-untimed', 'sluice-streams', 'sluice-streams-untimed'],
  peers: [],
  need: NEEDS_OUTBOX,
  cases: costCases(['sluice', 'sluice-untimed']),
  floors: [...costFloors((of, figure, variant) => costOfTiming(of, figure, variant, COST_MAX)), unlost()],
}
