import { STAGE_NAMES } from '../../src/core/latency.js'
import { HEAT_BUCKETS, HEAT_FIRST_MS, type Percentiles, type SloStats, type Stats } from '../../src/observe/stats.js'
import { DROP_REASONS, LANES } from '../../src/protocol/ops.js'

/** A daemon's day in numbers, the same for the same second: what a page or a terminal is drawn from in tests. */
export interface FakeStatsOptions {
  /** Milliseconds since 1970 of the first. */
  readonly startMs?: number
  /** 0: nothing flows. 1: some hundred thousand events a second. */
  readonly load?: number
}

/** Seconds, counted from the start, in which something is wrong. */
const STALL_AT = 120
const STALL_S = 12
const SLOW_AT = 200
const SLOW_S = 60
const CYCLE_S = 300

/** 0 to 1, the same for the same numbers. */
function noise(second: number, series: number): number {
  const x = Math.sin(second * 12.9898 + series * 78.233) * 43758.5453
  return x - Math.floor(x)
}

function wave(second: number, periodS: number): number {
  return 0.5 + 0.5 * Math.sin((second * 2 * Math.PI) / periodS)
}

const SLOW_SUBSCRIBER = {
  session: 41,
  name: 'billing-worker-3',
  address: '10.1.4.17:51234',
  pendingBytes: 930_000,
  pendingEvents: 6120,
  dropped: 18_400,
  blockedMs: 4200,
}

export function fakeStats(second: number, { startMs = 1_795_000_000_000, load = 1 }: FakeStatsOptions = {}): Stats {
  const at = startMs + second * 1000
  const inCycle = second % CYCLE_S
  const isStalled = load > 0 && inCycle >= STALL_AT && inCycle < STALL_AT + STALL_S
  const isSlow = load > 0 && inCycle >= SLOW_AT && inCycle < SLOW_AT + SLOW_S
  const accepted = Math.round(load * (260_000 + 180_000 * wave(second, 170) + 40_000 * noise(second, 1)))
  const delivered = Math.round(accepted * 3.4)
  const dropped = isSlow ? Math.round(2000 + 900 * noise(second, 2)) : 0
  const base = 0.024 + 0.012 * wave(second, 170) + 0.004 * noise(second, 3)
  const slowness = isStalled ? 12 : 1
  const delivery = load === 0 ? null : percentiles(delivered, base, slowness, second, 10)
  const routing = load === 0 ? null : percentiles(delivered, base * 0.8, slowness, second, 20)
  const weights = [0.03, 0.08, 0.12, 0.45, 0.14, 0.1, 0.06, 0.02]
  const total = second * 300_000 * load
  return {
    at,
    sequence: second,
    server: {
      name: 'edge-1',
      software: 'sluice/0.1.0',
      pid: 4242,
      uptimeS: 90_000 + second,
      phase: 'ready',
      url: 'ws://127.0.0.1:7400',
    },
    rates: {
      accepted,
      acceptedBytes: accepted * 148,
      delivered,
      writtenBytes: delivered * 148,
      dropped,
      expired: 0,
      refused: 0,
      unmatched: Math.round(accepted * 0.01),
    },
    totals: { accepted: total, delivered: total * 3.4, dropped: isSlow ? 44_000 : 30_000, refused: 0 },
    drops: DROP_REASONS.map((reason, i) => ({
      reason,
      rate: i === 0 ? dropped : i === 3 && isSlow ? 120 : 0,
      total: i === 0 ? 41_000 : i === 3 ? 3000 : 0,
    })),
    lanes: Array.from({ length: LANES }, (_, lane) => ({
      lane,
      rate: Math.round(accepted * weights[lane]),
      waiting: Math.round((isStalled ? 600 : 9) * weights[lane] * (0.5 + noise(second, 30 + lane)) * 4 * load),
      routing:
        load === 0
          ? null
          : percentiles(delivered * weights[lane], base * (0.5 + lane * 0.12), slowness, second, 40 + lane),
      delivery:
        load === 0
          ? null
          : percentiles(delivered * weights[lane], base * (0.6 + lane * 0.15), slowness, second, 50 + lane),
    })),
    stages: Object.fromEntries(
      STAGE_NAMES.map((stage, i) => [
        stage,
        stage === 'delivery'
          ? delivery
          : stage === 'routing'
            ? routing
            : load === 0
              ? null
              : percentiles(delivered, base * 0.4, slowness, second, 60 + i),
      ]),
    ) as Stats['stages'],
    classes:
      load === 0
        ? []
        : [
            { name: 'orders', topics: 'orders.>', routing, delivery },
            { name: 'ticks', topics: 'market.*.tick', routing, delivery },
          ],
    heat: heat(delivered, base, slowness, second),
    pending: {
      lanes: isStalled ? 5200 : Math.round(60 * load * noise(second, 4)),
      outboxes: isSlow ? 6120 : 0,
      blockedOutboxes: isSlow ? 1 : 0,
    },
    memory: {
      used: isSlow ? 940_000 + 4e6 * noise(second, 5) : 120_000,
      budget: 256 * 1024 * 1024,
      resident: 148e6 + 6e6 * wave(second, 90),
      heapUsed: 38e6 + 14e6 * wave(second, 41),
    },
    loop: {
      lagP99Ms: isStalled ? 14 : 0.4 + 0.4 * noise(second, 6),
      lagMaxMs: isStalled ? 24 : 1.2 + 1.6 * noise(second, 7),
      utilization: load * (0.42 + 0.24 * wave(second, 170)),
      gcMs: 4,
      gcMaxMs: 1.1 + noise(second, 8),
      cpu: load * (0.5 + 0.3 * wave(second, 170)),
    },
    sessions: 128,
    subscriptions: 341,
    topics: 5120,
    patterns: 57,
    connections: { listen: 120, http2: 6, https: 2 },
    slos: load === 0 ? [] : slos(second, isStalled),
    bottleneck: {
      limit: isStalled ? 'stall' : isSlow ? 'slow-consumer' : load === 0 ? 'idle' : 'fanout',
      says: isStalled
        ? 'something holds the event loop for 82 % of the time, at most 24 ms at once'
        : isSlow
          ? 'subscriber billing-worker-3 does not keep up: 930 KB wait for it, it has taken nothing for 4.2 s, 2050 events/s are dropped'
          : load === 0
            ? 'waits for input 98 % of the time'
            : "copying to 3.4 receivers an event takes 41 % of the routing thread's time, which is 58 % busy",
      share: isStalled ? 0.82 : isSlow ? 0.9 : load === 0 ? 0.02 : 0.41,
      since: at - (inCycle % 60) * 1000,
      subscriber: isSlow ? SLOW_SUBSCRIBER : null,
    },
    anomalies: isStalled
      ? [
          {
            stage: 'delivery',
            p99Ms: 1.9,
            usualMs: 0.16,
            score: 9.4,
            says: 'Delivery p99 is 1.9 ms; 0.16 ms is usual.',
          },
        ]
      : [],
    slow: isSlow
      ? [
          SLOW_SUBSCRIBER,
          {
            ...SLOW_SUBSCRIBER,
            session: 77,
            name: '',
            address: '10.1.4.18:40022',
            pendingBytes: 21_000,
            pendingEvents: 140,
            dropped: 0,
            blockedMs: 320,
          },
          {
            ...SLOW_SUBSCRIBER,
            session: 90,
            name: '<img src=x onerror=alert(1)> \u202egnirts',
            address: '[2001:db8::17]:9',
            pendingBytes: 900,
            pendingEvents: 3,
            dropped: 0,
            blockedMs: 12,
          },
        ]
      : [],
    target: { best: 512_000 * load, ratio: (512_000 * load) / 1_800_000, eventsPerSecond: 1_800_000 },
  }
}

function percentiles(count: number, baseMs: number, slowness: number, second: number, series: number): Percentiles {
  const jitter = 0.8 + 0.4 * noise(second, series)
  return {
    count: Math.round(count),
    p50Ms: baseMs * jitter,
    p90Ms: baseMs * 2.1 * jitter,
    p99Ms: baseMs * 5 * slowness * jitter,
    p999Ms: baseMs * 13 * slowness * jitter,
    maxMs: baseMs * (30 + 40 * noise(second, series + 1)) * slowness,
  }
}

function heat(delivered: number, baseMs: number, slowness: number, second: number): number[] {
  const counts = new Array<number>(HEAT_BUCKETS).fill(0)
  if (delivered === 0) return counts
  const middle = 2 * Math.log2(baseMs / HEAT_FIRST_MS) + 1
  const tail = middle + 2 * Math.log2(6 * slowness)
  for (let i = 0; i < HEAT_BUCKETS; i++) {
    const body = Math.exp(-((i - middle) ** 2) / 5)
    const late = 0.004 * Math.exp(-Math.abs(i - tail) / 2.2) * (0.4 + noise(second, 100 + i))
    counts[i] = Math.floor(delivered * 0.25 * (body + late))
  }
  return counts
}

function slos(second: number, isStalled: boolean): SloStats[] {
  const burn = isStalled ? 21 : 0.3 + 0.3 * noise(second, 9)
  return [
    {
      name: 'orders',
      topics: 'orders.>',
      stage: 'delivery',
      thresholdMs: 1,
      objective: 0.999,
      windowDays: 28,
      good: 8_123_456_000,
      total: 8_126_000_000,
      budgetLeft: 0.687,
      burn: { '5m': burn, '30m': burn * 0.8, '1h': isStalled ? 15.2 : 0.5, '6h': 0.9 },
      state: isStalled ? 'page' : 'ok',
    },
    {
      name: 'market ticks',
      topics: 'market.*.tick',
      stage: 'routing',
      thresholdMs: 0.25,
      objective: 0.9995,
      windowDays: 7,
      good: 1_999_000,
      total: 2_001_000,
      budgetLeft: -0.12,
      burn: { '5m': 1.4, '30m': 2.2, '1h': 2.9, '6h': 3.1 },
      state: 'ticket',
    },
  ]
}
