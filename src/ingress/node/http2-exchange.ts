import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Member } from '../../base/roster.js'
import { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { Caller } from '../door.js'
import type { BodyReceiver, Headers, HttpExchange } from '../http/exchange.js'
import type { Transport } from '../peer.js'
import { RequestTarget } from './request-target.js'
import { SEND_AHEAD_BYTES } from './send-ahead.js'

const { NGHTTP2_NO_ERROR } = constants

/** Makes node:http2 reset a stream, with INTERNAL_ERROR. */
const CUT = new Error('cut')

const END_STREAM = { endStream: true }
/** Pseudo-headers begin with it (RFC 9113, 8.3). */
const COLON = 0x3a
/** Where a stream keeps its exchange, so that one set of listeners serves all streams. */
const kExchange = Symbol('exchange')

interface ExchangeStream extends ServerHttp2Stream {
  /** Null when it is closed. */
  [kExchange]: Http2Exchange | null
}

/** What an HTTP/2 connection is told of its requests. */
export interface Http2Work {
  /** Who is at the other end. */
  peer(transport: Transport, headers: IncomingHttpHeaders): Peer
  /** The same, as the gatekeeper is told. */
  callerOf(headers: IncomingHttpHeaders): Caller
  /** Bytes of a request's body have come. */
  bodyCame(bytes: number): void
  /** The answer to a request is given before its body has ended: what is still under way of it is thrown away. */
  bodyCut(): void
  /** A stream has ended. */
  ended(exchange: Http2Exchange): void
}

/** One request over node:http2's core API: the compatibility API costs twice as much. */
export class Http2Exchange implements HttpExchange, Member {
  readonly isDuplex = true
  writable: (() => void) | null = null
  gone: (() => void) | null = null
  /** We have answered in full, or cut the request. */
  isOver = false
  /** We have cut it: that it ends is not the peer's doing. */
  isCut = false
  /** Of the rounds of its connection: since when it is known to be over; 0: not yet. */
  overSince = 0
  place = -1
  private body: BodyReceiver | null = null
  private target: RequestTarget | null = null
  private isBlocked = false

  constructor(
    readonly stream: ServerHttp2Stream,
    private readonly headers: IncomingHttpHeaders,
    /** Names and values in turn, pseudo-headers first. */
    private readonly rawHeaders: readonly string[],
    private readonly work: Http2Work,
  ) {
    ;(stream as ExchangeStream)[kExchange] = this
    stream.on('close', onClose)
    stream.on('error', onError)
  }

  get method(): string {
    return this.headers[':method'] as string
  }

  /** Node ends the body of its answer by itself. */
  private get isHead(): boolean {
    return this.headers[':method'] === 'HEAD'
  }

  get path(): string {
    this.target ??= new RequestTarget(this.headers[':path'] ?? '/')
    return this.target.path
  }

  get query(): string {
    this.target ??= new RequestTarget(this.headers[':path'] ?? '/')
    return this.target.query
  }

  header(name: string): string {
    const value = this.headers[name]
    if (value === undefined) return name === 'host' ? (this.headers[':authority'] ?? '') : ''
    return typeof value === 'string' ? value : value.join(', ')
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    const { rawHeaders } = this
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (rawHeaders[i].charCodeAt(0) !== COLON) visit(rawHeaders[i], rawHeaders[i + 1])
    }
  }

  get address(): string {
    return this.work.callerOf(this.headers).address
  }

  get certificateSubject(): string {
    return this.work.callerOf(this.headers).certificateSubject
  }

  peer(transport: Transport): Peer {
    return this.work.peer(transport, this.headers)
  }

  receive(body: BodyReceiver): void {
    const { stream } = this
    this.body = body
    if (this.headers.expect === '100-continue' && !stream.headersSent && !stream.closed) {
      stream.additionalHeaders({ ':status': 100 })
    }
    stream.on('data', onData)
    stream.on('end', onEnd)
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  respond(status: number, headers: Headers, body?: string | Uint8Array): void {
    if (this.isOver || this.isCut) return
    this.isOver = true
    const { stream } = this
    if (stream.destroyed || stream.closed) return
    const head = answerHead(status, headers)
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    if (length > 0 && head['content-length'] === undefined) head['content-length'] = length
    if (length === 0 || this.isHead) stream.respond(head, END_STREAM)
    else {
      stream.respond(head)
      // Not by end: what it is given goes past what a connection may have put in the way of write.
      stream.write(typeof body === 'string' ? body : Buffer.from(body as Uint8Array))
      stream.end()
    }
    this.dropBody()
  }

  begin(status: number, headers: Headers): void {
    const { stream } = this
    if (stream.destroyed || stream.closed) return
    if (this.isHead) {
      stream.respond(answerHead(status, headers), END_STREAM)
      return
    }
    stream.on('drain', onDrain)
    stream.respond(answerHead(status, headers))
  }

  write(bytes: Uint8Array | string): Written {
    const { stream } = this
    if (this.isOver || this.isCut || stream.destroyed || stream.closed) return Written.GONE
    if (this.isHead) return Written.SENT
    stream.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes))
    if (stream.writableLength <= SEND_AHEAD_BYTES) return Written.SENT
    this.isBlocked = true
    return Written.BUFFERED
  }

  get isDrained(): boolean {
    return this.stream.writableLength === 0
  }

  finish(): void {
    if (this.isOver || this.isCut) return
    this.isOver = true
    const { stream } = this
    if (stream.destroyed || stream.closed) return
    stream.end()
    this.dropBody()
  }

  abort(): void {
    if (this.stream.destroyed || this.isCut) return
    this.isCut = true
    // Not now: node:http2 may be reading, and would send at once. Not close: that would end the body in good order before it resets the stream, and what
    // is half of an answer would look whole.
    setImmediate(cut, this.stream)
  }

  /** The handler has seen the request. A body that it does not want must flow all the same, or the stream never ends. */
  handled(): void {
    if (this.body === null && !this.isOver && !this.stream.endAfterHeaders) this.stream.on('data', onData)
  }

  /** An answer that does not wait for the end of the body asks the client to stop sending it (RFC 9113, 8.1). */
  private dropBody(): void {
    const { stream } = this
    if (stream.endAfterHeaders || stream.readableEnded) return
    this.work.bodyCut()
    // By then the head of the answer is on its way; before, a reset may overtake it.
    setImmediate(close, stream)
  }

  chunkCame(chunk: Buffer): void {
    this.work.bodyCame(chunk.length)
    if (!this.isOver) this.body?.chunk(chunk)
  }

  /** Node ends the body of a stream that was reset, too: that one is not whole. */
  bodyEnded(): void {
    if (!this.isOver && !this.stream.aborted) this.body?.end()
  }

  drained(): void {
    if (!this.isBlocked) return
    this.isBlocked = false
    if (!this.isOver) this.writable?.()
  }

  closed(): void {
    this.work.ended(this)
    if (this.isOver) return
    this.isOver = true
    this.gone?.()
  }
}

function answerHead(status: number, headers: Headers): OutgoingHttpHeaders {
  const head: OutgoingHttpHeaders = { ':status': status }
  for (const name in headers) head[name] = headers[name]
  return head
}

function cut(stream: ServerHttp2Stream): void {
  stream.destroy(CUT)
}

function close(stream: ServerHttp2Stream): void {
  stream.close(NGHTTP2_NO_ERROR)
}

function onData(this: ServerHttp2Stream, chunk: Buffer): void {
  ;(this as ExchangeStream)[kExchange]?.chunkCame(chunk)
}

function onEnd(this: ServerHttp2Stream): void {
  ;(this as ExchangeStream)[kExchange]?.bodyEnded()
}

function onDrain(this: ServerHttp2Stream): void {
  ;(this as ExchangeStream)[kExchange]?.drained()
}

function onClose(this: ServerHttp2Stream): void {
  const stream = this as ExchangeStream
  const exchange = stream[kExchange]
  // V8 keeps a stream until a full collection, for its native part, and all that hangs on it: what was ours shall go with the request.
  stream[kExchange] = null
  exchange?.closed()
}

/** What was wrong is told by the code it was closed with. */
function onError(): void {}
