import type { Target } from '../generator/job.js'
import type { ClientSpec, ClientTally } from './job.js'

/** Who receives tells of it when so many more have arrived, as parts of the events that may be under way. */
export const REPORTS_A_WINDOW = 8

export type ToFar =
  | { kind: 'begin'; target: Target; client: ClientSpec; windowEvents: number }
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
