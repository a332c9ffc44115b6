import type { Percentiles, StatsPoint } from '../../observe/stats.js'
import { DROP_REASONS, LANES } from '../../protocol/ops.js'

/** How several seconds become one point of a chart: a spike must not vanish in a mean, and a rate must not grow by a maximum. */
export type Merge = 'mean' | 'max'

/** A figure that is kept for each second. */
export interface Column {
  readonly name: string
  readonly merge: Merge
  pick(stats: StatsPoint): number | null
}

export const PERCENTILES = ['p50', 'p90', 'p99', 'p999', 'max'] as const
export type PercentileName = (typeof PERCENTILES)[number]

export const PERCENTILE_LABELS: Readonly<Record<PercentileName, string>> = {
  p50: 'p50',
  p90: 'p90',
  p99: 'p99',
  p999: 'p99.9',
  max: 'max',
}

export const STAGES = ['delivery', 'routing', 'queue', 'fanout'] as const
export type StageName = (typeof STAGES)[number]

/** Stages that are told by lane. */
export const LANE_STAGES = ['delivery', 'routing'] as const
export type LaneStage = (typeof LANE_STAGES)[number]

/** A lane, or all of them together. */
export type LaneChoice = number | 'all'

export function isLaneStage(stage: StageName): stage is LaneStage {
  return stage === 'delivery' || stage === 'routing'
}

export function latencyColumn(stage: StageName, lane: LaneChoice, percentile: PercentileName): string {
  return `${stage}.${lane}.${percentile}`
}

export function laneColumn(figure: 'rate' | 'waiting', lane: number): string {
  return `${figure}.${lane}`
}

export function dropColumn(reason: string): string {
  return `drop.${reason}`
}

const mean = (name: string, pick: Column['pick']): Column => ({ name, merge: 'mean', pick })
const max = (name: string, pick: Column['pick']): Column => ({ name, merge: 'max', pick })

export function percentile(percentiles: Percentiles | null, name: PercentileName): number | null {
  return percentiles === null ? null : percentiles[`${name}Ms`]
}

const lanes = Array.from({ length: LANES }, (_, lane) => lane)

/** All that charts are drawn from. The set is fixed, and so is the memory that it takes. */
export const COLUMNS: readonly Column[] = [
  mean('accepted', ({ rates }) => rates.accepted),
  mean('delivered', ({ rates }) => rates.delivered),
  mean('expired', ({ rates }) => rates.expired),
  mean('refused', ({ rates }) => rates.refused),
  mean('acceptedBytes', ({ rates }) => rates.acceptedBytes),
  mean('writtenBytes', ({ rates }) => rates.writtenBytes),
  ...DROP_REASONS.map((reason) =>
    mean(dropColumn(reason), ({ drops }) => drops.find((drop) => drop.reason === reason)?.rate ?? 0),
  ),
  max('pendingLanes', ({ pending }) => pending.lanes),
  max('pendingOutboxes', ({ pending }) => pending.outboxes),
  max('memoryUsed', ({ memory }) => memory.used),
  max('memoryBudget', ({ memory }) => memory.budget),
  max('resident', ({ memory }) => memory.resident),
  max('heapUsed', ({ memory }) => memory.heapUsed),
  max('lagP99', ({ loop }) => loop.lagP99Ms),
  max('lagMax', ({ loop }) => loop.lagMaxMs),
  max('gcMax', ({ loop }) => loop.gcMaxMs),
  mean('utilization', ({ loop }) => loop.utilization),
  mean('cpu', ({ loop }) => loop.cpu),
  ...lanes.map((lane) => mean(laneColumn('rate', lane), (stats) => stats.lanes[lane]?.rate ?? null)),
  ...lanes.map((lane) => max(laneColumn('waiting', lane), (stats) => stats.lanes[lane]?.waiting ?? null)),
  ...PERCENTILES.flatMap((name) => [
    ...STAGES.map((stage) => max(latencyColumn(stage, 'all', name), ({ stages }) => percentile(stages[stage], name))),
    ...LANE_STAGES.flatMap((stage) =>
      lanes.map((lane) =>
        max(latencyColumn(stage, lane, name), (stats) => percentile(stats.lanes[lane]?.[stage] ?? null, name)),
      ),
    ),
  ]),
]
