import type { MetricMetadata } from './metrics/definition.js'
import type { Question } from './questions.js'
import type { Sample } from './sample.js'
import type { ListenerPlace, ObserverSettings } from './settings.js'

/** What the observer thread is started with. */
export interface ThreadStart {
  readonly settings: ObserverSettings
  /** Memory of LatencyCounts; null when nothing is timed. */
  readonly latency: SharedArrayBuffer | null
  readonly board: SharedArrayBuffer
  /** Whether a thread before this one has ended: what has been counted until now was that one's. */
  readonly isRestart: boolean
  /** Whether anybody wants to be told in a line how the daemon is. */
  readonly isStatusWanted: boolean
  /** Of the metrics whose values come with each answer to `sample`, in their order. */
  readonly metrics: readonly MetricMetadata[]
}

/** From the routing thread. */
export type ToThread =
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  /** @param status of an AdminProblem; 0 for what should not have happened. */
  | { readonly kind: 'refusal'; readonly id: number; readonly status: number; readonly message: string }
  | { readonly kind: 'listeners'; readonly listeners: readonly ListenerPlace[] }
  /** The configuration has changed; of the admin port only its names. */
  | { readonly kind: 'settings'; readonly settings: ObserverSettings }
  | { readonly kind: 'stop' }

export type LogLevel = 'info' | 'warn' | 'error'

/** To the routing thread. */
export type FromThread =
  /** The admin port is open; 0 when there is none. */
  | { readonly kind: 'open'; readonly port: number }
  /** It could not be opened: a sentence for the operator. */
  | { readonly kind: 'closed'; readonly message: string }
  | { readonly kind: 'ready' }
  /** All is closed: the thread may be ended. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question; readonly given: unknown }
  | { readonly kind: 'publish'; readonly topic: string; readonly payload: Uint8Array }
  | { readonly kind: 'status'; readonly line: string }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly sentence: string
      readonly fields: Readonly<Record<string, unknown>>
    }
