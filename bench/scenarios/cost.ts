import type { Floor } from '../report/floors.js'
import type { OurName, TimedName } from '../subjects/subject.js'
import { flow, flowCase, rateAndCost, SMALL_CYCLE_EVENTS, stream, subscriber } from './build.js'
import type { Scenario } from './scenario.js'

const TOPIC = 'bench.one'
const FAN_OUT = 100

const VARIANTS = {
  batched: '1 → 1, 64 a frame',
  single: '1 → 1, one a frame',
  fanOut: `1 → ${FAN_OUT}, 64 a frame`,
}

/** By rate where the daemon's core is what limits; by processor time also where something else had the core meanwhile. */
export const FIGURES = ['rate', 'cpuEach'] as const
export type CostFigure = (typeof FIGURES)[number]

/**
 * Firehoses of a daemon with something and without it, in turns, on both engines.
 * @param pair the daemon both ways on uWebSockets.js: fan-out is measured there only
 */
export function costCases(pair: readonly OurName[]): Scenario['cases'] {
  const readers = Array.from({ length: FAN_OUT }, () => subscriber([TOPIC], [0]))
  const fanOut = flow([stream(TOPIC, 64)], readers, { cycleEvents: SMALL_CYCLE_EVENTS })
  return [
    flowCase(VARIANTS.batched, flow([stream(TOPIC, 64)], [subscriber([TOPIC], [0])]), rateAndCost),
    flowCase(VARIANTS.single, flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])]), rateAndCost),
    { ...flowCase(VARIANTS.fanOut, fanOut, rateAndCost), only: pair },
  ]
}

/** @param costOf what of these may cost how much */
export function costFloors(costOf: (of: TimedName, figure: CostFigure, variant: string) => Floor): Floor[] {
  const of = (name: TimedName, variants: readonly string[]) =>
    variants.flatMap((variant) => FIGURES.map((figure) => costOf(name, figure, variant)))
  return [...of('sluice', Object.values(VARIANTS)), ...of('sluice-streams', [VARIANTS.batched, VARIANTS.single])]
}
