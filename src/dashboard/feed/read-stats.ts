import type { SlowSubscriber } from '../../observe/sample.js'
import {
  type Anomaly,
  type Bottleneck,
  BURN_WINDOWS,
  type BurnWindow,
  HEAT_BUCKETS,
  type LaneStats,
  LIMITS,
  type Percentiles,
  type SloStats,
  type Stats,
  type StatsPoint,
} from '../../observe/stats.js'
import { LANES } from '../../protocol/ops.js'

/** More of anything is not shown, whoever sends it. */
export const LIST_MAX = 64
const TEXT_MAX = 300
/** Two hours of seconds. */
const POINTS_MAX = 7200

const RATES = [
  'accepted',
  'acceptedBytes',
  'delivered',
  'writtenBytes',
  'dropped',
  'expired',
  'refused',
  'unmatched',
] as const

type Fields = Readonly<Record<string, unknown>>

/**
 * Stats out of what has come over a network: each figure a number, each list bounded, each text short, and without the characters that turn the text around
 * them about. What is missing is 0, empty or null. Null when it is not Stats at all.
 */
export function readStats(value: unknown): Stats | null {
  const point = readPoint(value)
  if (point === null) return null
  const given = fields(value)
  const server = fields(given.server)
  return {
    ...point,
    sequence: number(given.sequence),
    server: {
      name: text(server.name),
      software: text(server.software),
      phase: text(server.phase),
      url: text(server.url),
      ...numbers(server, ['pid', 'uptimeS']),
    },
    totals: numbers(given.totals, ['accepted', 'delivered', 'dropped', 'refused']),
    classes: list(given.classes, (topicClass) => ({
      name: text(topicClass.name),
      topics: text(topicClass.topics),
      routing: percentiles(topicClass.routing),
      delivery: percentiles(topicClass.delivery),
    })),
    ...numbers(given, ['subscriptions', 'topics', 'patterns']),
    connections: Object.fromEntries(
      Object.entries(fields(given.connections))
        .slice(0, LIST_MAX)
        .map(([name, open]) => [text(name), number(open)]),
    ),
    slos: list(given.slos, slo),
    bottleneck: bottleneck(given.bottleneck),
    anomalies: list(given.anomalies, anomaly),
    slow: list(given.slow, slowSubscriber),
    target: numbers(given.target, ['best', 'ratio', 'eventsPerSecond']),
  }
}

/** The same of a second of the past. */
export function readPoint(value: unknown): StatsPoint | null {
  const given = fields(value)
  const at = number(given.at)
  if (at <= 0) return null
  const stages = fields(given.stages)
  return {
    at,
    rates: numbers(given.rates, RATES),
    drops: list(given.drops, (drop) => ({ reason: text(drop.reason), ...numbers(drop, ['rate', 'total']) })),
    lanes: lanes(given.lanes),
    stages: {
      queue: percentiles(stages.queue),
      fanout: percentiles(stages.fanout),
      routing: percentiles(stages.routing),
      delivery: percentiles(stages.delivery),
    },
    heat: Array.isArray(given.heat) ? given.heat.slice(0, HEAT_BUCKETS).map(number) : [],
    pending: numbers(given.pending, ['lanes', 'outboxes', 'blockedOutboxes']),
    memory: numbers(given.memory, ['used', 'budget', 'resident', 'heapUsed']),
    loop: numbers(given.loop, ['lagP99Ms', 'lagMaxMs', 'utilization', 'gcMs', 'gcMaxMs', 'cpu']),
    sessions: number(given.sessions),
    bottleneck: bottleneck(given.bottleneck),
    slos: list(given.slos, slo),
  }
}

/** Answer of GET /stats/history. */
export function readHistory(value: unknown): { readonly stepS: number; readonly points: readonly StatsPoint[] } {
  const given = fields(value)
  const points = Array.isArray(given.points) ? given.points.slice(0, POINTS_MAX) : []
  return {
    stepS: Math.max(1, Math.round(number(given.stepS))),
    points: points.map(readPoint).filter((point) => point !== null),
  }
}

function lanes(value: unknown): LaneStats[] {
  const given = Array.isArray(value) ? value : []
  return Array.from({ length: LANES }, (_, lane) => {
    const of = fields(given[lane])
    return {
      lane,
      ...numbers(of, ['rate', 'waiting']),
      routing: percentiles(of.routing),
      delivery: percentiles(of.delivery),
    }
  })
}

function slo(given: Fields): SloStats {
  const burn = fields(given.burn)
  const { state, stage } = given
  return {
    name: text(given.name),
    topics: text(given.topics),
    stage: stage === 'routing' ? 'routing' : 'delivery',
    ...numbers(given, ['thresholdMs', 'objective', 'windowDays', 'good', 'total', 'budgetLeft']),
    burn: Object.fromEntries(BURN_WINDOWS.map((window) => [window, number(burn[window])])) as Record<
      BurnWindow,
      number
    >,
    state: state === 'page' || state === 'ticket' ? state : 'ok',
  }
}

function bottleneck(value: unknown): Bottleneck {
  const given = fields(value)
  return {
    limit: LIMITS.find((limit) => limit === given.limit) ?? 'idle',
    says: text(given.says),
    ...numbers(given, ['share', 'since']),
    subscriber: given.subscriber ? slowSubscriber(fields(given.subscriber)) : null,
  }
}

function anomaly(given: Fields): Anomaly {
  const { stage } = given
  return {
    stage: stage === 'queue' || stage === 'fanout' || stage === 'routing' ? stage : 'delivery',
    ...numbers(given, ['p99Ms', 'usualMs', 'score']),
    says: text(given.says),
  }
}

function slowSubscriber(given: Fields): SlowSubscriber {
  return {
    name: text(given.name),
    address: text(given.address),
    ...numbers(given, ['session', 'pendingBytes', 'pendingEvents', 'dropped', 'blockedMs']),
  }
}

function percentiles(value: unknown): Percentiles | null {
  if (typeof value !== 'object' || value === null) return null
  return numbers(value, ['count', 'p50Ms', 'p90Ms', 'p99Ms', 'p999Ms', 'maxMs'])
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function list<T>(value: unknown, read: (given: Fields) => T): T[] {
  return Array.isArray(value) ? value.slice(0, LIST_MAX).map((item) => read(fields(item))) : []
}

function number(value: unknown): number {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

function numbers<K extends string>(value: unknown, names: readonly K[]): Record<K, number> {
  const given = fields(value)
  return Object.fromEntries(names.map((name) => [name, number(given[name])])) as Record<K, number>
}

/** Control characters, and those that change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}]/gu

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX).replace(UNSEEN, '\ufffd') : ''
}
