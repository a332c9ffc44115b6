import type { Policy } from '../protocol/ops.js'
import type { LatencyCounts } from './latency.js'

/** What the daemon hands to the core, from its configuration. Bytes, milliseconds, counts. */
export interface CoreOptions {
  /** Shown in WELCOME: random id of this process, and product with version. */
  server: string
  software: string
  messageBytesMax: number
  payloadBytesMax: number
  subscriptionsMax: number
  /** Tokens of a subscription's pattern. */
  patternTokensMax: number
  /** What a session may send before it is known who it is. */
  unauthenticatedBytesMax: number

  slabBytes: number
  slabs: number
  /** Pending frames (messages) or bytes that start an in-line drain. */
  inlineDrainFrames: number
  inlineDrainBytes: number
  /** Work of one drain: bytes times receivers. */
  drainBytes: number
  /** Pending bytes above which accept drains until below: the publisher waits. */
  pendingBytesMax: number
  runBytesMax: number
  /** Weights of lanes 1 to 7. */
  laneWeights: readonly number[]
  /** Largest share of the work that lane 0 may take while others wait. */
  strictShare: number
  topicsMax: number
  topicIdleMs: number
  directBytes: number
  batchBytes: number

  outboxPolicy: Policy
  outboxBytesMax: number
  outboxEventsMax: number
  outboxSoftBytes: number
  outboxSoftTimeMs: number
  outboxControlBytesMax: number

  memoryBudgetBytes: number
  /** Share of the budget below which publishers are no longer refused. */
  memoryResumeRatio: number
  retryAfterMs: number

  /** Where it is counted how long events take; null: nothing is timed. */
  latency: LatencyCounts | null
  /** Patterns of topics that are timed apart, by number of their class; at most TOPIC_CLASSES_MAX. */
  topicClasses: readonly string[]

  /** Seed of the topic hash, so that nobody outside can aim at one bucket. */
  hashSeed: number
  /** Overwrite released memory, so that a use after release shows. For tests. */
  poison: boolean
}
