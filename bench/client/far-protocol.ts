import type { Target } from '../generator/job.js'
import type { ClientSpec, ClientTally } from './job.js'

/** Events that may be under way between the two ends: less than any server keeps for a subscriber, and milliseconds of work at the highest rates. */
export const WINDOW_EVENTS = 64 * 1024
/** Who receives tells of so many at a time. */
export const REPORT_EVENTS = 8 * 1024

export type ToFar =
  | { kind: 'begin'; target: Target; client: ClientSpec }
  /** To the end that publishes: go on until told. */
  | { kind: 'publish' }
  | { kind: 'stop' }
  /** What has arrived so far. */
  | { kind: 'received'; events: number }
  /** To the end that receives: so many were published; say what came of them. */
  | { kind: 'published'; events: number }

export type FromFar =
  | { kind: 'ready' }
  | { kind: 'received'; events: number }
  /** The end that publishes has stopped; the server has taken so many. */
  | { kind: 'published'; events: number }
  | { kind: 'came'; tally: ClientTally }
  | { kind: 'failed'; error: string }
