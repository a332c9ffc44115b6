import { Written } from '../../src/core/link.js'
import { NO_PEER, type Peer } from '../../src/core/peer.js'
import type { BodyReceiver, Headers, HttpExchange } from '../../src/ingress/http/exchange.js'

export interface ExchangeRequest {
  method?: string
  /** Path and query, as in a request line. */
  target: string
  headers?: Headers
  isDuplex?: boolean
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** A request whose peer is a test: it holds the API to the contract of HttpExchange, and keeps what was answered. */
export class TestExchange implements HttpExchange {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly isDuplex: boolean

  status = 0
  answerHeaders: Headers = {}
  /** The body of the answer, in the pieces that were written. */
  readonly writes: Buffer[] = []
  /** The answer is complete. */
  ended = false
  aborted = false
  paused = false
  /** What the next writes answer; `answers` go first, one each. */
  answer: Written = Written.SENT
  readonly answers: Written[] = []
  /** Set while the transport has bytes that it could not pass on. */
  blocked = false

  writable: (() => void) | null = null
  gone: (() => void) | null = null
  address = '192.0.2.1'
  certificateSubject = ''
  private readonly headers: Headers
  private body: BodyReceiver | null = null
  private begun = false
  /** Names and values of the request are at hand only until handle returns. */
  private headIsRead = false

  constructor({ method = 'GET', target, headers = {}, isDuplex = false }: ExchangeRequest) {
    const question = target.indexOf('?')
    this.method = method
    this.path = question < 0 ? target : target.slice(0, question)
    this.query = question < 0 ? '' : target.slice(question + 1)
    this.headers = headers
    this.isDuplex = isDuplex
  }

  /** To be called when handle has returned, as of when transports forget the head. */
  handled(): this {
    this.headIsRead = true
    return this
  }

  peer(): Peer {
    return NO_PEER
  }

  header(name: string): string {
    if (this.headIsRead) throw new Error('the head is read after handle has returned')
    return this.headers[name] ?? ''
  }

  eachHeader(visit: (name: string, value: string) => void): void {
    if (this.headIsRead) throw new Error('the head is read after handle has returned')
    for (const [name, value] of Object.entries(this.headers)) visit(name, value)
  }

  receive(body: BodyReceiver): void {
    if (this.headIsRead) throw new Error('receive is called after handle has returned')
    if (this.body !== null) throw new Error('receive is called twice')
    this.body = body
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  respond(status: number, headers: Headers, body: string | Uint8Array = ''): void {
    if (this.begun) throw new Error('answered twice')
    this.begin(status, headers)
    if (body.length > 0) this.writes.push(Buffer.from(body))
    this.ended = true
  }

  begin(status: number, headers: Headers): void {
    if (this.begun) throw new Error('answered twice')
    for (const [name, value] of Object.entries(headers)) {
      if (name !== name.toLowerCase() || /[\r\n]/.test(value)) throw new Error(`bad header ${name}`)
    }
    this.begun = true
    this.status = status
    this.answerHeaders = headers
  }

  write(bytes: Uint8Array | string): Written {
    if (!this.begun || this.ended) throw new Error('written outside of an answer')
    if (this.aborted) return Written.GONE
    if (this.blocked) throw new Error('written to an exchange that said BUFFERED')
    const answer = this.answers.shift() ?? this.answer
    if (answer !== Written.GONE) this.writes.push(Buffer.from(bytes))
    if (answer === Written.BUFFERED) this.blocked = true
    return answer
  }

  get isDrained(): boolean {
    return !this.blocked
  }

  finish(): void {
    if (!this.begun || this.ended) throw new Error('finished outside of an answer')
    this.ended = true
  }

  abort(): void {
    if (this.ended || this.aborted) return
    this.cut()
  }

  /** The peer goes away. */
  cut(): void {
    if (this.ended || this.aborted) return
    this.aborted = true
    this.gone?.()
  }

  /** The transport takes bytes again. */
  thaw(): void {
    this.answer = Written.SENT
    this.blocked = false
    this.writable?.()
  }

  /** Whether the body is waited for. */
  get wantsBody(): boolean {
    return this.body !== null && !this.ended && !this.aborted
  }

  /** A part of the body. Its bytes are overwritten afterwards, as a transport's may be. */
  chunk(part: string | Uint8Array): this {
    if (this.body === null || this.ended || this.aborted) return this
    const bytes = Uint8Array.from(typeof part === 'string' ? Buffer.from(part) : part)
    this.body.chunk(bytes)
    bytes.fill(0xc1)
    return this
  }

  /** The rest of the body, and its end. */
  end(part: string | Uint8Array = ''): this {
    if (part.length > 0) this.chunk(part)
    if (this.body !== null && !this.ended && !this.aborted) this.body.end()
    return this
  }

  /** All that was answered since the last take. */
  take(): Buffer {
    return Buffer.concat(this.writes.splice(0))
  }

  takeText(): string {
    return decoder.decode(this.take())
  }

  /** The whole answer as JSON. */
  takeJson(): Record<string, unknown> {
    return JSON.parse(this.takeText()) as Record<string, unknown>
  }
}
