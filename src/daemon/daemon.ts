import { type Config, type ConfigSource, digestOf, topicClassesOf } from '../config/index.js'
import type { ReloadAnswer } from '../observe/control/answers.js'
import { forUrl, type Listener } from './listeners.js'
import { makeLog } from './log.js'
import { openParts } from './parts.js'
import { Reloading } from './reload.js'
import { Shutdown } from './shutdown.js'
import { ServiceManager } from './systemd/service-manager.js'

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
  /** Tells one configuration from another: of what runs now. */
  readonly digest: string
  /** Reads the configuration and its files again, takes up all of it that can be or nothing, and says in the log what came of it. */
  reload(): Promise<ReloadAnswer>
  /** Drains: accepts no more connections, sends everybody away, flushes. Resolves when all is closed. */
  stop(reason: string): Promise<void>
  /** Resolves when stop has done its work. */
  readonly stopped: Promise<void>
}

/**
 * Builds the parts and starts them. Rejects with a sentence for the operator when it cannot.
 * @param source that the configuration can be read from again
 */
export async function startDaemon(config: Config, source: ConfigSource = fixed(config)): Promise<Daemon> {
  const log = makeLog(config.log)
  const manager = await ServiceManager.from(process.env, (sentence) => log.warn(sentence))
  const reloading = new Reloading(config, source, config.observe.latency ? topicClassesOf(config) : [], log)
  let shutdown: Shutdown | null = null
  const operator = {
    async reload(): Promise<ReloadAnswer> {
      manager.reloading()
      const reloaded = await reloading.reload()
      manager.reloadDone(summaryOf(reloaded))
      return reloaded
    },
    get shutdown() {
      return shutdown
    },
  }
  const onStatus = manager.isListening ? (line: string) => manager.status(line) : undefined
  const parts = await openParts(reloading, operator, log, onStatus)
  const ending = new Shutdown(
    parts,
    () => reloading.config,
    (msMax) => manager.stopping(msMax),
  )
  shutdown = ending
  const { name, listeners, observer } = parts
  observer.setListeners(listeners.map(({ name, url, about }) => ({ name, url, about })))
  observer.phase = 'ready'
  const urlOf = (name: Listener['name']): string => listeners.find((listener) => listener.name === name)?.url ?? ''
  const urls = { url: urlOf('listen'), http2Url: urlOf('http2'), httpsUrl: urlOf('https') }
  const adminUrl = config.admin.enabled ? `http://${forUrl(config.admin.host)}:${parts.adminPort}` : ''
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
      config: reloading.digest,
    },
    'listening',
  )
  manager.ready()
  manager.watch((onArrival) => parts.router.own.probe(onArrival))

  return {
    ...urls,
    adminUrl,
    engine,
    get digest() {
      return reloading.digest
    },
    reload: operator.reload,
    stop: (reason) => ending.begin(reason),
    stopped: ending.finished.then(() => manager.close()),
  }
}

function fixed(config: Config): ConfigSource {
  const digest = digestOf(config)
  return { digest, read: () => ({ ok: true, config, digest, sources: [] }) }
}

function summaryOf(reloaded: ReloadAnswer): string {
  if (!reloaded.ok) return 'the configuration could not be taken up, see the log; the one before stays in use'
  const { changed, needsRestart, digest } = reloaded
  const waiting = needsRestart.length === 0 ? '' : `, ${needsRestart.length} more need a restart`
  return `configuration ${digest}: ${changed.length} changed${waiting}`
}
