import type { Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import type { Door } from '../ingress/door.js'
import type { HttpHandler, Ingress, IngressMeters } from '../ingress/ingress.js'
import { NodeIngress, type NodeIngressOptions } from '../ingress/node/node-ingress.js'
import type { Tls } from '../ingress/tls/tls.js'
import { loadUws, UwsIngress } from '../ingress/uws/uws-ingress.js'
import { connectionsWithin, descriptorsMax } from './descriptors.js'

/** What every port needs. */
export interface ListenerParts {
  readonly router: Router
  readonly api: HttpHandler
  readonly meters: IngressMeters
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
  setOptions(options: NodeIngressOptions): void {
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
  const options = { ...ingressOptions(config, parts.warn), door: parts.door }
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
  { listen, http2 }: Config,
  { router, api, meters, tls, warn }: ListenerParts,
  options: NodeIngressOptions,
  onNode: (tls: Tls | null) => Ingress,
): Promise<Ingress> {
  const secure = listen.tls ? tls : null
  if (listen.engine === 'node') return onNode(secure)
  const uws = await loadUws(http2.headerBytesMax)
  if (typeof uws !== 'string') return new UwsIngress(uws, router, api, options, meters, secure)
  if (listen.engine === 'uws') throw new Error(`${uws} (listen.engine)`)
  warn(`${uws}: port ${listen.port} is served by Node's streams, where an idle connection takes more memory`)
  return onNode(secure)
}

export function ingressOptions({ listen, http2 }: Config, warn: (sentence: string) => void): NodeIngressOptions {
  return {
    listener: 'listen',
    connectionsMax: connectionsWithin(listen.connectionsMax, descriptorsMax(), warn),
    idleTimeoutMs: listen.idleTimeoutMs,
    messageBytesMax: listen.messageBytesMax,
    socketBuffers: { receive: listen.receiveBufferBytes, send: listen.sendBufferBytes },
    warn,
    streamsMax: http2.streamsMax,
    headerBytesMax: http2.headerBytesMax,
    headerTimeoutMs: http2.headerTimeoutMs,
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
