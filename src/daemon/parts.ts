import { hostname } from 'node:os'
import { performance as nodePerformance } from 'node:perf_hooks'
import { version } from '../base/package.js'
import { Router } from '../core/router.js'
import { Admission } from '../ingress/admission.js'
import { HttpApi } from '../ingress/http/api.js'
import { HttpMeters } from '../ingress/http/options.js'
import { IngressMeters } from '../ingress/ingress.js'
import { TlsMeters } from '../ingress/tls/options.js'
import type { Tls } from '../ingress/tls/tls.js'
import type { Observer } from '../observe/main/observer.js'
import type { Security } from '../security/security.js'
import { admissionLimits } from './admission.js'
import { certificateReload, loadCertificate } from './certificate.js'
import { coreOptions } from './core-options.js'
import { httpOptions } from './http-options.js'
import { explain, type Listener, makeListeners } from './listeners.js'
import type { Logger } from './log.js'
import { makeLatency, makeObserver, type Operator, observerSettings } from './observation.js'
import type { Reloading } from './reload.js'
import {
  allowOwnPages,
  coreReload,
  httpReload,
  listenersReload,
  logReload,
  observerReload,
  ownPagesReload,
} from './reloadables.js'
import { openSecurity, securityReload } from './security.js'

/** Soft bounds, idle topics and the deadlines of requests are looked at this often. */
const TICK_INTERVAL_MS = 1000

/** What a daemon consists of. */
export interface Parts {
  /** What it calls itself. */
  readonly name: string
  readonly log: Logger
  readonly tls: Tls | null
  readonly router: Router
  readonly security: Security
  readonly api: HttpApi
  readonly observer: Observer
  /** Filled before the first is open; the first is [listen]. */
  readonly listeners: readonly Listener[]
  /** 0 when it is off. */
  readonly adminPort: number
  /** What is done once a second, until it is cleared. */
  readonly tick: NodeJS.Timeout
}

/**
 * Builds the parts and opens the ports, and adds those that can go on with another configuration to `reloading`. Rejects with a sentence for the operator
 * when it cannot; nothing is open then.
 * @param onStatus is told every few seconds in a line how the daemon is
 */
export async function openParts(
  reloading: Reloading,
  operator: Operator,
  log: Logger,
  onStatus?: (line: string) => void,
): Promise<Parts> {
  const { config } = reloading
  const software = `sluice/${version()}`
  const tls = loadCertificate(config, new TlsMeters(), log)
  const latency = makeLatency(config)
  const router = new Router(coreOptions(config, software, latency?.counts ?? null), {
    now: () => performance.now(),
    schedule: setImmediate,
    idleMs: () => nodePerformance.nodeTiming.idleTime,
  })
  const { security, door } = await openSecurity(config, router, log)
  const ingressMeters = new IngressMeters()
  const httpMeters = new HttpMeters()
  const ownHttpOptions = httpOptions(config)
  const api = new HttpApi(router, ownHttpOptions, httpMeters, software, door)
  const warn = (sentence: string): void => log.warn(sentence)
  const name = config.server.name === '' ? hostname() : config.server.name
  const admission = new Admission(admissionLimits(config, warn), ingressMeters)
  const listeners: Listener[] = []
  const watched = {
    config,
    reloading,
    operator,
    name,
    software,
    router,
    security,
    listeners,
    ingressMeters,
    httpMeters,
    tls,
    log,
  }
  const observer = makeObserver({ ...watched, latency: latency?.memory ?? null, onStatus })
  // Its thread starts while the ports are made and opened.
  const opened = observer.start().catch(explain('admin'))
  opened.catch(() => {})
  try {
    const parts = { router, api, meters: ingressMeters, admission, door, tls, warn }
    listeners.push(...(await makeListeners(config, parts)))
    await Promise.all([opened, ...listeners.map((listener) => listener.open())])
    allowOwnPages(door, await opened, config)
  } catch (error) {
    for (const { ingress } of listeners) ingress.stopListening()
    tls?.close()
    security.close()
    await observer.stop()
    throw error
  }
  const tick = setInterval(() => {
    router.tick()
    api.tick(performance.now())
  }, TICK_INTERVAL_MS)
  if (tls !== null) reloading.add(certificateReload(tls))
  reloading.add(
    securityReload(security, door, log),
    logReload(log),
    coreReload(router),
    httpReload(ownHttpOptions),
    listenersReload(listeners, admission, warn),
    ownPagesReload(door, await opened),
    observerReload(observer, (next) => observerSettings(next, { name, software }, reloading.classes)),
  )
  return { name, log, tls, router, security, api, observer, listeners, adminPort: await opened, tick }
}
