import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Roster } from '../../base/roster.js'
import type { Peer } from '../../core/peer.js'
import type { HttpHandler, IngressMeters } from '../ingress.js'
import { RemotePeer, type Transport } from '../peer.js'
import type { Rounds, Watched } from '../rounds.js'
import { callerOf, clientOf, forwardedForIn, type NodeCaller } from './caller.js'
import { deferDestroy } from './deferred-destroy.js'
import { Http2Exchange, type Http2Work } from './http2-exchange.js'
import { Http2Traffic } from './http2-traffic.js'
import type { NodeIngressOptions } from './options.js'
import { SENDS_WHILE_READING, writeLittle } from './small-writes.js'
import { TokenBucket } from './token-bucket.js'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants

/** What a peer may send of a body before it learns that nobody wants it: its stream's window. */
export const STREAM_WINDOW_BYTES = 256 * 1024

/** Silence after which it is looked whether there is still anybody who speaks HTTP/2, on both sides. */
const QUIET_MS = 400
/** Whoever has sent so many bytes that nothing came of, and then fell silent, has less time to answer than others. */
const SUSPECT_BYTES = 256
const SUSPECT_PATIENCE_MS = 500
/** A PING, and its answer: a frame header and eight bytes (RFC 9113, 6.7). */
const PING_BYTES = 17
/** The last of the socket is given so long to be sent. */
const LINGER_MS = 1000

/** No answer takes fewer bytes on the wire: a frame header and one indexed header. */
const ANSWER_BYTES_MIN = 10
/** It is looked whether answers have been sent each time that so many streams have ended. */
const ANSWERS_STRIDE = 16
/** So many may be missing beside those that are being sent. */
const ANSWERS_MISSING_MAX = 50

/** Why a connection was ended, for metrics. */
export type HostileReason =
  | 'head_timeout'
  | 'resets'
  | 'control_frames'
  | 'overhead'
  | 'stalled'
  | 'protocol'
  | 'no_answer'

/** As the types have it: they leave out the last argument. */
type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => void

/** Takes over what is a WebSocket from its first frame on (RFC 8441). */
export interface WebSocketOverHttp2 {
  /** @param opened is told when the stream is a WebSocket, and flows */
  connect(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    peer: Peer,
    caller: NodeCaller,
    opened: () => void,
  ): void
}

/** What all connections share. */
export interface Http2Host {
  readonly api: HttpHandler
  readonly options: NodeIngressOptions
  readonly meters: IngressMeters
  readonly rounds: Rounds
  readonly webSockets: WebSocketOverHttp2
}

/**
 * One HTTP/2 connection: hands its requests to the API, and guards the daemon against it. node:http2 has neither timeouts nor, on Node 20, a
 * limit on resets that closes the connection; where Node and nghttp2 have limits of their own they come first.
 */
export class Http2Connection implements Watched, Http2Work {
  private readonly exchanges = new Roster<Http2Exchange>()
  private readonly resets: TokenBucket
  private readonly controlFrames: TokenBucket
  private readonly traffic = new Http2Traffic()
  private readonly openedAt: number
  private readonly writesLittle: boolean
  private visitedAt: number
  /** Since when there has been no request. */
  private idleSince: number
  private webSockets = 0
  private hasHead = false
  private endedAt = 0
  private read = 0
  /** Ended streams whose answers should have been sent since `written` bytes were. */
  private answered = 0
  private written = 0
  /** When a quiet connection is to be probed; when it was, 0 while no answer is due; and what had been written before. */
  private probeAt = Number.POSITIVE_INFINITY
  private probedAt = 0
  private isSuspect = false
  private writtenBeforeProbe = 0

  constructor(
    private readonly session: ServerHttp2Session,
    private readonly socket: Socket,
    private readonly host: Http2Host,
  ) {
    const now = performance.now()
    const { options, rounds } = host
    this.openedAt = now
    this.writesLittle = SENDS_WHILE_READING && socket instanceof TLSSocket
    this.visitedAt = now
    this.idleSince = now
    this.resets = new TokenBucket(options.resetsMax, now)
    this.controlFrames = new TokenBucket(options.controlFramesMax, now)
    const controlFrame = (): void => this.controlFrame()
    deferDestroy(session, (error) => this.ending(error))
    // Node's own hands each stream on to the server, where nobody listens.
    session.removeAllListeners('stream')
    session.on('stream', this.request as StreamListener)
    session.on('ping', controlFrame)
    session.on('remoteSettings', controlFrame)
    session.on('priority', controlFrame)
    session.on('error', () => {})
    socket.once('close', () => rounds.remove(this))
    rounds.add(this)
  }

  /** Takes no more requests, and says so; ends the connection when those that it has are over. */
  close(): void {
    if (!this.session.destroyed) this.session.close()
  }

  /** Has no room for it: says so, and ends it. */
  refuse(): void {
    this.destroy(NGHTTP2_ENHANCE_YOUR_CALM)
  }

  /** Ends the connection now, with what has been written so far. */
  destroy(code: number = NGHTTP2_NO_ERROR): void {
    if (this.endedAt === 0) this.endedAt = performance.now()
    // Without null the code would be taken for an error's.
    if (!this.session.destroyed) this.session.destroy(null as unknown as undefined, code)
  }

  private readonly request = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => {
    this.hasHead = true
    this.traffic.head(rawHeaders)
    if (this.endedAt !== 0) {
      stream.on('error', () => {})
      return
    }
    if (stream.destroyed || stream.closed) {
      // It was reset in the same breath: nobody waits for an answer.
      stream.on('error', () => {})
      this.reset()
      return
    }
    if (this.writesLittle) writeLittle(stream)
    if (headers[':method'] === 'CONNECT') {
      this.connect(stream, headers)
      return
    }
    const exchange = new Http2Exchange(stream, headers, rawHeaders, this)
    this.exchanges.add(exchange)
    this.host.api.handle(exchange)
    exchange.handled()
  }

  private connect(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.webSockets++
    stream.on('error', () => {})
    stream.on('close', () => {
      this.webSockets--
      if (stream.rstCode !== NGHTTP2_NO_ERROR) this.reset()
    })
    if (headers[':protocol'] === 'websocket') {
      // A listener of the other side starts the flow: this one only counts along.
      this.host.webSockets.connect(stream, headers, this.peer('websocket-h2', headers), this.callerOf(headers), () => {
        stream.on('data', (chunk: Buffer) => this.bodyCame(chunk.length))
      })
    } else stream.respond({ ':status': 501 }, { endStream: true })
  }

  peer(transport: Transport, headers: IncomingHttpHeaders): Peer {
    const { listener, proxies } = this.host.options
    const { address, port } = clientOf(this.socket, proxies, forwardedForIn(headers))
    return new RemotePeer(listener, transport, address, port)
  }

  callerOf(headers: IncomingHttpHeaders): NodeCaller {
    return callerOf(this.socket, this.host.options.proxies, forwardedForIn(headers))
  }

  bodyCame(bytes: number): void {
    this.traffic.body(bytes)
  }

  bodyCut(): void {
    this.traffic.bodyCut(STREAM_WINDOW_BYTES)
  }

  ended(exchange: Http2Exchange): void {
    this.exchanges.delete(exchange)
    if (this.exchanges.size === 0) this.idleSince = this.visitedAt
    if (exchange.isCut) return
    if (!exchange.isOver || exchange.stream.rstCode !== NGHTTP2_NO_ERROR) this.reset()
    else if (++this.answered % ANSWERS_STRIDE === 0) this.checkAnswers()
  }

  /** A stream ended that was not answered, or whose answer nobody waited for. */
  private reset(): void {
    if (!this.resets.take(performance.now())) this.end('resets')
  }

  /**
   * Streams that end well have had their answers sent. A client that takes a request back with NO_ERROR before its answer is sent makes them end
   * just as well: the bytes on the wire tell. Those of the answers that are being sent now are not yet among them.
   */
  private checkAnswers(): void {
    const missing = this.answered - (this.socket.bytesWritten - this.written) / ANSWER_BYTES_MIN
    const { streamsMax, resetsMax } = this.host.options
    if (missing > streamsMax + Math.min(resetsMax, ANSWERS_MISSING_MAX)) this.end('resets')
  }

  private controlFrame(): void {
    if (!this.controlFrames.take(performance.now())) this.end('control_frames')
  }

  /** Node ends a session itself when nghttp2 finds what comes in to be no HTTP/2, or limits of Node are met. */
  private ending(error: NodeJS.ErrnoException | null): void {
    if (this.endedAt !== 0) return
    this.endedAt = performance.now()
    const code = error?.code ?? ''
    if (code.startsWith('ERR_HTTP2_') && code !== 'ERR_HTTP2_SESSION_ERROR') this.host.meters.noteHostile('protocol')
  }

  private end(reason: HostileReason): void {
    if (this.endedAt !== 0 || this.session.destroyed) return
    this.host.meters.noteHostile(reason)
    this.destroy(NGHTTP2_ENHANCE_YOUR_CALM)
  }

  visit(now: number): void {
    const { session, socket } = this
    const elapsed = now - this.visitedAt
    this.visitedAt = now
    if (session.destroyed) {
      // A peer that does not read, or does not close, would keep the socket.
      if (this.endedAt === 0) this.endedAt = now
      if (now - this.endedAt >= LINGER_MS) socket.destroy()
      return
    }
    const { bytesRead, bytesWritten } = socket
    this.checkAnswers()
    this.answered = 0
    this.written = bytesWritten
    if (!this.traffic.look(bytesRead, bytesWritten, elapsed)) this.end('overhead')
    if (this.endedAt === 0) this.checkTimes(now)
    // A session that is closing does not send PING.
    if (this.endedAt === 0 && !session.closed) this.checkPeer(now, bytesRead, bytesWritten)
  }

  private checkTimes(now: number): void {
    const { headerTimeoutMs, httpIdleTimeoutMs } = this.host.options
    if (!this.hasHead) {
      if (now - this.openedAt >= headerTimeoutMs) this.end('head_timeout')
      return
    }
    this.exchanges.each((exchange) => {
      if (!exchange.isOver) return
      if (exchange.overSince === 0) exchange.overSince = now
      else if (now - exchange.overSince >= httpIdleTimeoutMs) this.end('stalled')
    })
    if (this.isBusy) this.idleSince = now
    else if (now - this.idleSince >= httpIdleTimeoutMs) this.destroy()
  }

  /**
   * After some kinds of errors nghttp2 sends a GOAWAY and then neither reads nor writes, and Node is not told: a PING that is not even written
   * shows it. And a peer that has vanished does not answer it.
   */
  private checkPeer(now: number, bytesRead: number, bytesWritten: number): void {
    if (bytesRead !== this.read) {
      this.read = bytesRead
      this.probeAt = this.traffic.unexplained === 0 ? now + QUIET_MS : now
      this.isSuspect = this.traffic.unexplained >= SUSPECT_BYTES
      this.probedAt = 0
    }
    if (this.probedAt !== 0) this.checkProbe(now, bytesWritten)
    else if (now >= this.probeAt) {
      this.probedAt = now
      this.writtenBeforeProbe = bytesWritten
      this.session.ping((error) => this.probeAnswered(error))
    }
  }

  private checkProbe(now: number, bytesWritten: number): void {
    if (bytesWritten === this.writtenBeforeProbe && !isBlocked(this.socket)) {
      this.end('protocol')
      return
    }
    const { idleTimeoutMs, headerTimeoutMs } = this.host.options
    const patience = this.isBusy ? idleTimeoutMs : this.isSuspect ? SUSPECT_PATIENCE_MS : headerTimeoutMs
    if (patience > 0 && now - this.probedAt >= patience) this.end('no_answer')
  }

  private probeAnswered(error: Error | null): void {
    if (error !== null) return
    // It is not for itself that it is probed again.
    this.read += PING_BYTES
    this.probedAt = 0
    const { idleTimeoutMs } = this.host.options
    this.probeAt = this.isBusy && idleTimeoutMs > 0 ? this.visitedAt + idleTimeoutMs / 2 : Number.POSITIVE_INFINITY
  }

  private get isBusy(): boolean {
    return this.exchanges.size > 0 || this.webSockets > 0
  }
}

/** Whether what has been written waits for the peer to read. Node tells it in no other way of what it writes by itself. */
function isBlocked(socket: Socket): boolean {
  const { _handle } = socket as unknown as { _handle: { writeQueueSize?: number } | null }
  return _handle?.writeQueueSize !== 0
}
