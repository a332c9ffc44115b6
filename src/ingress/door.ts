import { LOCKED } from '../core/access.js'
import type { Claim, Identity } from '../core/identity.js'
import { Rate } from '../core/rate.js'
import type { Session } from '../core/session.js'
import { Code } from '../protocol/codes.js'
import type { Credentials } from '../protocol/control.js'
import { hasCredentials, readAuthorization, readTokenSubprotocol } from './credentials.js'
import { type Gatekeeper, OPEN_GATE } from './gatekeeper.js'
import { Problem } from './http/problem.js'
import { Origins } from './origins.js'

/** Verdicts that are waited for, on all ports: each holds a connection, and a little of what it has sent. */
export const PENDING_MAX = 16_384

/** Whom a request came from, as far as its connection shows it. */
export interface Caller {
  /** Of the client, without a port. */
  readonly address: string
  /** Subject (RFC 4514) of a client certificate that has been verified; '' for none. */
  readonly certificateSubject: string
}

/**
 * Who somebody is; null: they have not said so, and the session has to begin with it; a problem: they are not let in.
 */
export type Answer = Identity | null | Problem

/** Where everybody comes in, by whatever transport: what they show is read and put before the gatekeeper. */
export class Door {
  private pending = 0

  constructor(
    readonly gate: Gatekeeper,
    readonly origins: Origins,
  ) {}

  /**
   * Who sends a request. Headers are '' when absent.
   * @param offered value of Sec-WebSocket-Protocol
   * @returns at once where that is known. The promise does not reject.
   */
  identify(authorization: string, offered: string, query: string, caller: Caller): Answer | Promise<Answer> {
    const credentials = credentialsOf(authorization, offered, query)
    if (credentials instanceof Problem) return credentials
    const claim = new ShownClaim(credentials, caller)
    const found = this.gate.identify(claim)
    if (!(found instanceof Promise)) return answerOf(found, credentials === null)
    if (this.pending >= PENDING_MAX) return new Problem(Code.AUTH_UNAVAILABLE)
    claim.keep()
    return this.wait(found, credentials === null)
  }

  private async wait(found: Promise<Identity | Code>, isSilent: boolean): Promise<Answer> {
    this.pending++
    try {
      return answerOf(await found, isSilent)
    } finally {
      this.pending--
    }
  }

  /** Of a page that may not call here: why. Null: it may, or it is no page. */
  refuseOrigin(origin: string, host: string): Problem | null {
    return this.origins.allows(origin, host) ? null : new Problem(Code.ORIGIN_NOT_ALLOWED)
  }

  /**
   * A session that goes on with a request of another connection: what this one has shown counts from now on.
   * @returns 0, or the code to end it with
   */
  renew(session: Session, who: Identity): Code | 0 {
    return this.gate.renewed?.(session, who) ?? 0
  }

  /**
   * Gives a new session what it may, and has it watched.
   * @param who null: not known yet
   * @returns 0, or the code to end it with
   */
  admit(session: Session, who: Identity | null): Code | 0 {
    session.access = who === null ? LOCKED : who.access
    session.rate = who === null || who.rateLimits === null ? null : new Rate(who.rateLimits)
    return this.gate.opened(session, who)
  }
}

/** What the request says is asked for only by who wants to know it: on some transports that costs. */
class ShownClaim implements Claim {
  private known: string | null = null

  constructor(
    readonly credentials: Credentials | null,
    private readonly caller: Caller,
  ) {}

  get address(): string {
    this.known ??= this.caller.address
    return this.known
  }

  get certificateSubject(): string {
    return this.caller.certificateSubject
  }

  /** The request may be over when it is asked for. */
  keep(): void {
    this.known = this.address
  }
}

/** Lets everybody in, and pages of every origin. For tests and tools that make transports of their own. */
export const OPEN_DOOR = new Door(OPEN_GATE, new Origins(['*']))

function answerOf(found: Identity | Code, isSilent: boolean): Answer {
  if (typeof found !== 'number') return found
  return found === Code.UNAUTHENTICATED && isSilent ? null : new Problem(found)
}

const IN_ADDRESS =
  'credentials have no place in an address, which ends up in logs: send them as the header Authorization, the subprotocol sluice.token.… or the frame auth'
const BAD_HEADER = 'Authorization is "Bearer TOKEN", or "Basic" and base64 of USER:PASSWORD'
const BAD_SUBPROTOCOL = 'a token as a subprotocol is one, "sluice.token." and its base64url'
const TWO_WAYS = 'credentials are shown in one way, not in two'

function credentialsOf(authorization: string, offered: string, query: string): Credentials | null | Problem {
  if (hasCredentials(query)) return new Problem(Code.BAD_PARAMETER, IN_ADDRESS)
  const byHeader = readAuthorization(authorization)
  if (byHeader === 'malformed') return new Problem(Code.BAD_CREDENTIALS, BAD_HEADER)
  const byProtocol = readTokenSubprotocol(offered)
  if (byProtocol === 'malformed') return new Problem(Code.BAD_CREDENTIALS, BAD_SUBPROTOCOL)
  if (byHeader !== null && byProtocol !== null) return new Problem(Code.BAD_CREDENTIALS, TWO_WAYS)
  return byHeader ?? byProtocol
}
