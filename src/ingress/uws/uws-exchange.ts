import type { HttpResponse } from 'uWebSockets.js'
import { STATUS_CODES } from 'node:http'
import { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { BodyReceiver, Headers, HttpExchange } from '../http/exchange.js'
import { RemotePeer, type Transport } from '../peer.js'
import type { UwsRequestHead } from './request-head.js'

/** Statuses whose answers have neither body nor length (RFC 9110, 8.6). */
const NO_CONTENT = 204
const NOT_MODIFIED = 304

/**
 * uWebSockets.js gathers so much for one system call. What does not fit any more makes it send what it has gathered, and when the kernel takes
 * nothing of that, it forgets the rest (AsyncSocket::uncork): so nothing that could be more is written at a time.
 */
const GATHERED_BYTES_MAX = 16 * 1024
/** Room for the head of an answer, and for the head of a chunk. */
const HEAD_BYTES_MAX = 4 * 1024
export const PIECE_BYTES_MAX = GATHERED_BYTES_MAX - HEAD_BYTES_MAX
/** Answers up to here go with their head. */
const SMALL_BYTES_MAX = 4 * 1024

const NO_BYTES = Buffer.alloc(0)
const STATUS_LINES = new Map<number, string>()

/** What an exchange needs of the port that it came in by. */
export interface ExchangePort {
  /** The head of the request that is being handled. */
  readonly head: UwsRequestHead
  /** Each answer is the last on its connection from now on. */
  readonly isStopping: boolean
  /** How much is handed to uWebSockets.js at a time: PIECE_BYTES_MAX at most. */
  readonly pieceBytes: number
  /** Name of the listener. */
  readonly listener: string
  /** The client behind an address, by the head of the request that is being handled. */
  clientOf(address: string): string
}

/**
 * One request over HTTP/1.1 on uWebSockets.js.
 *
 * How much waits in uWebSockets.js cannot be asked: a write says whether what was written *before* it has gone. So a body goes in pieces, and after the
 * first one that waits the rest stays here. What waits there is two pieces at most, and less than the room that a kernel has when it says
 * "writable" (a third of its buffer, which is twice what we set): once we are told, it goes in one write, and the next answer is exact again.
 *
 * A reader that takes nothing for 8 to 12 s while something waits for it is cut by uWebSockets.js.
 */
export class UwsExchange implements HttpExchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly isDuplex = false
  writable: (() => void) | null = null
  gone: (() => void) | null = null
  private body: BodyReceiver | null = null
  /** The API has answered in full, or the request is no more. */
  private isOver = false
  /** So is uWebSockets.js: the response must not be touched. */
  private isDone = false
  /** uWebSockets.js gathers what is written until its handler returns. */
  private isCorked = true
  /** A HEAD request has the head of its answer only. */
  private readonly isHeadOnly: boolean
  /**
   * The connection ends with the answer. uWebSockets.js takes extensions of chunks for digits of their length, and more (HttpParser's ChunkedEncoding): where
   * such a body ends is not certain, so that nothing after it is taken for a request.
   */
  private readonly isLastByItself: boolean
  /** The head of an answer whose body has not begun. */
  private begun: { readonly status: number; readonly headers: Headers } | null = null
  private isBlocked = false
  private isDraining = false
  /** The answer ends with the rest. */
  private isFinishing = false
  /** What uWebSockets.js has not been given. */
  private rest: Buffer = NO_BYTES
  private isPaused = false
  /** Parts of the body that came with what had been read before the pause; null: none. */
  private held: Buffer[] | null = null
  private isEndHeld = false

  constructor(
    private readonly response: HttpResponse,
    private readonly port: ExchangePort,
    /** Is told once when it is over, and makes its answer the last on its connection; null: nobody wants to know. */
    private readonly ended: (() => void) | null = null,
  ) {
    const { head } = port
    this.method = head.method
    this.path = head.path
    this.query = head.query
    this.isHeadOnly = head.method === 'HEAD'
    this.isLastByItself = head.isChunked || ended !== null
  }

  header(name: string): string {
    return this.port.head.header(name)
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    this.port.head.each(visit)
  }

  get address(): string {
    return this.port.clientOf(remoteAddressOf(this.response))
  }

  /** uWebSockets.js is not asked for any. */
  get certificateSubject(): string {
    return ''
  }

  peer(transport: Transport): Peer {
    return new RemotePeer(this.port.listener, transport, this.address, 0)
  }

  receive(body: BodyReceiver): void {
    this.body = body
  }

  /** The handler has seen the request. To be called before uWebSockets.js gets control back: it ends the process over a request that nobody minds. */
  handled(): void {
    this.isCorked = false
    if (this.isDone) return
    this.response.onAborted(() => this.cut())
    if (this.body !== null && !this.isOver) this.response.onData((bytes, isLast) => this.data(bytes, isLast))
  }

  private cut(): void {
    this.isDone = true
    this.rest = NO_BYTES
    if (this.isOver) return
    this.setOver()
    this.gone?.()
  }

  private setOver(): void {
    this.isOver = true
    this.ended?.()
  }

  private data(bytes: ArrayBuffer, isLast: boolean): void {
    if (this.isOver) return
    if (this.isPaused) {
      this.held ??= []
      if (bytes.byteLength > 0) this.held.push(Buffer.from(new Uint8Array(bytes)))
      this.isEndHeld = isLast
      return
    }
    this.isCorked = true
    this.give(bytes.byteLength === 0 ? null : new Uint8Array(bytes), isLast)
    this.isCorked = false
  }

  private give(bytes: Uint8Array | null, isLast: boolean): void {
    if (bytes !== null) this.body?.chunk(bytes)
    if (isLast && !this.isOver) this.body?.end()
  }

  pause(): void {
    if (this.isOver || this.isPaused) return
    this.isPaused = true
    this.response.pause()
  }

  resume(): void {
    if (this.isOver || !this.isPaused) return
    this.isPaused = false
    this.response.resume()
    while (this.held !== null && this.held.length > 0) {
      this.give(this.held.shift() as Buffer, false)
      if (this.isOver || this.isPaused) return
    }
    this.held = null
    if (this.isEndHeld) this.give(null, true)
  }

  respond(status: number, headers: Headers, body: string | Uint8Array = ''): void {
    if (this.isOver) return
    if (this.isLastByItself) {
      this.respondAndClose(status, headers, body)
      return
    }
    this.over()
    if (this.isCorked) this.answer(status, headers, body)
    else this.response.cork(() => this.answer(status, headers, body))
  }

  /** Not before uWebSockets.js has seen whether more has come with the body: it ends a connection on which a request comes before an answer. */
  private respondAndClose(status: number, headers: Headers, body: string | Uint8Array): void {
    if (bytesMaxOf(body) > SMALL_BYTES_MAX) {
      this.begin(status, headers)
      this.write(body)
      this.finish()
      return
    }
    const kept = typeof body === 'string' ? body : Buffer.from(body)
    this.over()
    setImmediate(() => {
      if (!this.isDone) this.response.cork(() => this.answer(status, headers, kept))
    })
  }

  /** What is left of the body is thrown away as it comes. */
  private over(): void {
    this.setOver()
    if (this.isPaused) this.response.resume()
  }

  private answer(status: number, headers: Headers, body: string | Uint8Array): void {
    const { response } = this
    const isLast = this.isLastByItself || this.port.isStopping
    this.isDone = true
    this.writeHead(status, headers)
    if (status === NO_CONTENT || status === NOT_MODIFIED) this.endWithoutBody()
    else if (this.isHeadOnly) {
      // With the length as its argument, endWithoutBody waits for these bytes for ever.
      if (body.length > 0) response.writeHeader('content-length', String(Buffer.byteLength(body)))
      this.endWithoutBody()
    } else if (bytesMaxOf(body) <= SMALL_BYTES_MAX) response.end(body, isLast)
    else this.answerBig(Buffer.from(body as Uint8Array))
  }

  private endWithoutBody(): void {
    // Only with a length can it be told to close the connection.
    if (this.isLastByItself) this.response.endWithoutBody(0, true)
    else this.response.endWithoutBody()
  }

  /** Of a body whose length it knows, uWebSockets.js takes what the kernel takes, and says how much that was. */
  private answerBig(body: Buffer): void {
    const go = (taken: number): boolean => {
      const [hasPassed, isDone] = this.response.tryEnd(body.subarray(taken), body.length)
      this.isDone = isDone
      return hasPassed
    }
    go(0)
    if (!this.isDone) this.response.onWritable(go)
  }

  private writeHead(status: number, headers: Headers): void {
    const { response } = this
    response.writeStatus(statusLine(status))
    for (const name in headers) response.writeHeader(name, headers[name])
  }

  /** The head goes out with the first part of the body. */
  begin(status: number, headers: Headers): void {
    if (this.isOver) return
    this.begun = { status, headers }
    this.response.onWritable(() => this.hasRoom())
  }

  write(bytes: Uint8Array | string): Written {
    if (this.isOver) return Written.GONE
    if (!this.isHeadOnly && bytes.length > 0) this.put(bytes)
    return this.isBlocked ? Written.BUFFERED : Written.SENT
  }

  private put(bytes: Uint8Array | string): void {
    if (this.isBlocked || this.isCorked) {
      this.rest = Buffer.concat([this.rest, typeof bytes === 'string' ? Buffer.from(bytes) : bytes])
      this.isBlocked = true
      // What has been gathered for this connection already, by requests before this one, is not known.
      if (this.isCorked) this.hasRoom()
    } else if (bytesMaxOf(bytes) <= this.port.pieceBytes) this.isBlocked = !this.pass(bytes)
    else if (typeof bytes === 'string') this.rest = this.offer(Buffer.from(bytes))
    else this.rest = Buffer.from(this.offer(bytes))
  }

  /** Hands over piece by piece until one has to wait. Returns what was not handed over. */
  private offer(bytes: Uint8Array): Buffer {
    const { pieceBytes } = this.port
    let pos = 0
    this.isBlocked = false
    while (pos < bytes.length && !this.isBlocked) {
      const end = Math.min(pos + pieceBytes, bytes.length)
      this.isBlocked = !this.pass(bytes.subarray(pos, end))
      pos = end
    }
    return pos === bytes.length ? NO_BYTES : Buffer.from(bytes.buffer, bytes.byteOffset + pos, bytes.length - pos)
  }

  private pass(bytes: Uint8Array | string): boolean {
    let hasPassed = true
    this.response.cork(() => {
      this.writeBegun()
      hasPassed = this.response.write(bytes)
    })
    return hasPassed
  }

  private writeBegun(): void {
    if (this.begun === null) return
    this.writeHead(this.begun.status, this.begun.headers)
    this.begun = null
  }

  /**
   * The kernel has room. What waits in uWebSockets.js goes on with the next write, which has to wait until this event has been dealt with (see
   * UwsWebSockets.drained).
   */
  private hasRoom(): boolean {
    if (!this.isDraining) {
      this.isDraining = true
      setImmediate(() => this.drain())
    }
    return true
  }

  private drain(): void {
    this.isDraining = false
    if (this.isDone) return
    const wasBlocked = this.isBlocked
    if (this.rest.length > 0) this.rest = this.offer(this.rest)
    else {
      this.isBlocked = false
      this.response.cork(nothing)
    }
    if (this.isBlocked) return
    if (this.isFinishing) this.complete()
    else if (wasBlocked) this.writable?.()
  }

  get isDrained(): boolean {
    return !this.isBlocked
  }

  finish(): void {
    if (this.isOver) return
    this.over()
    if (this.rest.length > 0) this.isFinishing = true
    else this.complete()
  }

  private complete(): void {
    this.isDone = true
    this.response.cork(() => {
      this.writeBegun()
      if (this.isHeadOnly) this.endWithoutBody()
      // Its head has gone, and uWebSockets.js would write into the body that the connection is closed.
      else this.response.end(undefined, this.isLastByItself)
    })
  }

  abort(): void {
    if (this.isOver) return
    this.setOver()
    this.isDone = true
    this.rest = NO_BYTES
    this.response.close()
    this.gone?.()
  }
}

/** Without a port. */
export function remoteAddressOf(connection: { getRemoteAddressAsText(): ArrayBuffer }): string {
  return Buffer.from(connection.getRemoteAddressAsText()).toString('latin1')
}

/** At most so many bytes: UTF-8 takes up to three for each unit of a string. */
function bytesMaxOf(body: Uint8Array | string): number {
  return typeof body === 'string' ? body.length * 3 : body.length
}

/** Makes uWebSockets.js write what it has, and nothing more. */
function nothing(): void {}

/** As in the first line of an answer. */
export function statusLine(status: number): string {
  let line = STATUS_LINES.get(status)
  if (line === undefined) {
    line = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`
    STATUS_LINES.set(status, line)
  }
  return line
}
