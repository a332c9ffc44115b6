import { codeName } from '../protocol/codes.js'
import { isRefusal, type Known, type ProofKind, type Refusal } from './known.js'

/** What the guard counts. */
export class AuthMeters {
  /** By kind of what was shown and by what came of it, joined by a space: "jwt accepted", "password bad_credentials". */
  readonly attempts = new Map<string, number>()
  /** Sessions of which it is known who they are, and those that have to say so still. */
  known = 0
  locked = 0
  /** Sessions that went on with other credentials. */
  refreshed = 0
  /** Sessions that were ended, because their credentials have expired, or are not good any more, or never came. */
  expired = 0
  revoked = 0
  timedOut = 0

  /** Signatures that were spared, since the same token was verified lately. */
  remembered = 0

  note(kind: ProofKind, outcome: Known | Refusal): void {
    const key = `${kind} ${isRefusal(outcome) ? codeName(outcome.code) : 'accepted'}`
    this.attempts.set(key, (this.attempts.get(key) ?? 0) + 1)
  }
}
