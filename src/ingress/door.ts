import { LOCKED } from '../core/access.js'
import type { Identity } from '../core/identity.js'
import { Rate } from '../core/rate.js'
import type { Session } from '../core/session.js'
import { Code } from '../protocol/codes.js'
import type { Credentials } from '../protocol/control.js'
import { hasCredentials, readAuthorization, readTokenSubprotocol } from './credentials.js'
import { type Gatekeeper, OPEN_GATE } from './gatekeeper.js'
import { Problem } from './http/problem.js'
import { Origins } from './origins.js'

/** Requests whose credentials are being looked at, on all ports: each holds a connection, and what it has sent. */
export const PENDING_MAX = 4096

/** What a request shows of who has sent it. Headers are '' when absent. */
export interface Shown {
  readonly authorization: string
  /** Value of Sec-WebSocket-Protocol; '' where it is no WebSocket. */
  readonly offered: string
  readonly query: string
  /** Subject (RFC 4514) of a client certificate that has been verified; '' for none. */
  readonly certificateSubject: string
  /** Of the client, without a port. */
  readonly address: string
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
   * Who wants to open a session.
   * @returns at once where that is known. The promise does not reject.
   */
  identify(shown: Shown): Answer | Promise<Answer> {
    const credentials = credentialsOf(shown)
    if (credentials instanceof Problem) return credentials
    const { certificateSubject, address } = shown
    const isSilent = credentials === null
    const found = this.gate.identify({ credentials, certificateSubject, address })
    return found instanceof Promise ? this.wait(found, isSilent) : answerOf(found, isSilent)
  }

  private async wait(found: Promise<Identity | Code>, isSilent: boolean): Promise<Answer> {
    if (this.pending >= PENDING_MAX) return new Problem(Code.AUTH_UNAVAILABLE)
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

/** Lets everybody in, and pages of every origin. For tests and tools that make transports of their own. */
export const OPEN_DOOR = new Door(OPEN_GATE, new Origins(['*']))

function answerOf(found: Identity | Code, isSilent: boolean): Answer {
  if (typeof found !== 'number') return found
  return found === Code.UNAUTHENTICATED && isSilent ? null : new Problem(found)
}

function credentialsOf({ authorization, offered, query }: Shown): Credentials | null | Problem {
  if (hasCredentials(query))
    return new Problem(
      Code.BAD_PARAMETER,
      'credentials have no place in an address, which ends up in logs: send them as the header Authorization, the subprotocol sluice.token.… or the frame auth',
    )
  return readShown(authorization, offered)
}

function readShown(authorization: string, offered: string): Credentials | null | Problem {
  const byHeader = readAuthorization(authorization)
  const byProtocol = readTokenSubprotocol(offered)
  if (byHeader === 'malformed')
    return new Problem(Code.BAD_CREDENTIALS, 'Authorization is "Bearer TOKEN", or "Basic" and base64 of USER:PASSWORD')
  if (byProtocol === 'malformed')
    return new Problem(Code.BAD_CREDENTIALS, 'a token as a subprotocol is one, "sluice.token." and its base64url')
  if (byHeader !== null && byProtocol !== null)
    return new Problem(Code.BAD_CREDENTIALS, 'credentials are shown in one way, not in two')
  return byHeader ?? byProtocol
}
