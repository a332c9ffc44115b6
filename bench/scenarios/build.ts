import type { FlowSpec, Load, StreamResult, StreamSpec, SubscriberSpec } from '../generator/job.js'
import { DEFAULTS } from '../subjects/subject.js'
import type { Figures, FlowCase } from './scenario.js'

export const PAYLOAD_BYTES = 128
/** Large enough that any loss in practice is no multiple of it, and a multiple of 64. */
export const CYCLE_EVENTS = 64 * 1023
/** With many readers at different places of the cycle, it has to stay in the processor's cache. */
export const SMALL_CYCLE_EVENTS = 64 * 31
const MIB = 1024 * 1024

const IN_FLIGHT_BYTES_MAX = 8 * MIB
/**
 * A flood that is under way may all wait for the one subscriber when the generator is held up, so an outbox takes that
 * much. nats-server's default is 64 MiB, redis-server's 32 MiB.
 */
export const NEEDS_OUTBOX = { ...DEFAULTS, outboxBytesMax: 2 * IN_FLIGHT_BYTES_MAX }
export const NEEDS_NOTHING = DEFAULTS

/** The bus on its usual port. */
export const BUS = { group: 'bus', ours: ['sluice'] } as const

export function stream(topic: string, batch: number, changes: Partial<StreamSpec> = {}): StreamSpec {
  return { topics: { prefix: topic, digits: 0, suffix: '', count: 1 }, lane: 3, batch, eventsPerSecond: 0, ...changes }
}

export function subscriber(patterns: string[], streams: number[]): SubscriberSpec {
  return { patterns, streams }
}

/** In-flight bytes: tens of milliseconds of work at the highest rates, so never what limits; bounded, so that the backlog is. */
export function flow(streams: StreamSpec[], subscribers: SubscriberSpec[], changes: Partial<FlowSpec> = {}): FlowSpec {
  return {
    streams,
    subscribers,
    payloadBytes: PAYLOAD_BYTES,
    cycleEvents: CYCLE_EVENTS,
    inFlightBytesMax: IN_FLIGHT_BYTES_MAX,
    churnPerSecond: 0,
    chunkBytesMax: 256 * 1024,
    ...changes,
  }
}

export function flowCase(variant: string, spec: FlowSpec, figures: FlowCase['figures'], withPeers = true): FlowCase {
  // The fullest batch is what a flood is described by; a paced stream beside it has single events.
  const batch = Math.max(...spec.streams.map((each) => each.batch))
  return { kind: 'flow', variant, withPeers, batch, payloadBytes: spec.payloadBytes, flow: spec, figures }
}

/** Puts a case on its scenario's axis. */
export function placed(item: FlowCase, x: number, line?: string): FlowCase {
  return { ...item, x, ...(line !== undefined && { line }) }
}

/** Marks a case for `--quick`. */
export function quick(item: FlowCase): FlowCase {
  return { ...item, isQuick: true }
}

/** Deliveries of all streams. */
export function rate(streams: readonly StreamResult[]): Figures {
  return { rate: streams.reduce((sum, each) => sum + each.deliveredPerSecond, 0) }
}

/** The same, with the processor time of the daemon for one. */
export function rateAndCost(streams: readonly StreamResult[], load: Load): Figures {
  const { rate: perSecond = 0 } = rate(streams)
  return { rate: perSecond, cpuEach: ((load.subjectCpuPercent / 100) * 1e6) / perSecond }
}

/** Deliveries of all streams, and the payload in them. */
export function rateAndPayload(payloadBytes: number): FlowCase['figures'] {
  return (streams) => {
    const { rate: perSecond = 0 } = rate(streams)
    return { rate: perSecond, payload: (perSecond * payloadBytes) / 1e6 }
  }
}

/** Percentiles of the moment in which the last subscriber has an event, and of any one's. */
export function lastLatency(streams: readonly StreamResult[]): Figures {
  const last = streams.find((each) => each.last !== null)?.last
  if (last === undefined || last === null) return {}
  return { ...latency(streams), 'last p50': last.p50Us, 'last p99': last.p99Us, 'last p99.9': last.p999Us }
}

/** Percentiles of the first stream that has them. */
export function latency(streams: readonly StreamResult[]): Figures {
  const measured = streams.find((each) => each.latency !== null)?.latency
  if (measured === undefined || measured === null) return {}
  return { p50: measured.p50Us, p99: measured.p99Us, 'p99.9': measured.p999Us }
}

/** The same, and how late the generator itself was, which is part of them. */
export function latencyAndRate(streams: readonly StreamResult[]): Figures {
  const late = Math.max(0, ...streams.flatMap((each) => each.latency?.sendLateP99Us ?? []))
  return { ...latency(streams), ...rate(streams), 'send late p99': late }
}

/** What is paced waits for nobody: when the generator is held up, all of it waits in the subject. */
export const NEEDS_BACKLOG = { ...DEFAULTS, outboxBytesMax: 64 * MIB, outboxEventsMax: 1_000_000 }

export const bytes = { MIB }
