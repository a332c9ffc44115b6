import { STAGE_NAMES, type StageName } from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { TopicClass } from '../settings.js'

/** What is timed apart: a stage in one lane, a stage of one class of topics (routing and delivery only), or a stage over all lanes. */
export interface Series {
  readonly stage: StageName
  readonly lane?: number
  /** Number of the class. */
  readonly topicClass?: number
}

/** Stages that are counted by class of topics as well. */
export const CLASS_STAGE_NAMES = ['routing', 'delivery'] as const satisfies readonly StageName[]

/** Every series that there is: each stage over all lanes, then by lane, then by class. */
export function allSeries(classes: number): Series[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
  return [
    ...STAGE_NAMES.map((stage) => ({ stage })),
    ...STAGE_NAMES.flatMap((stage) => numbers(LANES).map((lane) => ({ stage, lane }))),
    ...CLASS_STAGE_NAMES.flatMap((stage) => numbers(classes).map((topicClass) => ({ stage, topicClass }))),
  ]
}

/** `routing`, `routing/lane-3`, `routing/class-orders`. */
export function seriesName({ stage, lane, topicClass }: Series, classes: readonly TopicClass[]): string {
  if (lane !== undefined) return `${stage}/lane-${lane}`
  return topicClass === undefined ? stage : `${stage}/class-${classes[topicClass].name}`
}
