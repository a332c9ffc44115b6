import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { NO_PEER, type Peer } from '../../../core/peer.js'
import type { Router } from '../../../core/router.js'
import { Code } from '../../../protocol/codes.js'
import { SUBPROTOCOL_JSON } from '../../../protocol/ops.js'
import type { IngressMeters, IngressOptions } from '../../ingress.js'
import { JsonWriter } from '../../json-session.js'
import { peerOf } from '../../peer.js'
import { BufferPool } from './buffer-pool.js'
import { Connection, type ConnectionContext } from './connection.js'
import { readDirectly } from './direct-socket.js'
import { acceptOf, agreeToConnect, agreeToUpgrade, type Refusal } from './handshake.js'
import { Staging } from './staging.js'
import { makeWalker, type Walker } from './walker.js'

/** Connections are looked at this often, or, where the idle timeout is short, this part of it. */
const LOOK_INTERVAL_MS = 1000
const LOOKS_PER_IDLE_TIMEOUT = 8
/** What close leaves to peers, so that the last frame reaches those that still send. */
const LEAVE_MS = 250

/** What may wait in a stream that never writes at once: see Sender. */
const WINDOW_BYTES = 64 << 10

/**
 * WebSocket on Node's streams: the ingress for firehoses of single events, WebSocket over HTTP/2 and TLS. It listens nowhere itself: it is handed what a
 * listener has accepted.
 */
export class WebSocketStreams implements ConnectionContext {
  /** Sessions open now. */
  connections = 0
  readonly staging: Staging
  readonly walker: Walker
  readonly buffers = new BufferPool()
  readonly json = new JsonWriter()
  private readonly all = new Set<Connection>()
  private looking: ReturnType<typeof setInterval> | null = null

  constructor(
    readonly router: Router,
    readonly options: IngressOptions,
    readonly meters: IngressMeters,
  ) {
    this.staging = new Staging(router.slabs)
    this.walker = makeWalker(this.staging)
  }

  now(): number {
    return performance.now()
  }

  /** A request to upgrade an HTTP/1.1 connection (RFC 6455, 4.2), as http.Server tells it by its event of this name. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isOneTooMany = false): void {
    // Nobody would tell of its end.
    if (socket.destroyed) return
    const { headers } = request
    const agreed = agreeToUpgrade(request.method ?? '', request.httpVersion, headers)
    if ('status' in agreed) {
      this.meters.noteRejected(agreed.reason)
      refuseUpgrade(socket, agreed)
      return
    }
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(headers['sec-websocket-key'] as string)}`,
    ]
    if (agreed.subprotocol !== '') lines.push(`Sec-WebSocket-Protocol: ${agreed.subprotocol}`)
    const answer = `${lines.join('\r\n')}\r\n\r\n`
    const isJson = agreed.subprotocol === SUBPROTOCOL_JSON
    const peer = socket instanceof Socket ? peerOf(socket, this.options.listener, 'websocket') : NO_PEER
    if (socket instanceof Socket) {
      socket.setNoDelay(true)
      // Of the HTTP server that it came from.
      socket.setTimeout(0)
    }
    const direct =
      socket instanceof Socket ? readDirectly(socket, this.staging.chunk, (bytes) => connection.arrived(bytes)) : null
    const stream = direct ?? socket
    stream.write(answer)
    const writesAtOnce = stream instanceof Socket && !(stream instanceof TLSSocket)
    const connection = this.open(stream, peer, isJson, writesAtOnce ? 0 : WINDOW_BYTES, isOneTooMany)
    connection.receive(head)
    if (direct === null) stream.on('data', (chunk: Buffer) => connection.receive(chunk))
  }

  /** An extended CONNECT (RFC 8441), as http2.Http2Server tells it by its event `stream`. */
  connect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer = NO_PEER): void {
    if (stream.destroyed) return
    const agreed = agreeToConnect(headers)
    if ('status' in agreed) {
      this.meters.noteRejected(agreed.reason)
      refuseConnect(stream, agreed)
      return
    }
    const { subprotocol } = agreed
    stream.respond({ ':status': 200, ...(subprotocol !== '' && { 'sec-websocket-protocol': subprotocol }) })
    const connection = this.open(stream, peer, subprotocol === SUBPROTOCOL_JSON, WINDOW_BYTES, false)
    stream.on('data', (chunk: Buffer) => connection.receive(chunk))
  }

  private open(stream: Duplex, peer: Peer, isJson: boolean, windowBytes: number, isOneTooMany: boolean): Connection {
    this.connections++
    this.meters.opened++
    const connection = new Connection(this, stream, isJson, windowBytes)
    connection.session.peer = peer
    this.all.add(connection)
    this.looking ??= this.startLooking()
    // Over HTTP/2 a connection may carry many.
    if (isOneTooMany || this.connections > this.options.connectionsMax) {
      this.router.fail(connection.session, Code.TOO_MANY_CONNECTIONS)
    }
    return connection
  }

  private startLooking(): ReturnType<typeof setInterval> {
    const { idleTimeoutMs } = this.options
    const interval = Math.min(LOOK_INTERVAL_MS, (idleTimeoutMs || LOOK_INTERVAL_MS) / LOOKS_PER_IDLE_TIMEOUT)
    return setInterval(() => {
      const now = this.now()
      for (const connection of this.all) connection.look(now)
    }, interval)
  }

  ended(_connection: Connection): void {
    this.connections--
  }

  gone(connection: Connection): void {
    this.all.delete(connection)
    if (this.all.size > 0 || this.looking === null) return
    clearInterval(this.looking)
    this.looking = null
  }

  /** Cuts what is still open. A peer that was just sent a close frame has a moment to read it. */
  close(): void {
    for (const connection of this.all) connection.leave()
    setTimeout(() => {
      for (const connection of this.all) connection.cut()
    }, LEAVE_MS).unref()
  }
}

function refuseUpgrade(socket: Duplex, { status, headers, message }: Refusal): void {
  const body = `${message}\n`
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    // Whoever names a protocol to upgrade to says so here too (RFC 9110, 7.8).
    headers.upgrade === undefined ? 'connection: close' : 'connection: close, upgrade',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function refuseConnect(stream: ServerHttp2Stream, { status, headers, message }: Refusal): void {
  stream.on('error', () => stream.destroy())
  stream.respond({ ':status': status, 'content-type': 'text/plain; charset=utf-8', ...headers })
  stream.end(`${message}\n`)
}
