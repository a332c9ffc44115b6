import type { Credentials } from '../protocol/control.js'
import { type Access, FULL_ACCESS } from './access.js'
import type { RateLimits } from './rate.js'

/** Somebody who has shown who they are, and what that means for their connections. */
export interface Identity {
  /** Also in the access. '' for the anonymous. */
  readonly user: string
  readonly access: Access
  /** null: as fast as it can. */
  readonly rateLimits: RateLimits | null
  /** Connections of this user, all together; 0: as many as there may be. */
  readonly connectionsMax: number
  /** When this is over, milliseconds since 1970; 0: never. */
  readonly expiresAt: number
  /** By which it can be revoked; '' when it has none. */
  readonly tokenId: string
  /** Whether they may use the admin port. */
  readonly isAdmin: boolean
}

/** Everybody, when nobody is asked. */
export const ANYBODY: Identity = {
  user: '',
  access: FULL_ACCESS,
  rateLimits: null,
  connectionsMax: 0,
  expiresAt: 0,
  tokenId: '',
  isAdmin: false,
}

/** What somebody at the door shows. */
export interface Claim {
  /** null: none was shown. */
  readonly credentials: Credentials | null
  /** Subject (RFC 4514) of a client certificate that has been verified; '' for none. */
  readonly certificateSubject: string
  /** Address of the client, behind proxies that are trusted; without a port. */
  readonly address: string
}
