import { hostname } from 'node:os'
import { version } from '../base/package.js'
import type { Config } from '../config/index.js'
import { Router } from '../core/router.js'
import { type Ingress, IngressMeters } from '../ingress/ingress.js'
import { loadUws, UwsIngress } from '../ingress/uws/uws-ingress.js'
import { AdminServer } from '../observe/admin.js'
import { Health } from '../observe/health.js'
import { makeRegistry } from '../observe/metrics.js'
import { coreOptions } from './core-options.js'
import { connectionsWithin, descriptorsMax } from './descriptors.js'
import { type DrainResult, drainSessions } from './drain.js'
import { type Logger, makeLog } from './log.js'

/** Soft bounds and idle topics are looked at this often. */
const TICK_INTERVAL_MS = 1000

export interface Daemon {
  /** Where clients connect. */
  readonly url: string
  /** Where operators look; empty when the admin port is off. */
  readonly adminUrl: string
  /** The ingress engine, for people. */
  readonly engine: string
  /** Drains: accepts no more connections, sends everybody away, flushes. Resolves when all is closed. */
  stop(reason: string): Promise<void>
  /** Resolves when stop has done its work. */
  readonly stopped: Promise<void>
}

/** Builds the parts and starts them. Rejects with a sentence for the operator when it cannot. */
export async function startDaemon(config: Config): Promise<Daemon> {
  const log = makeLog(config.log)
  const software = `sluice/${version()}`
  const router = new Router(coreOptions(config, software), { now: () => performance.now(), schedule: setImmediate })
  const ingressMeters = new IngressMeters()
  const ingress = await makeIngress(config, router, ingressMeters, log)
  const health = new Health(() => router.delivery.isOverloaded)
  const admin = config.admin.enabled
    ? new AdminServer(health, makeRegistry({ router, ingress, ingressMeters, software }), () => ({
        software,
        listeners: [{ name: 'listen', url, about: 'WebSocket' }],
        openapi: '',
      }))
    : null
  let url = ''

  const adminPort =
    admin === null ? 0 : await admin.listen(config.admin.host, config.admin.port).catch(explain('admin'))
  const port = await ingress
    .listen(config.listen.host, config.listen.port)
    .catch(explain('listen'))
    .catch(async (error: Error) => {
      await admin?.close()
      throw error
    })
  const tick = setInterval(() => router.tick(), TICK_INTERVAL_MS)
  health.phase = 'ready'
  url = `ws://${forUrl(config.listen.host)}:${port}`
  const adminUrl = admin === null ? '' : `http://${forUrl(config.admin.host)}:${adminPort}`
  const name = config.server.name === '' ? hostname() : config.server.name
  log.info({ name, url, admin: adminUrl, engine: ingress.engine, node: process.versions.node }, 'listening')

  let tellStopped: () => void
  const stopped = new Promise<void>((resolve) => {
    tellStopped = resolve
  })
  let stopping: Promise<void> | null = null
  const stop = async (reason: string): Promise<void> => {
    log.info({ reason, sessions: router.sessions.size }, 'draining')
    health.phase = 'draining'
    ingress.stopListening()
    const drained = await drainSessions(router, {
      timeoutMs: config.shutdown.drainTimeoutMs,
      spreadMs: config.shutdown.goawaySpreadMs,
    })
    clearInterval(tick)
    health.phase = 'stopped'
    await admin?.close()
    report(log, router, drained)
    tellStopped()
  }
  return {
    url,
    adminUrl,
    engine: ingress.engine,
    stop(reason) {
      stopping ??= stop(reason)
      return stopping
    },
    stopped,
  }
}

async function makeIngress(config: Config, router: Router, meters: IngressMeters, log: Logger): Promise<Ingress> {
  const uws = await loadUws()
  if (typeof uws === 'string') throw new Error(`${uws}; use Node 20 or 22 on glibc`)
  const { idleTimeoutMs, messageBytesMax, receiveBufferBytes, sendBufferBytes } = config.listen
  const socketBuffers = { receive: receiveBufferBytes, send: sendBufferBytes }
  const warn = (sentence: string): void => log.warn(sentence)
  const connectionsMax = connectionsWithin(config.listen.connectionsMax, descriptorsMax(), warn)
  return new UwsIngress(uws, router, { connectionsMax, idleTimeoutMs, messageBytesMax, socketBuffers, warn }, meters)
}

/** Says which option an address came from. */
function explain(section: string): (error: Error) => never {
  return (error) => {
    throw new Error(`${error.message} (${section}.host, ${section}.port)`)
  }
}

function report(log: Logger, router: Router, { lost, behind }: DrainResult): void {
  const { accepted, delivered, dropped } = router.meters
  log.info(
    { accepted, delivered, dropped: dropped.reduce((sum, n) => sum + n, 0), lostAtStop: lost, sessionsBehind: behind },
    'stopped',
  )
}

function forUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
