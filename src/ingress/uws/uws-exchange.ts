import type { HttpResponse } from 'uWebSockets.js'
import { STATUS_CODES } from 'node:http'
import { Written } from '../../core/link.js'
import type { BodyReceiver, Headers, HttpExchange } from '../http/exchange.js'
import type { UwsRequestHead } from './request-head.js'

/** Statuses whose answers have neither body nor length (RFC 9110, 8.6). */
const NO_CONTENT = 204
const NOT_MODIFIED = 304

const NO_BYTES = Buffer.alloc(0)
const STATUS_LINES = new Map<number, string>()

/** What an exchange needs of the port that it came in by. */
export interface ExchangePort {
  /** The head of the request that is being handled. */
  readonly head: UwsRequestHead
  /** How much is handed to uWebSockets.js at a time; what waits there is at most twice as much. */
  readonly pieceBytes: number
}

/**
 * One request over HTTP/1.1 on uWebSockets.js.
 *
 * How much waits in uWebSockets.js cannot be asked: a write only says whether what was written *before* it has gone, or, when it is larger than what
 * is gathered for one system call (16 KiB), whether itself has. So what is written goes in pieces, and after the first that did not pass the
 * rest waits here. Two pieces are less than the room that a kernel has when it says "writable" (a third of its buffer, which is twice what we set): by
 * the time we are told, what waits there goes in one write, and the answer to the next piece is exact again.
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
  /** We have answered in full, or the request is no more: the response must not be touched. */
  private isOver = false
  /** uWebSockets.js gathers what is written until its handler returns. */
  private isCorked = true
  /** A HEAD request has the head of its answer only. */
  private readonly isHeadOnly: boolean
  private isBlocked = false
  private isDraining = false
  /** What uWebSockets.js has not been given. */
  private rest: Buffer = NO_BYTES
  private isPaused = false
  /** Parts of the body that came with what had been read before the pause. */
  private held: Buffer[] = []
  private isEndHeld = false

  constructor(
    private readonly response: HttpResponse,
    private readonly port: ExchangePort,
  ) {
    const { head } = port
    this.method = head.method
    this.path = head.path
    this.query = head.query
    this.isHeadOnly = head.method === 'HEAD'
  }

  header(name: string): string {
    return this.port.head.header(name)
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    this.port.head.each(visit)
  }

  receive(body: BodyReceiver): void {
    this.body = body
  }

  /** The handler has seen the request. To be called before uWebSockets.js gets control back: it ends the process over a request that nobody minds. */
  handled(): void {
    this.isCorked = false
    if (this.isOver) return
    this.response.onAborted(this.cut)
    if (this.body !== null) this.response.onData(this.data)
  }

  private readonly cut = (): void => {
    if (this.isOver) return
    this.isOver = true
    this.rest = NO_BYTES
    this.gone?.()
  }

  private readonly data = (bytes: ArrayBuffer, isLast: boolean): void => {
    if (this.isOver) return
    if (this.isPaused) {
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
    while (this.held.length > 0) {
      const bytes = this.held.shift() as Buffer
      this.give(bytes, false)
      if (this.isOver || this.isPaused) return
    }
    if (this.isEndHeld) this.give(null, true)
  }

  respond(status: number, headers: Headers, body: string | Uint8Array = ''): void {
    if (this.isOver) return
    this.end()
    if (this.isCorked) this.answer(status, headers, body)
    else this.response.cork(() => this.answer(status, headers, body))
  }

  private answer(status: number, headers: Headers, body: string | Uint8Array): void {
    const { response } = this
    this.writeHead(status, headers)
    if (status === NO_CONTENT || status === NOT_MODIFIED) response.endWithoutBody()
    else if (!this.isHeadOnly) response.end(body)
    else if (body.length === 0) response.endWithoutBody()
    else response.endWithoutBody(Buffer.byteLength(body))
  }

  private writeHead(status: number, headers: Headers): void {
    const { response } = this
    response.writeStatus(statusLine(status))
    for (const name in headers) response.writeHeader(name, headers[name])
  }

  /** Nothing of this request concerns anybody any more. What is left of its body is thrown away as it comes. */
  private end(): void {
    this.isOver = true
    if (this.isPaused) this.response.resume()
  }

  /** The head goes out with the first part of the body. */
  begin(status: number, headers: Headers): void {
    if (this.isOver) return
    this.response.onWritable(this.hasRoom)
    this.response.cork(() => this.writeHead(status, headers))
  }

  write(bytes: Uint8Array | string): Written {
    if (this.isOver) return Written.GONE
    if (this.isHeadOnly || bytes.length === 0) return this.isBlocked ? Written.BUFFERED : Written.SENT
    const { pieceBytes } = this.port
    // UTF-8 takes at most three bytes for each unit of a string.
    const bytesMax = typeof bytes === 'string' ? bytes.length * 3 : bytes.length
    if (this.isBlocked) {
      this.rest = Buffer.concat([this.rest, typeof bytes === 'string' ? Buffer.from(bytes) : bytes])
    } else if (bytesMax <= pieceBytes) this.isBlocked = !this.pass(bytes)
    else if (typeof bytes === 'string') this.rest = this.offer(Buffer.from(bytes))
    else this.rest = Buffer.from(this.offer(bytes))
    return this.isBlocked ? Written.BUFFERED : Written.SENT
  }

  /** Hands over piece by piece until one does not pass. Returns what was not handed over. */
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
      hasPassed = this.response.write(bytes)
    })
    return hasPassed
  }

  /**
   * The kernel has room. What waits in uWebSockets.js goes on with the next write, which has to wait until this event has been dealt with (see
   * UwsWebSockets.drained).
   */
  private readonly hasRoom = (): boolean => {
    if (!this.isDraining) {
      this.isDraining = true
      setImmediate(this.drain)
    }
    return true
  }

  private readonly drain = (): void => {
    this.isDraining = false
    if (this.isOver) return
    const wasBlocked = this.isBlocked
    if (this.rest.length === 0) {
      this.isBlocked = false
      this.response.cork(nothing)
    } else this.rest = this.offer(this.rest)
    if (wasBlocked && !this.isBlocked) this.writable?.()
  }

  get isDrained(): boolean {
    return !this.isBlocked
  }

  finish(): void {
    if (this.isOver) return
    this.end()
    this.response.cork(() => {
      if (this.rest.length > 0) this.response.write(this.rest)
      if (this.isHeadOnly) this.response.endWithoutBody()
      else this.response.end()
    })
    this.rest = NO_BYTES
  }

  abort(): void {
    if (this.isOver) return
    this.isOver = true
    this.rest = NO_BYTES
    this.response.close()
    this.gone?.()
  }
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
