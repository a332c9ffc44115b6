import { type Config, digestOf, isAdminOpen, type NamedTopics } from '../config/index.js'
import { LATENCY_BYTES, LatencyCounts } from '../core/latency.js'
import type { Router } from '../core/router.js'
import { readOpenApi } from '../ingress/http/openapi.js'
import type { HttpMeters } from '../ingress/http/options.js'
import type { IngressMeters } from '../ingress/ingress.js'
import type { Tls } from '../ingress/tls/tls.js'
import type { DrainState, OperatorQuestions, ReloadAnswer } from '../observe/control/answers.js'
import { Introspection } from '../observe/introspect/introspection.js'
import { LoopWatch } from '../observe/main/loop-watch.js'
import { Observer } from '../observe/main/observer.js'
import { Sampler } from '../observe/main/sampler.js'
import { SessionCensus } from '../observe/main/session-census.js'
import { defineMetrics } from '../observe/metrics/routing-thread.js'
import type { Answers } from '../observe/questions.js'
import type { ObserverSettings } from '../observe/settings.js'
import { sloSettings } from '../observe/slo/settings.js'
import { AdminProblem } from '../observe/thread/routes.js'
import { isTokenId } from '../security/revocations.js'
import type { Security } from '../security/security.js'
import type { Listener } from './listeners.js'
import type { Logger } from './log.js'
import type { Reloading } from './reload.js'
import { visitorAnswers } from './visitors.js'

/** Lead, op, flags and the lengths of topic and payload. */
const FRAME_HEAD_BYTES_MAX = 32

export interface ObservedParts {
  readonly config: Config
  readonly reloading: Reloading
  readonly operator: Operator
  readonly name: string
  readonly software: string
  readonly router: Router
  readonly security: Security
  /** Filled before the first is open. */
  readonly listeners: readonly Listener[]
  readonly ingressMeters: IngressMeters
  readonly httpMeters: HttpMeters
  readonly tls: Tls | null
  readonly log: Logger
  /** Memory of LatencyCounts; null when nothing is timed. */
  readonly latency: SharedArrayBuffer | null
  /** Is told every few seconds in a line how the daemon is; undefined: nobody wants to know. */
  readonly onStatus: ((line: string) => void) | undefined
}

/** What the daemon does for an operator. */
export interface Operator {
  reload(): Promise<ReloadAnswer>
  /** Null while the daemon starts. */
  readonly shutdown: {
    readonly state: DrainState
    begin(reason: string, handover: boolean | null): Promise<void>
  } | null
}

/** The observer with all that it watches here. */
export function makeObserver(parts: ObservedParts): Observer {
  const { config, name, software, router, log } = parts
  const introspection = new Introspection(router, () => performance.now())
  const census = new SessionCensus(router.sessions)
  return new Observer({
    settings: observerSettings(config, { name, software }),
    latency: parts.latency,
    metrics: defineMetrics({ ...parts, census, configuration: parts.reloading }),
    sampler: new Sampler(parts, new LoopWatch()),
    answers: {
      ...introspection.answers,
      ...operatorAnswers(parts.operator),
      ...visitorAnswers(parts.security),
      revoke: async ({ id }) => (isTokenId(id) ? parts.security.revoke(id) : null),
      openapi: readOpenApi,
    },
    onBeat: () => census.sweep(),
    isOverloaded: () => router.delivery.isOverloaded,
    probe: (onArrival) => router.own.probe(onArrival),
    publish: (topic, payload) => publish(router, topic, payload),
    onStatus: parts.onStatus,
    log: (level, sentence, fields) => log[level](fields, sentence),
  })
}

function operatorAnswers(operator: Operator): Pick<Answers, keyof OperatorQuestions> {
  const shutdown = () => {
    if (operator.shutdown === null) throw new AdminProblem(503, 'the daemon is still starting')
    return operator.shutdown
  }
  return {
    reload: () => {
      shutdown()
      return operator.reload()
    },
    drain: ({ handover }) => {
      void shutdown().begin('sluice drain', handover)
      return shutdown().state
    },
    drainState: () => shutdown().state,
  }
}

/** @param classes of topics that are timed since the start, if the configuration is another one than it was then */
export function observerSettings(
  config: Config,
  { name, software }: Pick<ObservedParts, 'name' | 'software'>,
  classes?: readonly NamedTopics[],
): ObserverSettings {
  const { enabled, host, port, names } = config.admin
  return {
    name,
    software,
    digest: digestOf(config),
    admin: enabled ? { host, port, names, isOpen: isAdminOpen(config) } : null,
    ...sloSettings(config, classes),
  }
}

/** Counters of how long events take, in memory that the observer thread reads, too; null when nothing is to be timed. */
export function makeLatency({ observe }: Config): { counts: LatencyCounts; memory: SharedArrayBuffer } | null {
  if (!observe.latency) return null
  const memory = new SharedArrayBuffer(LATENCY_BYTES)
  return { counts: new LatencyCounts(memory), memory }
}

/** Puts an event of the observer on the bus; false when nobody is subscribed, or when it is larger than any message may be here. */
function publish({ own, options }: Router, topic: string, payload: Uint8Array): boolean {
  if (payload.length + topic.length + FRAME_HEAD_BYTES_MAX > options.messageBytesMax) return false
  return own.publish(topic, payload)
}
