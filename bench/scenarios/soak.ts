import type { StreamSpec, SubscriberSpec } from '../generator/job.js'
import { flatMemory, flatTail } from '../report/flat.js'
import { unlost } from '../report/floors.js'
import { flow, NEEDS_OUTBOX, PAYLOAD_BYTES, stream, subscriber } from './build.js'
import type { Scenario, SoakCase } from './scenario.js'

const MINUTE_MS = 60_000
export const SOAK_MINUTES = 10
export const SOAK_MINUTES_QUICK = 1
const SAMPLE_MS = 10_000
/** A run that is shorter is sampled more often, so that there is something to tell a drift by. */
const SAMPLES_MIN = 30

/** A multiple of every batch and of the number of topics, and small: there are many streams. */
const CYCLE_EVENTS = 64 * 255
const TICK_TOPICS = 60

/** What is published: batches, single events over many topics, a few that are urgent, one that is for everybody, and one that is too much for one of its readers. */
const ORDERS = [3, 3, 4, 7].map((lane, i) => stream(`orders.${i}`, 64, { lane, eventsPerSecond: 40_000 }))
const TICKS = [1, 2, 3, 3, 5, 6].map((lane, i): StreamSpec => {
  const topics = { prefix: `ticks.${i}.`, digits: 2, suffix: '.price', count: TICK_TOPICS }
  return { topics, lane, batch: 1, eventsPerSecond: 1000 }
})
const ALERTS = [0, 1].map((i) => stream(`alerts.${i}`, 1, { lane: 0, eventsPerSecond: 250 }))
const NEWS = stream('news', 1, { eventsPerSecond: 100 })
const BULK_PER_SECOND = 4000
const BULK = stream('bulk', 8, { lane: 6, eventsPerSecond: BULK_PER_SECOND })
const STREAMS = [...ORDERS, ...TICKS, ...ALERTS, NEWS, BULK]

const READERS = { orders: 6, ticks: 6, alerts: 12, news: 80, bulk: 2 }
const EVERYTHING_READERS = 4
const COMERS = 40
const COMER_HOLD_MS = 4000
const CHURN_PER_SECOND = 200
/** The bytes of an event on the wire are its payload and some twenty more. */
const SLOW_BYTES_PER_SECOND = Math.round(BULK_PER_SECOND * (PAYLOAD_BYTES + 20) * 0.66)
const SLOW_WAITING_BYTES_MAX = 128 * 1024

function patternOf({ topics }: StreamSpec): string {
  return topics.count === 1 ? `${topics.prefix}${topics.suffix}` : `${topics.prefix}*${topics.suffix}`
}

function readers(of: readonly StreamSpec[], each: number): SubscriberSpec[] {
  return of.flatMap((one) => Array.from({ length: each }, () => subscriber([patternOf(one)], [STREAMS.indexOf(one)])))
}

const SUBSCRIBERS = [
  ...readers(ORDERS, READERS.orders),
  ...readers(TICKS, READERS.ticks),
  ...readers(ALERTS, READERS.alerts),
  ...readers([NEWS], READERS.news),
  ...readers([BULK], READERS.bulk),
  ...Array.from({ length: EVERYTHING_READERS }, () =>
    // Pattern by pattern, so that a notice of missing events tells whose they are.
    subscriber(
      ORDERS.map(patternOf),
      ORDERS.map((one) => STREAMS.indexOf(one)),
    ),
  ),
]

function soakCase(minutes: number): SoakCase {
  const lengthMs = minutes * MINUTE_MS
  return {
    kind: 'soak',
    variant: '',
    withPeers: false,
    batch: 64,
    payloadBytes: PAYLOAD_BYTES,
    soak: {
      flow: flow(STREAMS, SUBSCRIBERS, {
        cycleEvents: CYCLE_EVENTS,
        churnPerSecond: CHURN_PER_SECOND,
        chunkBytesMax: 64 * 1024,
      }),
      comers: {
        connections: COMERS,
        holdMs: COMER_HOLD_MS,
        of: [...TICKS, ...ALERTS, NEWS].map((one) => ({ pattern: patternOf(one), stream: STREAMS.indexOf(one) })),
      },
      slow: {
        pattern: patternOf(BULK),
        stream: STREAMS.indexOf(BULK),
        readBytesPerSecond: SLOW_BYTES_PER_SECOND,
        bytesMax: SLOW_WAITING_BYTES_MAX,
        eventsMax: 0,
      },
      lengthMs,
      sampleMs: Math.min(SAMPLE_MS, lengthMs / SAMPLES_MIN),
    },
  }
}

/** 5 MiB in ten minutes, which is what such a run can tell from nothing. A longer one tells more. */
const MEMORY_DRIFT_MIB_PER_HOUR_MAX = 32
const TAIL_SHARE = 0.25

export const soak: Scenario = {
  name: 'soak',
  title:
    'a mix on both ports for long: many topics and lanes, subscribers that come and go, one that is slow; drift of memory and latency',
  group: 'soak',
  ours: ['sluice-both'],
  peers: [],
  need: NEEDS_OUTBOX,
  runsMax: 1,
  cases: [soakCase(SOAK_MINUTES)],
  floors: [flatMemory(MEMORY_DRIFT_MIB_PER_HOUR_MAX), flatTail(TAIL_SHARE), unlost()],
}

/** The same for as long as somebody wants. */
export function withSoakOf(minutes: number, scenario: Scenario): Scenario {
  return scenario.name === soak.name ? { ...scenario, cases: [soakCase(minutes)] } : scenario
}
