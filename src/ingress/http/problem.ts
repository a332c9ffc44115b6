import { Code, codeMessage, codeName, mayTryAgain } from '../../protocol/codes.js'
import { MEDIA_PROBLEM } from '../../protocol/media.js'
import type { Headers, HttpExchange } from './exchange.js'
import type { HttpMeters } from './options.js'

/** What a code is as an HTTP status: the one table. Codes that are not in it are the fault of the request: 400. */
const STATUS: { readonly [code: number]: number } = {
  [Code.SHUTTING_DOWN]: 503,
  [Code.OVERLOADED]: 503,
  [Code.SLOW_CONSUMER]: 503,
  [Code.IDLE_TIMEOUT]: 408,
  [Code.TOO_MANY_CONNECTIONS]: 503,
  [Code.KICKED]: 503,
  [Code.REQUEST_TIMEOUT]: 408,
  [Code.TOO_MANY_REQUESTS]: 429,
  [Code.RATE_LIMITED]: 429,
  [Code.TOKEN_EXPIRED]: 401,
  [Code.AUTH_TIMEOUT]: 408,
  [Code.AUTH_UNAVAILABLE]: 503,
  [Code.TOO_MANY_CONNECTS]: 503,
  [Code.TOO_MANY_OF_ADDRESS]: 429,
  [Code.TOO_MANY_OF_USER]: 429,
  [Code.MESSAGE_TIMEOUT]: 408,
  [Code.RESERVED_TOPIC]: 403,
  [Code.ORIGIN_NOT_ALLOWED]: 403,
  [Code.UNAUTHENTICATED]: 401,
  [Code.BAD_CREDENTIALS]: 401,
  [Code.TOKEN_REVOKED]: 401,
  [Code.NOT_PERMITTED]: 403,
  [Code.LANE_NOT_PERMITTED]: 403,
  [Code.NOT_FOUND]: 404,
  [Code.METHOD_NOT_ALLOWED]: 405,
  [Code.NOT_ACCEPTABLE]: 406,
  [Code.PAYLOAD_TOO_LARGE]: 413,
  [Code.FRAME_TOO_LARGE]: 413,
  [Code.BODY_TOO_LARGE]: 413,
  [Code.UNSUPPORTED_MEDIA_TYPE]: 415,
}

export function statusOf(code: number): number {
  return STATUS[code] ?? 400
}

const UNAUTHORIZED = 401
/** How somebody may say who they are (RFC 9110, 11.6.1). */
const CHALLENGE = 'Bearer realm="sluice", Basic realm="sluice", charset="UTF-8"'
/** The same for who has shown a token that is not taken (RFC 6750, 3.1). */
const CHALLENGE_AGAIN = CHALLENGE.replace(',', ', error="invalid_token",')

/** Seconds for `retry-after` where no better time is known. */
const RETRY_AFTER_S = 1

/** Members of a problem document besides those that every one has. */
export interface ProblemMembers {
  /** Milliseconds; becomes the header `retry-after` too. */
  retryAfterMs?: number
  [member: string]: unknown
}

/** Why a request is not carried out: a code of the table, and what about this request, for people. A value, never thrown. */
export class Problem {
  constructor(
    readonly code: Code,
    readonly detail: string = codeMessage(code),
    readonly members: ProblemMembers = {},
  ) {}

  get status(): number {
    return statusOf(this.code)
  }

  /** The document (RFC 9457). `code` and `name` are the protocol's. */
  get body(): string {
    const { code, detail, members } = this
    const name = codeName(code)
    return `${JSON.stringify({ type: `urn:sluice:${name}`, title: codeMessage(code), status: this.status, code, name, detail, ...members })}\n`
  }

  get headers(): Headers {
    const { code, status } = this
    const headers = { 'content-type': MEDIA_PROBLEM, 'cache-control': 'no-store' }
    if (status === UNAUTHORIZED) {
      return { ...headers, 'www-authenticate': code === Code.UNAUTHENTICATED ? CHALLENGE : CHALLENGE_AGAIN }
    }
    if (!mayTryAgain(code)) return headers
    const { retryAfterMs } = this.members
    const seconds = retryAfterMs === undefined ? RETRY_AFTER_S : Math.max(1, Math.ceil(retryAfterMs / 1000))
    return { ...headers, 'retry-after': String(seconds) }
  }
}

/** Answers a request with a problem. */
export function respondProblem(exchange: HttpExchange, meters: HttpMeters, problem: Problem, more?: Headers): void {
  const { status, headers } = problem
  meters.noteAnswered(status)
  exchange.respond(status, more === undefined ? headers : { ...headers, ...more }, problem.body)
}
