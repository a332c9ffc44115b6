import type { Origins } from '../origins.js'
import type { Headers, HttpExchange } from './exchange.js'
import { PassedExchange } from './passed-exchange.js'

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
export class WithHeaders extends PassedExchange {
  constructor(
    inner: HttpExchange,
    private readonly more: Headers,
  ) {
    super(inner)
  }

  override respond(status: number, headers: Headers, body?: string | Uint8Array): void {
    super.respond(status, { ...headers, ...this.more }, body)
  }
  override begin(status: number, headers: Headers): void {
    super.begin(status, { ...headers, ...this.more })
  }
}
