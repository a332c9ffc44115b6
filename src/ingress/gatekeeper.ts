import { ANYBODY, type Claim, type Identity } from '../core/identity.js'
import type { Session } from '../core/session.js'
import type { Code } from '../protocol/codes.js'

export { ANYBODY, type Claim }

/** Knows who may come in, and who is in as whom. Transports ask; security/ answers. */
export interface Gatekeeper {
  /** Whether somebody may come in without saying who they are, or may at least say so later in the session. */
  readonly admitsAnonymous: boolean
  /**
   * Who this is. Never rejects.
   * @returns at once where that is known, else a promise; a code of the table for whoever is not let in: UNAUTHENTICATED when nothing was shown and
   * something must be, BAD_CREDENTIALS, TOKEN_REVOKED, AUTH_UNAVAILABLE
   */
  identify(claim: Claim): Identity | Code | Promise<Identity | Code>
  /**
   * A session has been opened. It is watched until the router says that it has closed: for the time that its credentials end, and for being revoked.
   * @param who null: not known yet. The session is locked until it says so by AUTH, and ended if it does not in time
   * @returns 0, or the code that the session is to be ended with
   */
  opened(session: Session, who: Identity | null): Code | 0
  /**
   * A session that has been opened is taken up by another connection of the same user, with credentials of its own: they count from now on. Absent:
   * nobody's end.
   * @returns 0, or the code that the session is to be ended with
   */
  renewed?(session: Session, who: Identity): Code | 0
}

/** Lets everybody in. For tests and tools that make transports of their own. */
export const OPEN_GATE: Gatekeeper = { admitsAnonymous: true, identify: () => ANYBODY, opened: () => 0 }
