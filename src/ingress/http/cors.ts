import type { Written } from '../../core/link.js'
import type { Peer } from '../../core/peer.js'
import type { Origins } from '../origins.js'
import type { Transport } from '../peer.js'
import type { BodyReceiver, Headers, HttpExchange } from './exchange.js'

const ANY = '*'
/** A browser may keep what it was told for this long. */
const PREFLIGHT_MAX_AGE_S = 600
/** Of our answers, what a page may read besides the usual. */
const EXPOSED = 'allow, preference-applied, retry-after, www-authenticate'

/**
 * Which pages of other origins may call, and how they are told (the Fetch standard, CORS). Without credentials, as that standard calls what a browser
 * sends by itself: there are no cookies here, and a page sets the Authorization header itself.
 */
export class Cors {
  constructor(private readonly origins: Origins) {}

  /** @param host value of the Host header */
  allows(origin: string, host: string): boolean {
    return this.origins.allows(origin, host)
  }

  /** For every answer to a page of an origin that is allowed. */
  headers(origin: string): Headers {
    const allowed = this.origins.isAny ? ANY : origin
    return { 'access-control-allow-origin': allowed, 'access-control-expose-headers': EXPOSED, vary: 'origin' }
  }

  /** For the answer to a preflight request. */
  preflightHeaders(methods: string, requestedHeaders: string): Headers {
    return {
      'access-control-allow-methods': methods,
      // Pages are told apart by origin, not by what they send.
      ...(requestedHeaders !== '' && { 'access-control-allow-headers': requestedHeaders }),
      'access-control-max-age': String(PREFLIGHT_MAX_AGE_S),
    }
  }
}

/** An exchange whose answer has a few headers more. */
export class WithHeaders implements HttpExchange {
  constructor(
    private readonly inner: HttpExchange,
    private readonly more: Headers,
  ) {}

  get method(): string {
    return this.inner.method
  }
  get path(): string {
    return this.inner.path
  }
  get query(): string {
    return this.inner.query
  }
  get isDuplex(): boolean {
    return this.inner.isDuplex
  }
  get address(): string {
    return this.inner.address
  }
  get certificateSubject(): string {
    return this.inner.certificateSubject
  }
  get isDrained(): boolean {
    return this.inner.isDrained
  }
  get writable(): (() => void) | null {
    return this.inner.writable
  }
  set writable(callback: (() => void) | null) {
    this.inner.writable = callback
  }
  get gone(): (() => void) | null {
    return this.inner.gone
  }
  set gone(callback: (() => void) | null) {
    this.inner.gone = callback
  }

  header(name: string): string {
    return this.inner.header(name)
  }
  eachHeader(visit: (name: string, value: string) => void): void {
    this.inner.eachHeader(visit)
  }
  peer(transport: Transport): Peer {
    return this.inner.peer(transport)
  }
  receive(body: BodyReceiver): void {
    this.inner.receive(body)
  }
  pause(): void {
    this.inner.pause()
  }
  resume(): void {
    this.inner.resume()
  }
  respond(status: number, headers: Headers, body?: string | Uint8Array): void {
    if (body === undefined) this.inner.respond(status, { ...headers, ...this.more })
    else this.inner.respond(status, { ...headers, ...this.more }, body)
  }
  begin(status: number, headers: Headers): void {
    this.inner.begin(status, { ...headers, ...this.more })
  }
  write(bytes: Uint8Array | string): Written {
    return this.inner.write(bytes)
  }
  finish(): void {
    this.inner.finish()
  }
  abort(): void {
    this.inner.abort()
  }
}
