import type { Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import { readOpenApi } from '../ingress/http/openapi.js'
import type { HttpMeters } from '../ingress/http/options.js'
import type { IngressMeters } from '../ingress/ingress.js'
import type { Tls } from '../ingress/tls/tls.js'
import { LoopWatch } from '../observe/main/loop-watch.js'
import { Observer } from '../observe/main/observer.js'
import { Sampler } from '../observe/main/sampler.js'
import { SessionCensus } from '../observe/main/session-census.js'
import { defineMetrics } from '../observe/metrics/routing-thread.js'
import type { Listener } from './listeners.js'
import type { Logger } from './log.js'

export interface ObservedParts {
  readonly config: Config
  readonly name: string
  readonly software: string
  readonly router: Router
  /** Filled before the first is open. */
  readonly listeners: readonly Listener[]
  readonly ingressMeters: IngressMeters
  readonly httpMeters: HttpMeters
  readonly tls: Tls | null
  readonly log: Logger
}

/** The observer with all that it watches here. */
export function makeObserver(parts: ObservedParts): Observer {
  const { config, name, software, router, log } = parts
  const { admin } = config
  return new Observer({
    settings: {
      name,
      software,
      admin: admin.enabled ? { host: admin.host, port: admin.port, names: admin.names } : null,
      classes: [],
      slos: [],
      webhook: '',
      stateFile: '',
    },
    latency: null,
    metrics: defineMetrics(parts),
    sampler: new Sampler(parts, new LoopWatch(), new SessionCensus(router.sessions)),
    answers: { openapi: readOpenApi },
    isOverloaded: () => router.delivery.isOverloaded,
    probe: (onArrival) => (hasProbe(router) ? router.probe(onArrival) : onArrival()),
    publish: (topic, payload) => publishes(router) && router.publishOwn(topic, payload),
    log: (level, sentence, fields) => log[level](fields, sentence),
  })
}

function hasProbe(router: object): router is { probe(onArrival: () => void): void } {
  return 'probe' in router
}

function publishes(router: object): router is { publishOwn(topic: string, payload: Uint8Array): boolean } {
  return 'publishOwn' in router
}
