import type { Identity } from '../core/identity.js'
import { Code } from '../protocol/codes.js'
import type { Json } from './json.js'

/** By what it is known who somebody is, as it is asked again when the configuration, the keys or the revoked tokens have changed. */
export type Proof =
  | { readonly kind: 'none' }
  /** @property hash of the token, as the configuration has it; of the password likewise */
  | { readonly kind: 'token' | 'password'; readonly user: string; readonly hash: string }
  | { readonly kind: 'certificate'; readonly subject: string }
  /** @property hash of a token that the daemon itself has made */
  | { readonly kind: 'page'; readonly hash: string }
  /** @property key names the key that the signature was verified by; @property claims what was signed */
  | { readonly kind: 'jwt'; readonly algorithm: string; readonly key: string; readonly claims: Json }

export type ProofKind = Proof['kind']

/** An identity, and how it came about. */
export interface Known extends Identity {
  readonly proof: Proof
  /** Of the authenticator when it said so. */
  readonly epoch: number
}

/** Why somebody is not let in. They are told the code, and the log the reason, in which no secret stands. */
export class Refusal {
  constructor(
    readonly reason: string,
    readonly code: Code = Code.BAD_CREDENTIALS,
  ) {}
}

export function isRefusal(outcome: Known | Refusal): outcome is Refusal {
  return outcome instanceof Refusal
}
