import type { StageName } from '../core/latency.js'
import type { SlowSubscriber } from './sample.js'
import type { SloSettings } from './settings.js'

export { STAGE_NAMES, type StageName } from '../core/latency.js'

/** Topic of Stats, once a second while anybody is subscribed. */
export const STATS_TOPIC = '$sys.stats'
export const BOTTLENECK_TOPIC = '$sys.bottleneck'
/** `$sys.slo.{name}`: SloEvent, on breach and recovery. */
export const SLO_TOPIC_PREFIX = '$sys.slo.'

/** Milliseconds; of the last second unless said otherwise. */
export interface Percentiles {
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** What the daemon says of itself once a second: what `sluice top`, the dashboard and anybody else draw from. Rates are per second, of the last second. */
export interface Stats {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Grows by one with each. */
  readonly sequence: number
  readonly server: {
    readonly name: string
    readonly software: string
    readonly pid: number
    readonly uptimeS: number
    readonly phase: string
    readonly url: string
  }
  readonly rates: {
    readonly accepted: number
    readonly acceptedBytes: number
    readonly delivered: number
    readonly writtenBytes: number
    readonly dropped: number
    readonly expired: number
    readonly refused: number
    readonly unmatched: number
  }
  readonly totals: {
    readonly accepted: number
    readonly delivered: number
    readonly dropped: number
    readonly refused: number
  }
  /** Drops by reason, per second and since the start. */
  readonly drops: readonly { readonly reason: string; readonly rate: number; readonly total: number }[]
  /** All eight, lane 0 first. Percentiles are null where nothing was delivered. */
  readonly lanes: readonly LaneStats[]
  readonly stages: Readonly<Record<StageName, Percentiles | null>>
  readonly classes: readonly {
    readonly name: string
    readonly topics: string
    readonly routing: Percentiles | null
    readonly delivery: Percentiles | null
  }[]
  /** Deliveries of the last second by how long they took, for a heat map: counts by bucket; bucket i ends at HEAT_FIRST_MS × √2^i. */
  readonly heat: readonly number[]
  readonly pending: { readonly lanes: number; readonly outboxes: number; readonly blockedOutboxes: number }
  readonly memory: {
    readonly used: number
    readonly budget: number
    readonly resident: number
    readonly heapUsed: number
  }
  readonly loop: {
    readonly lagP99Ms: number
    readonly lagMaxMs: number
    readonly utilization: number
    readonly gcMs: number
    readonly gcMaxMs: number
    readonly cpu: number
  }
  readonly sessions: number
  readonly subscriptions: number
  readonly topics: number
  readonly patterns: number
  readonly connections: Readonly<Record<string, number>>
  readonly slos: readonly SloStats[]
  readonly bottleneck: Bottleneck
  readonly anomalies: readonly Anomaly[]
  readonly slow: readonly SlowSubscriber[]
  /** Best sustained events/s of the last hour, and its ratio to the target of 1.8 M. */
  readonly target: { readonly best: number; readonly ratio: number; readonly eventsPerSecond: number }
}

/** A second of the past, or `stepS` of them as one: rates and heat are means, percentiles, loop and queues the worst of them, the rest is as of the last. */
export interface StatsPoint
  extends Pick<
    Stats,
    'at' | 'rates' | 'drops' | 'lanes' | 'stages' | 'heat' | 'pending' | 'memory' | 'loop' | 'sessions'
  > {
  readonly bottleneck: Pick<Bottleneck, 'limit' | 'share'>
  readonly slos: readonly Pick<SloStats, 'name' | 'budgetLeft' | 'state'>[]
}

/** Answer of GET /stats/history, oldest first. A Stats is a StatsPoint, too. */
export interface StatsHistory {
  readonly stepS: number
  readonly points: readonly StatsPoint[]
}

export const HEAT_FIRST_MS = 0.01
export const HEAT_BUCKETS = 42

export interface LaneStats {
  readonly lane: number
  /** Events routed per second. */
  readonly rate: number
  /** Runs that wait. */
  readonly waiting: number
  readonly routing: Percentiles | null
  readonly delivery: Percentiles | null
}

export const BURN_WINDOWS = ['5m', '30m', '1h', '6h'] as const
export type BurnWindow = (typeof BURN_WINDOWS)[number]

export interface SloStats extends Omit<SloSettings, 'topicClass'> {
  readonly good: number
  readonly total: number
  /** Share of the error budget of the whole window that is left; below 0 when it is overspent. */
  readonly budgetLeft: number
  /** How many times faster than allowed the budget is being spent. */
  readonly burn: Readonly<Record<BurnWindow, number>>
  readonly state: 'ok' | 'ticket' | 'page'
}

export interface SloEvent {
  readonly name: string
  readonly state: SloStats['state']
  readonly previous: SloStats['state']
  /** A sentence for the operator. */
  readonly says: string
  readonly slo: SloStats
  /** The stage in which most of the time went, and the subscribers that are furthest behind. */
  readonly worstStage: StageName
  readonly slow: readonly SlowSubscriber[]
  readonly at: number
}

/**
 * What limits the daemon right now. `idle`: nothing does, it waits for input. Where the time of the routing thread goes when it is used up: `ingress` (the
 * kernel's receive path, TLS, framing, transcoding), `parsing` (walking frames), `matching` (topic → patterns), `routing` (lanes and accounting), `fanout`
 * (copies to many receivers), `send` (the kernel's send path). `stall`: something else holds the loop. `starved`: other programs have the processor.
 */
export const LIMITS = [
  'idle',
  'ingress',
  'parsing',
  'matching',
  'routing',
  'fanout',
  'send',
  'slow-consumer',
  'gc',
  'stall',
  'starved',
  'memory',
] as const
export type Limit = (typeof LIMITS)[number]

export interface Bottleneck {
  readonly limit: Limit
  /** The figure that shows it, in a sentence. */
  readonly says: string
  /** The figure itself, 0 to 1: how much of what there is it takes. */
  readonly share: number
  /** Milliseconds since 1970, since when it has been this one. */
  readonly since: number
  /** The subscriber it is about, when it is about one. */
  readonly subscriber: SlowSubscriber | null
}

/** A latency that is out of line with its own recent past. */
export interface Anomaly {
  readonly stage: StageName
  readonly p99Ms: number
  readonly usualMs: number
  /** Robust z-score: distance from the usual in usual deviations. */
  readonly score: number
  readonly says: string
}
