import type { LaneStats, Percentiles, SloStats, Stats } from '../../src/observe/stats.js'

/** Percentiles of a distribution whose median is so many milliseconds. */
export function percentiles(p50Ms: number, count = 1000): Percentiles {
  return { count, p50Ms, p90Ms: p50Ms * 2, p99Ms: p50Ms * 8, p999Ms: p50Ms * 30, maxMs: p50Ms * 61 }
}

export function laneStats(lane: number, rate: number): LaneStats {
  const routing = rate === 0 ? null : percentiles(0.02 * (lane + 1), rate)
  const delivery = rate === 0 ? null : percentiles(0.024 * (lane + 1), rate)
  return { lane, rate, waiting: rate > 100_000 ? 12 : 0, routing, delivery }
}

export function sloStats(name: string, fields: Partial<SloStats> = {}): SloStats {
  return {
    name,
    topics: `${name}.>`,
    stage: 'delivery',
    thresholdMs: 1,
    objective: 0.999,
    windowDays: 28,
    good: 999_500,
    total: 1_000_000,
    budgetLeft: 0.82,
    burn: { '5m': 0.4, '30m': 0.5, '1h': 0.12, '6h': 0 },
    state: 'ok',
    ...fields,
  }
}

/** What a daemon says of itself that has all to do, and a subscriber that does not read. */
export function busyStats(fields: Partial<Stats> = {}): Stats {
  const at = fields.at ?? Date.UTC(2026, 10, 21, 14, 5, 20)
  const frozen = {
    session: 4711,
    name: 'billing-archive',
    address: '127.0.0.1:51234',
    pendingBytes: 1_047_552,
    pendingEvents: 8_160,
    dropped: 1_203_944,
    blockedMs: 12_400,
  }
  const sleepy = { ...frozen, session: 12, name: '', pendingBytes: 4_096, pendingEvents: 31, dropped: 0, blockedMs: 0 }
  return {
    at,
    sequence: 7,
    server: {
      name: 'orders-1',
      software: 'sluice/0.1.0',
      pid: 4242,
      uptimeS: 273_600,
      phase: 'ready',
      url: 'ws://127.0.0.1:7400',
    },
    rates: {
      accepted: 1_234_567,
      acceptedBytes: 163_577_856,
      delivered: 12_345_678,
      writtenBytes: 1_635_778_560,
      dropped: 98_765,
      expired: 0,
      refused: 0,
      unmatched: 1_024,
    },
    totals: { accepted: 9_876_543_210, delivered: 98_765_432_100, dropped: 1_203_944, refused: 17 },
    drops: [
      { reason: 'drop-oldest', rate: 98_765, total: 1_203_944 },
      { reason: 'expired', rate: 0, total: 12 },
      { reason: 'memory', rate: 0, total: 0 },
    ],
    lanes: [12_000, 0, 340, 1_200_000, 0, 0, 22_000, 227].map((rate, lane) => laneStats(lane, rate)),
    stages: {
      queue: percentiles(0.012),
      fanout: percentiles(0.009),
      routing: percentiles(0.021),
      delivery: percentiles(0.031),
    },
    classes: [{ name: 'orders', topics: 'orders.>', routing: percentiles(0.02), delivery: percentiles(0.03) }],
    heat: Array.from({ length: 42 }, (_, bucket) => Math.max(0, Math.round(10_000 / (1 + (bucket - 5) ** 2) - 20))),
    pending: { lanes: 4_096, outboxes: 8_191, blockedOutboxes: 1 },
    memory: { used: 1_051_648, budget: 67_108_864, resident: 166_723_584, heapUsed: 31_457_280 },
    loop: { lagP99Ms: 1.9, lagMaxMs: 6.2, utilization: 0.93, gcMs: 11.5, gcMaxMs: 3.1, cpu: 1.04 },
    sessions: 1_203,
    subscriptions: 2_409,
    topics: 5_012,
    patterns: 388,
    connections: { listen: 1_200, http2: 3 },
    slos: [
      sloStats('orders'),
      sloStats('prices', {
        stage: 'routing',
        thresholdMs: 0.25,
        objective: 0.9995,
        budgetLeft: -0.31,
        burn: { '5m': 22, '30m': 18.2, '1h': 15.1, '6h': 4.4 },
        state: 'page',
      }),
    ],
    bottleneck: {
      limit: 'slow-consumer',
      says: 'billing-archive takes nothing: 1.0 MiB wait for it and 98,765 events a second are dropped',
      share: 1,
      since: at - 12_000,
      subscriber: frozen,
    },
    anomalies: [
      {
        stage: 'delivery',
        p99Ms: 1.9,
        usualMs: 0.24,
        score: 8.1,
        says: 'delivery p99 is 1.90 ms, usually 0.24 ms',
      },
    ],
    slow: [frozen, sleepy],
    target: { best: 1_402_000, ratio: 0.779, eventsPerSecond: 1_800_000 },
    ...fields,
  }
}
