import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { LOCKED } from '../../../core/access.js'
import type { Identity } from '../../../core/identity.js'
import { NO_PEER, type Peer } from '../../../core/peer.js'
import type { Router } from '../../../core/router.js'
import { Code, codeName } from '../../../protocol/codes.js'
import { SUBPROTOCOL_JSON } from '../../../protocol/ops.js'
import type { Refused } from '../../admission.js'
import { type Answer, type Caller, type Door, OPEN_DOOR } from '../../door.js'
import { Problem } from '../../http/problem.js'
import type { IngressMeters, IngressOptions } from '../../ingress.js'
import { JsonWriter } from '../../json-session.js'
import { RemotePeer } from '../../peer.js'
import { callerOf, clientOf, forwardedForIn, NO_CALLER, type NodeCaller } from '../caller.js'
import { RequestTarget } from '../request-target.js'
import { BufferPool } from './buffer-pool.js'
import { Connection, type ConnectionContext } from './connection.js'
import { readDirectly } from './direct-socket.js'
import { type Agreement, acceptOf, agreeToConnect, agreeToUpgrade, type Refusal } from './handshake.js'
import { Staging } from './staging.js'
import { makeWalker, type Walker } from './walker.js'

/** Connections are looked at this often, or, where the idle timeout is short, this part of it. */
const LOOK_INTERVAL_MS = 1000
const LOOKS_PER_IDLE_TIMEOUT = 8
/** What close leaves to peers, so that the last frame reaches those that still send. */
const LEAVE_MS = 250

/** What is known of somebody who opens a WebSocket. */
interface Entry {
  /** Null: not known yet. */
  readonly who: Identity | null
  readonly peer: Peer
  /** That it counts for, beside what its connection counts for; '' for none. */
  readonly network: string
  /** The code that it is told, since it is refused; 0: it is not. */
  readonly refused: Refused | 0
  /** Whether it is a stream of a connection that others have a part in: it counts by itself. */
  readonly isStream: boolean
}

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
  private readonly door: Door
  private looking: ReturnType<typeof setInterval> | null = null

  constructor(
    readonly router: Router,
    readonly options: IngressOptions,
    readonly meters: IngressMeters,
  ) {
    this.staging = new Staging(router.slabs)
    this.walker = makeWalker(this.staging)
    this.door = options.door ?? OPEN_DOOR
  }

  now(): number {
    return performance.now()
  }

  /** A request to upgrade an HTTP/1.1 connection (RFC 6455, 4.2), as http.Server tells it by its event of this name. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, refused: Refused | 0 = 0): void {
    // Nobody would tell of its end.
    if (socket.destroyed) return
    const { headers } = request
    const agreed = agreeToUpgrade(request.method ?? '', request.httpVersion, headers)
    if ('status' in agreed) {
      this.meters.noteRejected(agreed.reason)
      refuseUpgrade(socket, agreed)
      return
    }
    const { listener, proxies } = this.options
    const caller = callerOf(socket, proxies, forwardedForIn(headers))
    const client = socket instanceof Socket ? clientOf(socket, proxies, forwardedForIn(headers)) : null
    const peer = client === null ? NO_PEER : new RemotePeer(listener, 'websocket', client.address, client.port)
    const accept = acceptOf(headers['sec-websocket-key'] as string)
    if (refused !== 0) {
      // It is not asked who it is: that costs more than to tell it.
      this.switch(socket, head, accept, agreed, { who: null, peer, network: '', refused, isStream: false })
      return
    }
    this.ask(socket, caller, headers, request.url ?? '', headers.host ?? '', (who) => {
      if (who instanceof Problem) refuseUpgrade(socket, this.refusalOf(who))
      else this.switch(socket, head, accept, agreed, this.entryOf(who, peer, caller, false))
    })
  }

  /**
   * Behind a proxy that speaks HTTP a client's WebSockets count for the client, while the connection counts for nobody. Over HTTP/2 a connection may carry
   * many: each counts as one.
   */
  private entryOf(who: Identity | null, peer: Peer, { address, isProxied }: NodeCaller, isStream: boolean): Entry {
    const { admission, proxies } = this.options
    const refused = isStream ? admission.arrived() : 0
    const isCounted = refused === 0 && (isProxied || isStream) && !proxies.trusts(address)
    const network = isCounted ? admission.enter(address) : ''
    const isFull = network === null
    return { who, peer, network: network ?? '', refused: isFull ? Code.TOO_MANY_OF_ADDRESS : refused, isStream }
  }

  private switch(socket: Duplex, head: Buffer, accept: string, { subprotocol }: Agreement, entry: Entry): void {
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`,
    ]
    if (subprotocol !== '') lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`)
    const answer = `${lines.join('\r\n')}\r\n\r\n`
    const isJson = subprotocol === SUBPROTOCOL_JSON
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
    const connection = this.open(stream, entry, isJson, writesAtOnce ? 0 : WINDOW_BYTES)
    connection.receive(head)
    if (direct === null) stream.on('data', (chunk: Buffer) => connection.receive(chunk))
  }

  /**
   * An extended CONNECT (RFC 8441), as http2.Http2Server tells it by its event `stream`.
   * @param opened is told when the stream is a WebSocket, and flows
   */
  connect(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    peer: Peer = NO_PEER,
    caller: NodeCaller = NO_CALLER,
    opened: () => void = () => {},
  ): void {
    if (stream.destroyed) return
    const agreed = agreeToConnect(headers)
    if ('status' in agreed) {
      this.meters.noteRejected(agreed.reason)
      refuseConnect(stream, agreed)
      return
    }
    const { subprotocol } = agreed
    this.ask(stream, caller, headers, headers[':path'] ?? '', headers[':authority'] ?? headers.host ?? '', (who) => {
      if (who instanceof Problem) {
        refuseConnect(stream, this.refusalOf(who))
        return
      }
      stream.respond({ ':status': 200, ...(subprotocol !== '' && { 'sec-websocket-protocol': subprotocol }) })
      const entry = this.entryOf(who, peer, caller, true)
      const connection = this.open(stream, entry, subprotocol === SUBPROTOCOL_JSON, WINDOW_BYTES)
      stream.on('data', (chunk: Buffer) => connection.receive(chunk))
      opened()
    })
  }

  /** Goes on with the answer, at once or later, unless the stream is gone by then. */
  private ask(
    stream: Duplex,
    caller: Caller,
    headers: IncomingHttpHeaders,
    target: string,
    host: string,
    go: (answer: Answer) => void,
  ): void {
    const problem = this.door.refuseOrigin(headers.origin ?? '', host)
    if (problem !== null) {
      go(problem)
      return
    }
    const answer = this.door.identify(
      headers.authorization ?? '',
      headers['sec-websocket-protocol'] ?? '',
      new RequestTarget(target).query,
      caller,
    )
    if (!(answer instanceof Promise)) go(answer)
    else {
      void answer.then((later) => {
        if (!stream.destroyed) go(later)
      })
    }
  }

  private refusalOf({ code, status, headers, body }: Problem): Refusal {
    this.meters.noteRejected(codeName(code))
    return { reason: '', status, headers, message: body.trimEnd() }
  }

  private open(stream: Duplex, entry: Entry, isJson: boolean, windowBytes: number): Connection {
    const { who, peer, refused } = entry
    this.connections++
    this.meters.opened++
    const connection = new Connection(this, stream, isJson, windowBytes, entry)
    connection.session.peer = peer
    this.all.add(connection)
    this.looking ??= this.startLooking()
    if (refused !== 0) connection.session.access = LOCKED
    const code = refused === 0 ? this.door.admit(connection.session, who) : refused
    if (code !== 0) this.router.fail(connection.session, code)
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
    const { network, isStream } = connection.counted
    if (network !== '') this.options.admission.leave(network)
    if (isStream) this.options.admission.left()
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

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

function refuseUpgrade(socket: Duplex, { status, headers, message }: Refusal): void {
  const body = `${message}\n`
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    // Whoever names a protocol to upgrade to says so here too (RFC 9110, 7.8).
    headers.upgrade === undefined ? 'connection: close' : 'connection: close, upgrade',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries({ ...TEXT, ...headers }).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function refuseConnect(stream: ServerHttp2Stream, { status, headers, message }: Refusal): void {
  stream.on('error', () => stream.destroy())
  stream.respond({ ':status': status, ...TEXT, ...headers })
  stream.end(`${message}\n`)
}
