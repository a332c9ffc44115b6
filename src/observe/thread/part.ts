import type { LatencyCounts } from '../../core/latency.js'
import type { Metric } from '../metrics/definition.js'
import type { Question, Questions } from '../questions.js'
import type { Sample } from '../sample.js'
import type { ListenerPlace, ObserverSettings } from '../settings.js'
import type { Route } from './routes.js'

/** What a part of the observer thread can reach. */
export interface ThreadContext {
  /** Change when the configuration is read again; names and classes of topics do not. */
  readonly settings: ObserverSettings
  /** Counted by the routing thread, read here. All zero when nothing is timed. */
  readonly latency: LatencyCounts
  /** Whether a thread before this one has counted what stands there now. */
  readonly isRestart?: boolean
  /** Where clients connect; none until the ports are open. */
  readonly listeners: readonly ListenerPlace[]
  /** Milliseconds of the clock that all threads share. */
  now(): number
  /** Puts an event of the daemon's own on the bus, if anybody is subscribed to its topic, which begins with `$sys.`: the value as msgpack. */
  publish(topic: string, value: unknown): void
  /** Rejects when there is no answer within two seconds: the routing thread stands still then. */
  ask<Q extends Question>(question: Q, given: Questions[Q]['given']): Promise<Questions[Q]['answer']>
  /** Tells whoever started the daemon in a line how it is; undefined when nobody asked. */
  readonly status?: ((line: string) => void) | undefined
  log(level: 'info' | 'warn' | 'error', sentence: string, fields?: Readonly<Record<string, unknown>>): void
}

/**
 * A part of the observer thread: it has a second to itself once a second, and pages of the admin port. Parts are built in one place (parts.ts), each with the
 * parts that it needs.
 */
export interface Part {
  readonly routes: readonly Route[]
  /** What it adds to /metrics; read at each scrape. */
  readonly metrics?: readonly Metric[]
  /**
   * Once a second with what the routing thread has told last.
   * @param before the sample of the tick before
   * @param isFresh whether the routing thread has told anything since then: not while it stands still
   */
  tick(sample: Sample, before: Sample, isFresh: boolean): void
  /** The settings of the context are others now. */
  reconfigured?(before: ObserverSettings): void
  /** Before the thread ends. */
  close?(): void | Promise<void>
}
