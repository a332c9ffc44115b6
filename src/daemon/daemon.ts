import { hostname } from 'node:os'
import { performance as nodePerformance } from 'node:perf_hooks'
import { version } from '../base/package.js'
import type { Config } from '../config/index.js'
import { Router } from '../core/router.js'
import { HttpApi } from '../ingress/http/api.js'
import { HttpMeters, type HttpOptions } from '../ingress/http/options.js'
import { IngressMeters } from '../ingress/ingress.js'
import { TlsMeters } from '../ingress/tls/options.js'
import { loadCertificate, reloadCertificate } from './certificate.js'
import { coreOptions } from './core-options.js'
import { type DrainResult, drainSessions } from './drain.js'
import { explain, forUrl, type Listener, makeListeners } from './listeners.js'
import { type Logger, makeLog } from './log.js'
import { makeLatency, makeObserver } from './observation.js'

/** Soft bounds, idle topics and the deadlines of requests are looked at this often. */
const TICK_INTERVAL_MS = 1000

export interface Daemon {
  /** Where clients connect: the port of [listen]. */
  readonly url: string
  /** The ports of [http2] and [https]; empty when they are off. */
  readonly http2Url: string
  readonly httpsUrl: string
  /** Where operators look; empty when the admin port is off. */
  readonly adminUrl: string
  /** The ingress engine of [listen], for people. */
  readonly engine: string
  /** Reads the certificate's files again, and says in the log what came of it. */
  reload(): Promise<void>
  /** Drains: accepts no more connections, sends everybody away, flushes. Resolves when all is closed. */
  stop(reason: string): Promise<void>
  /** Resolves when stop has done its work. */
  readonly stopped: Promise<void>
}

/** Builds the parts and starts them. Rejects with a sentence for the operator when it cannot. */
export async function startDaemon(config: Config): Promise<Daemon> {
  const log = makeLog(config.log)
  const software = `sluice/${version()}`
  const tls = loadCertificate(config, new TlsMeters(), log)
  const latency = makeLatency(config)
  const router = new Router(coreOptions(config, software, latency?.counts ?? null), {
    now: () => performance.now(),
    schedule: setImmediate,
    idleMs: () => nodePerformance.nodeTiming.idleTime,
  })
  const ingressMeters = new IngressMeters()
  const httpMeters = new HttpMeters()
  const api = new HttpApi(router, httpOptions(config), httpMeters, software)
  const warn = (sentence: string): void => log.warn(sentence)
  const name = config.server.name === '' ? hostname() : config.server.name
  const listeners: Listener[] = []
  const parts = { config, name, software, router, listeners, ingressMeters, httpMeters, tls, log }
  const observer = makeObserver({ ...parts, latency: latency?.memory ?? null })
  // Its thread starts while the ports are made and opened.
  const opened = observer.start().catch(explain('admin'))
  opened.catch(() => {})
  try {
    listeners.push(...(await makeListeners(config, { router, api, meters: ingressMeters, tls, warn })))
    await Promise.all([opened, ...listeners.map((listener) => listener.open())])
  } catch (error) {
    for (const { ingress } of listeners) ingress.stopListening()
    tls?.close()
    await observer.stop()
    throw error
  }
  const adminPort = await opened
  const tick = setInterval(() => {
    router.tick()
    api.tick(performance.now())
  }, TICK_INTERVAL_MS)
  observer.setListeners(listeners.map(({ name, url, about }) => ({ name, url, about })))
  observer.phase = 'ready'
  const urlOf = (name: Listener['name']): string => listeners.find((listener) => listener.name === name)?.url ?? ''
  const urls = { url: urlOf('listen'), http2Url: urlOf('http2'), httpsUrl: urlOf('https') }
  const adminUrl = config.admin.enabled ? `http://${forUrl(config.admin.host)}:${adminPort}` : ''
  const { engine } = listeners[0].ingress
  log.info(
    {
      name,
      url: urls.url,
      http2: urls.http2Url,
      https: urls.httpsUrl,
      admin: adminUrl,
      engine,
      node: process.versions.node,
    },
    'listening',
  )

  let tellStopped: () => void
  const stopped = new Promise<void>((resolve) => {
    tellStopped = resolve
  })
  let stopping: Promise<void> | null = null
  const stop = async (reason: string): Promise<void> => {
    log.info({ reason, sessions: router.sessions.size }, 'draining')
    observer.phase = 'draining'
    for (const { ingress } of listeners) ingress.stopListening()
    api.drain()
    const drained = await drainSessions(router, {
      timeoutMs: config.shutdown.drainTimeoutMs,
      spreadMs: config.shutdown.goawaySpreadMs,
    })
    clearInterval(tick)
    api.close()
    await Promise.all(listeners.map(({ ingress }) => ingress.close()))
    tls?.close()
    observer.phase = 'stopped'
    await observer.stop()
    report(log, router, drained)
    tellStopped()
  }
  return {
    ...urls,
    adminUrl,
    engine,
    async reload() {
      reloadCertificate(tls, log)
    },
    stop(reason) {
      stopping ??= stop(reason)
      return stopping
    },
    stopped,
  }
}

function httpOptions({ http }: Config): HttpOptions {
  return {
    bodyBytesMax: http.bodyBytesMax,
    bodyTimeoutMs: http.bodyTimeoutMs,
    heartbeatMs: http.heartbeatMs,
    resumeTimeMs: http.resumeTimeMs,
    resumeBytes: http.resumeBytes,
    corsOrigins: http.corsOrigins,
  }
}

function report(log: Logger, router: Router, { lost, behind }: DrainResult): void {
  const { accepted, delivered, dropped } = router.meters
  log.info(
    { accepted, delivered, dropped: dropped.reduce((sum, n) => sum + n, 0), lostAtStop: lost, sessionsBehind: behind },
    'stopped',
  )
}
