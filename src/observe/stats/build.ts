import { LATENCY_BUCKETS, latencyBucketEnd, STAGE_NAMES, type StageName } from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { Series } from '../latency/series.js'
import type { Sample } from '../sample.js'
import type { TopicClass } from '../settings.js'
import { HEAT_BUCKETS, HEAT_FIRST_MS, type Percentiles, type Stats } from '../stats.js'

/** What was timed: LatencyHistory, for what is used of it here. */
export interface Timed {
  percentiles(series: Series, windowMs: number): Percentiles | null
  counts(series: Series, windowMs: number): Float64Array
}

/** What others know. */
export interface Known
  extends Pick<Stats, 'at' | 'sequence' | 'server' | 'slos' | 'bottleneck' | 'anomalies' | 'target'> {
  readonly classes: readonly TopicClass[]
  readonly timed: Timed
}

const SECOND_MS = 1000

/** Number of the bucket of the heat map in which each latency bucket ends. */
const HEAT = Uint8Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => {
  const heat = Math.ceil(2 * Math.log2(latencyBucketEnd(bucket) / HEAT_FIRST_MS))
  return Math.min(HEAT_BUCKETS - 1, Math.max(0, heat))
})

/** Stats of the time between two samples; when they are the same, nothing has happened. */
export function buildStats(sample: Sample, before: Sample, known: Known): Stats {
  const { at, sequence, server, slos, bottleneck, anomalies, target, timed } = known
  const { core, loop, memory } = sample
  const ms = sample.atMs - before.atMs
  const perS = (now: number, then: number): number => (ms > 0 ? rate(((now - then) * SECOND_MS) / ms) : 0)
  // Of a time in which nothing was told there is nothing to know, although something may have been counted.
  const percentiles = (series: Series): Percentiles | null =>
    ms > 0 ? rounded(timed.percentiles(series, SECOND_MS)) : null
  const dropped = total(core.dropped)
  const refused = total(core.refused)
  return {
    at,
    sequence,
    server,
    rates: {
      accepted: perS(core.accepted, before.core.accepted),
      acceptedBytes: perS(core.acceptedBytes, before.core.acceptedBytes),
      delivered: perS(core.delivered, before.core.delivered),
      writtenBytes: perS(core.writtenBytes, before.core.writtenBytes),
      dropped: perS(dropped, total(before.core.dropped)),
      expired: perS(core.expiredUnrouted, before.core.expiredUnrouted),
      refused: perS(refused, total(before.core.refused)),
      unmatched: perS(core.unmatched, before.core.unmatched),
    },
    totals: { accepted: core.accepted, delivered: core.delivered, dropped, refused },
    drops: Object.entries(core.dropped).map(([reason, total]) => ({
      reason,
      rate: perS(total, before.core.dropped[reason] ?? 0),
      total,
    })),
    lanes: Array.from({ length: LANES }, (_, lane) => ({
      lane,
      rate: perS(core.routedByLane[lane], before.core.routedByLane[lane]),
      waiting: core.laneDepths[lane],
      routing: percentiles({ stage: 'routing', lane }),
      delivery: percentiles({ stage: 'delivery', lane }),
    })),
    stages: Object.fromEntries(STAGE_NAMES.map((stage) => [stage, percentiles({ stage })])) as Readonly<
      Record<StageName, Percentiles | null>
    >,
    classes: known.classes.map(({ name, topics }, topicClass) => ({
      name,
      topics,
      routing: percentiles({ stage: 'routing', topicClass }),
      delivery: percentiles({ stage: 'delivery', topicClass }),
    })),
    heat: ms > 0 ? heatOf(timed.counts({ stage: 'delivery' }, SECOND_MS)) : new Array(HEAT_BUCKETS).fill(0),
    pending: {
      lanes: core.pendingInLanes,
      outboxes: core.pendingInOutboxes,
      blockedOutboxes: core.blockedOutboxes,
    },
    memory: { used: memory.used, budget: memory.budget, resident: memory.resident, heapUsed: memory.heapUsed },
    loop: {
      lagP99Ms: figure(loop.lagP99Ms),
      lagMaxMs: figure(loop.lagMaxMs),
      utilization: ms > 0 ? figure(loop.utilization) : 1,
      gcMs: perS(gcMs(sample), gcMs(before)),
      gcMaxMs: figure(loop.gcMaxMs),
      cpu: perS(loop.cpuUserS + loop.cpuSystemS, before.loop.cpuUserS + before.loop.cpuSystemS),
    },
    sessions: core.sessions,
    subscriptions: core.subscriptions,
    topics: core.topics,
    patterns: core.patterns,
    connections: sample.transports.connections,
    slos,
    bottleneck,
    anomalies,
    slow: sample.slow,
    target,
  }
}

/** Counts by bucket of the heat map. */
export function heatOf(counts: Float64Array): number[] {
  const heat = new Array<number>(HEAT_BUCKETS).fill(0)
  for (let bucket = 0; bucket < counts.length; bucket++) heat[HEAT[bucket]] += counts[bucket]
  return heat
}

/** Nobody reads more digits than these, and each costs bytes. */
function figure(value: number): number {
  return Number(value.toPrecision(4))
}

function rate(perS: number): number {
  return perS >= 100 ? Math.round(perS) : Number(perS.toFixed(2))
}

function rounded(percentiles: Percentiles | null): Percentiles | null {
  if (percentiles === null) return null
  const { count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = percentiles
  return {
    count,
    p50Ms: figure(p50Ms),
    p90Ms: figure(p90Ms),
    p99Ms: figure(p99Ms),
    p999Ms: figure(p999Ms),
    maxMs: figure(maxMs),
  }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const gcMs = ({ loop }: Sample): number => Object.values(loop.gc).reduce((sum, { ms }) => sum + ms, 0)
