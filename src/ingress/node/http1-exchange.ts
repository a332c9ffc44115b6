import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { TrustedProxies } from '../addresses.js'
import type { BodyReceiver, Headers, HttpExchange } from '../http/exchange.js'
import { RemotePeer, type Transport } from '../peer.js'
import type { ProxiedClient } from '../proxy-protocol.js'
import { subjectOf } from '../tls/subject.js'
import { clientOf, forwardedForIn } from './caller.js'
import { RequestTarget } from './request-target.js'
import { SEND_AHEAD_BYTES } from './send-ahead.js'

/** Statuses whose answers have neither body nor length (RFC 9110, 8.6). */
const NO_CONTENT = 204
const NOT_MODIFIED = 304

/** What concerns all connections. */
export interface PortState {
  /** Each answer is the last on its connection from now on. */
  isStopping: boolean
  readonly options: { readonly listener: string; readonly proxies: TrustedProxies }
}

/** One request over node:http. */
export class Http1Exchange implements HttpExchange {
  readonly isDuplex = false
  readonly method: string
  readonly path: string
  readonly query: string
  writable: (() => void) | null = null
  gone: (() => void) | null = null
  /** We have answered in full, or the request is no more. */
  isOver = false
  /** Of the rounds of its connection: since when it is known to be over; 0: not yet. */
  overSince = 0
  private body: BodyReceiver | null = null
  private isBlocked = false

  /** @param ended is told when request and answer are both complete, or cut */
  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly port: PortState,
    ended: () => void,
  ) {
    const target = new RequestTarget(request.url ?? '/')
    this.method = request.method ?? ''
    this.path = target.path
    this.query = target.query
    let open = 2
    const closed = (): void => {
      if (--open === 0) ended()
    }
    request.once('close', closed)
    request.on('error', () => {})
    response.once('close', () => {
      this.cut()
      closed()
    })
    response.on('error', () => {})
  }

  header(name: string): string {
    const value = this.request.headers[name]
    if (value === undefined) return ''
    return typeof value === 'string' ? value : value.join(', ')
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    for (const name in this.request.headers) visit(name, this.header(name))
  }

  get address(): string {
    return this.client.address
  }

  get certificateSubject(): string {
    return subjectOf(this.request.socket)
  }

  private get client(): ProxiedClient {
    const { socket, headers } = this.request
    return clientOf(socket, this.port.options.proxies, forwardedForIn(headers))
  }

  peer(transport: Transport): Peer {
    const { address, port } = this.client
    return new RemotePeer(this.port.options.listener, transport, address, port)
  }

  receive(body: BodyReceiver): void {
    this.body = body
    this.request.on('data', (chunk: Buffer) => {
      if (!this.isOver) this.body?.chunk(chunk)
    })
    this.request.on('end', () => {
      if (!this.isOver) this.body?.end()
    })
  }

  /** The handler has seen the request. A body that it does not want must flow all the same, or the next request never comes. */
  handled(): void {
    if (this.body === null) this.request.resume()
  }

  pause(): void {
    this.request.pause()
  }

  resume(): void {
    this.request.resume()
  }

  respond(status: number, headers: Headers, body?: string | Uint8Array): void {
    if (this.isOver) return
    this.isOver = true
    const head: OutgoingHttpHeaders = { ...headers }
    if (status !== NO_CONTENT && status !== NOT_MODIFIED && head['content-length'] === undefined) {
      head['content-length'] = body === undefined ? 0 : Buffer.byteLength(body)
    }
    this.keepOrClose()
    this.response.writeHead(status, head)
    this.response.end(typeof body === 'object' ? Buffer.from(body) : body)
    // What is left of the body is thrown away as it comes: to close now would reset the connection, and the answer with it.
    this.request.resume()
  }

  begin(status: number, headers: Headers): void {
    this.response.on('drain', () => this.drained())
    this.keepOrClose()
    this.response.writeHead(status, headers)
    this.response.flushHeaders()
  }

  write(bytes: Uint8Array | string): Written {
    const { response } = this
    if (this.isOver || response.destroyed) return Written.GONE
    response.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes))
    if (response.writableLength <= SEND_AHEAD_BYTES) return Written.SENT
    this.isBlocked = true
    return Written.BUFFERED
  }

  private keepOrClose(): void {
    if (this.port.isStopping) this.response.shouldKeepAlive = false
  }

  get hasBegun(): boolean {
    return this.response.headersSent
  }

  get isDrained(): boolean {
    return this.response.writableLength === 0
  }

  finish(): void {
    if (this.isOver) return
    this.isOver = true
    this.response.end()
    this.request.resume()
  }

  abort(): void {
    this.response.destroy()
  }

  private drained(): void {
    if (!this.isBlocked) return
    this.isBlocked = false
    if (!this.isOver) this.writable?.()
  }

  private cut(): void {
    if (this.isOver) return
    this.isOver = true
    this.gone?.()
  }
}
