import type { Session } from './session.js'

/** What became of a traced event at one receiver: written to its link; written, but its transport could not pass all of it on; put among what waits; gone. */
export type TraceOutcome = 'sent' | 'buffered' | 'waiting' | 'gone'

export interface TracedReceiver {
  readonly session: Session
  /** The pattern of the subscription that it came by. */
  readonly pattern: string
  readonly outcome: TraceOutcome
  /** Clock milliseconds at which it was written, or put among what waits. */
  readonly atMs: number
  /** What waits for this session then, itself included. */
  readonly waitingEvents: number
  readonly waitingBytes: number
}

/** An event's way, in clock milliseconds. */
export interface TraceReport {
  readonly acceptedMs: number
  /** When it was taken out of its lane. */
  readonly drainedMs: number
  readonly receivers: readonly TracedReceiver[]
}

/** Goes with a run of one event until it has been handed out. */
export interface TraceSheet {
  readonly acceptedMs: number
  /** Must not call back into the core. */
  done(report: TraceReport): void
}
