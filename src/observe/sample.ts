import type { Phase } from './phase.js'

/**
 * What the routing thread tells the observer thread of itself, once a second and whenever it is asked: plain data. Counters run since the start; what
 * says "of this interval" is since the sample before.
 */
export interface Sample {
  /** Milliseconds of the clock that all threads share (clock.ts). */
  readonly atMs: number
  readonly phase: Phase
  readonly isOverloaded: boolean
  readonly core: CoreSample
  readonly work: WorkSample
  readonly loop: LoopSample
  readonly memory: MemorySample
  readonly transports: TransportSample
  /** The subscribers that are furthest behind now, worst first; at most SLOW_SUBSCRIBERS_MAX. */
  readonly slow: readonly SlowSubscriber[]
}

/** Meters of the core (core/meters.ts), in events unless named otherwise. */
export interface CoreSample {
  readonly accepted: number
  readonly acceptedBytes: number
  readonly runs: number
  readonly routed: number
  readonly unmatched: number
  readonly expiredUnrouted: number
  readonly matched: number
  readonly delivered: number
  readonly writes: number
  readonly writtenBytes: number
  readonly pendingInLanes: number
  readonly pendingInOutboxes: number
  readonly gaps: number
  readonly slowConsumers: number
  readonly routedByLane: readonly number[]
  /** Runs that wait in each lane. */
  readonly laneDepths: readonly number[]
  /** By reason (DROP_REASONS). */
  readonly dropped: Readonly<Record<string, number>>
  /** Refused events and frames by name of the code. */
  readonly refused: Readonly<Record<string, number>>
  readonly topics: number
  readonly patterns: number
  readonly sessions: number
  readonly subscriptions: number
  /** Outboxes whose link takes nothing at the moment. */
  readonly blockedOutboxes: number
}

/** Milliseconds that the routing thread has spent so, since the start. `accept` and `write` are estimated from samples; `match` is part of `accept`, `write` of `drain`. */
export interface WorkSample {
  readonly acceptMs: number
  readonly matchMs: number
  readonly drainMs: number
  readonly writeMs: number
  /** Walks through the patterns that were needed because a match was not cached. */
  readonly matches: number
  readonly drains: number
  /** Bytes of JSON that were put into frames before they were accepted. */
  readonly transcodedBytes: number
}

/** The event loop of the routing thread. */
export interface LoopSample {
  /** How late timers were in this interval, milliseconds. */
  readonly lagP50Ms: number
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** Share of this interval in which the loop was not waiting for input, 0 to 1. */
  readonly utilization: number
  /** Pauses since the start, by kind (minor, major, incremental, weakcb). */
  readonly gc: Readonly<Record<string, { readonly count: number; readonly ms: number }>>
  /** The longest pause of this interval, milliseconds. */
  readonly gcMaxMs: number
  /** Processor time of the whole process since the start, seconds. */
  readonly cpuUserS: number
  readonly cpuSystemS: number
}

/** Bytes. */
export interface MemorySample {
  readonly budget: number
  readonly used: number
  readonly resident: number
  readonly heapUsed: number
  readonly heapLimit: number
  readonly external: number
  /** Objects and buffers that are out of their pools now, by pool. */
  readonly pools: Readonly<Record<string, number>>
}

export interface TransportSample {
  /** Open connections by name of the listener. */
  readonly connections: Readonly<Record<string, number>>
  readonly opened: number
  readonly messages: number
  /** Requests over HTTP that were answered. */
  readonly requests: number
  /** By name of the close code. */
  readonly closed: Readonly<Record<string, number>>
  readonly handshakesFailed: number
}

export const SLOW_SUBSCRIBERS_MAX = 10

export interface SlowSubscriber {
  readonly session: number
  /** What the client calls itself; empty when it said nothing. */
  readonly name: string
  /** Address and port of the peer. */
  readonly address: string
  readonly pendingBytes: number
  readonly pendingEvents: number
  /** Events dropped for this session since it opened. */
  readonly dropped: number
  /** How long its link has been taking nothing. */
  readonly blockedMs: number
}
