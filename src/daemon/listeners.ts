import { admitsAnonymous, type Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import type { Admission } from '../ingress/admission.js'
import type { Door } from '../ingress/door.js'
import type { HttpHandler, Ingress, IngressMeters } from '../ingress/ingress.js'
import { NodeIngress, type NodeIngressOptions } from '../ingress/node/node-ingress.js'
import type { Tls } from '../ingress/tls/tls.js'
import { loadUws, UwsIngress } from '../ingress/uws/uws-ingress.js'
import { trustedProxies } from './admission.js'

/** What every port needs. */
export interface ListenerParts {
  readonly router: Router
  readonly api: HttpHandler
  readonly meters: IngressMeters
  readonly admission: Admission
  readonly door: Door
  /** Null when no certificate is configured. */
  readonly tls: Tls | null
  /** Is told, in a sentence for the operator, what works less well here than it should. */
  warn(sentence: string): void
}

/** A port that clients connect to. */
export class Listener {
  /** Empty until it is open. */
  url = ''

  constructor(
    /** Name of its section of the configuration. */
    readonly name: 'listen' | 'http2' | 'https',
    /** What is spoken there, for people. */
    readonly about: string,
    readonly ingress: Ingress,
    private readonly scheme: string,
    private readonly address: { readonly host: string; readonly port: number },
    private readonly options: NodeIngressOptions,
  ) {}

  /** Goes on with other options; those that need a restart are as they were. */
  setOptions(options: ConfiguredOptions): void {
    Object.assign(this.options, options, { listener: this.name })
    this.ingress.optionsChanged()
  }

  /** Rejects with a sentence that names the options. */
  async open(): Promise<void> {
    const { host, port } = this.address
    const bound = await this.ingress.listen(host, port).catch(explain(this.name))
    this.url = `${this.scheme}://${forUrl(host)}:${bound}`
  }
}

/** The ports that the configuration asks for, none of them open yet. The first is [listen]. */
export async function makeListeners(config: Config, parts: ListenerParts): Promise<Listener[]> {
  const { admission, door, warn } = parts
  const options: NodeIngressOptions = { ...ingressOptions(config), admission, door, warn }
  const { router, api, meters, tls } = parts
  const onNode = (options: NodeIngressOptions, secure: Tls | null): Ingress =>
    new NodeIngress(router, api, options, meters, secure)

  const listeners = [
    new Listener(
      'listen',
      'WebSocket and HTTP/1.1',
      await makeFirst(config, parts, options, (secure) => onNode(options, secure)),
      config.listen.tls && tls !== null ? 'wss' : 'ws',
      config.listen,
      options,
    ),
  ]
  if (config.http2.enabled) {
    const about = 'HTTP/2, HTTP/1.1 and WebSocket over both, on the streams of Node'
    const own: NodeIngressOptions = { ...options, listener: 'http2' }
    listeners.push(new Listener('http2', about, onNode(own, null), 'http', config.http2, own))
  }
  if (config.https.enabled && tls !== null) {
    const about = 'the same with TLS'
    const own: NodeIngressOptions = { ...options, listener: 'https' }
    listeners.push(new Listener('https', about, onNode(own, tls), 'https', config.https, own))
  }
  return listeners
}

/** The engine of [listen]: Node's streams where uWebSockets.js is not wanted, or has no binary. */
async function makeFirst(
  { listen, http2, security }: Config,
  { router, api, meters, tls, warn }: ListenerParts,
  options: NodeIngressOptions,
  onNode: (tls: Tls | null) => Ingress,
): Promise<Ingress> {
  const secure = listen.tls ? tls : null
  if (listen.engine === 'node') return onNode(secure)
  if (security.proxyProtocol) {
    // It would take a header of the PROXY protocol from anybody, and before each request of a connection another one.
    const engine = listen.engine === 'uws' ? ' (listen.engine)' : ''
    warn(
      `port ${listen.port} is served by Node's streams: uWebSockets.js cannot be told whose PROXY header to take${engine}`,
    )
    return onNode(secure)
  }
  if (secure?.asksClients === true) {
    warn(`port ${listen.port} is served by Node's streams: on uWebSockets.js no client is asked for its certificate`)
    return onNode(secure)
  }
  const uws = await loadUws(http2.headerBytesMax)
  if (typeof uws !== 'string') return new UwsIngress(uws, router, api, options, meters, secure)
  if (listen.engine === 'uws') throw new Error(`${uws} (listen.engine)`)
  warn(`${uws}: port ${listen.port} is served by Node's streams, where an idle connection takes more memory`)
  return onNode(secure)
}

/** What the configuration says of a port. */
export type ConfiguredOptions = Omit<NodeIngressOptions, 'admission' | 'door' | 'warn'>

/** @throws Error with a sentence for the operator */
export function ingressOptions(config: Config): ConfiguredOptions {
  const { auth, listen, http2, security, limits } = config
  return {
    listener: 'listen',
    proxies: trustedProxies(config),
    proxyProtocol: security.proxyProtocol,
    idleTimeoutMs: listen.idleTimeoutMs,
    messageBytesMax: listen.messageBytesMax,
    messageTimeMs: limits.messageTimeMs,
    socketBuffers: { receive: listen.receiveBufferBytes, send: listen.sendBufferBytes },
    streamsMax: http2.streamsMax,
    headerBytesMax: http2.headerBytesMax,
    // Whoever has to say who they are has not done so before the head.
    headerTimeoutMs: admitsAnonymous(config) ? http2.headerTimeoutMs : Math.min(http2.headerTimeoutMs, auth.timeoutMs),
    httpIdleTimeoutMs: http2.idleTimeoutMs,
    resetsMax: http2.resetsMax,
    controlFramesMax: http2.controlFramesMax,
  }
}

/** Says which options an address came from. */
export function explain(section: string): (error: Error) => never {
  return (error) => {
    throw new Error(`${error.message} (${section}.host, ${section}.port)`)
  }
}

export function forUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
