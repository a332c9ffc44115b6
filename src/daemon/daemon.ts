import type { Config } from '../config/index.js'
import { reloadCertificate } from './certificate.js'
import { forUrl, type Listener } from './listeners.js'
import { makeLog } from './log.js'
import { openParts } from './parts.js'
import { shutDown } from './shutdown.js'
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
  const manager = await ServiceManager.from(process.env, (sentence) => log.warn(sentence))
  const parts = await openParts(config, log, manager.isListening ? (line) => manager.status(line) : undefined)
  const { name, listeners, observer, tls } = parts
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
    },
    'listening',
  )
  manager.ready()
  manager.watch((onArrival) => parts.router.own.probe(onArrival))

  let tellStopped: () => void
  const stopped = new Promise<void>((resolve) => {
    tellStopped = resolve
  })
  let stopping: Promise<void> | null = null
  return {
    ...urls,
    adminUrl,
    engine,
    async reload() {
      manager.reloading()
      reloadCertificate(tls, log)
      manager.reloadDone('the certificate was read again')
    },
    stop(reason) {
      if (stopping !== null) return stopping
      manager.stopping(config.shutdown.drainTimeoutMs)
      stopping = shutDown(parts, config, reason).then(() => {
        manager.close()
        tellStopped()
      })
      return stopping
    },
    stopped,
  }
}
