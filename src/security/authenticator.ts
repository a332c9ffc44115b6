import { admitsAnonymous, knowsUsers } from '../config/authentication.js'
import type { Config } from '../config/config.js'
import type { Claim } from '../core/identity.js'
import { Code } from '../protocol/codes.js'
import { Directory, type User } from './directory.js'
import { type Known, type Proof, type ProofKind, Refusal } from './known.js'
import type { PasswordDesk, PasswordVerdict } from './password-desk.js'
import { type Grant, Roles } from './roles.js'
import type { SecuritySettings } from './settings.js'
import { hashToken, isTokenLike, TOKEN_CHARS_MAX } from './tokens.js'

/** What goes on when the configuration changes. */
export interface AuthenticatorParts {
  readonly passwords: PasswordDesk
  /** Whether a token has been revoked. */
  isRevoked(tokenId: string): boolean
}

export type Outcome = Known | Refusal

let epochs = 0

/** Finds out who somebody is, by one configuration: another one makes another authenticator. */
export class Authenticator {
  /** Whether anybody can say who they are. */
  readonly knowsUsers: boolean
  /** Whether those who do not say so are let in. */
  readonly admitsAnonymous: boolean
  private readonly roles: Roles
  private readonly directory: Directory
  private anonymous: Known
  private currentEpoch = ++epochs

  /** @throws Error with a sentence for the operator */
  constructor(
    settings: SecuritySettings,
    private readonly parts: AuthenticatorParts,
    before: Authenticator | null = null,
  ) {
    this.knowsUsers = knowsUsers(settings)
    this.admitsAnonymous = admitsAnonymous(settings as Config)
    this.roles = new Roles(settings, before?.roles ?? null)
    this.directory = new Directory(settings.user)
    this.anonymous = this.known({ kind: 'none' }, this.grant(settings.auth.anonymousRole, ''), '')
  }

  /** Another one whenever what was known may not be true any more. */
  get epoch(): number {
    return this.currentEpoch
  }

  /** Never rejects. */
  identify(claim: Claim): Outcome | Promise<Outcome> {
    if (!this.knowsUsers) return this.anonymous
    const { credentials, certificateSubject, address } = claim
    if (credentials === null) return this.byCertificate(certificateSubject)
    if ('token' in credentials) return this.byToken(credentials.token)
    return this.byPassword(credentials.user, credentials.password, address)
  }

  /** The same for somebody whose proof was good before. */
  again(proof: Proof): Outcome {
    switch (proof.kind) {
      case 'none':
        return this.admitsAnonymous
          ? this.anonymous
          : new Refusal('the anonymous are not let in any more', Code.UNAUTHENTICATED)
      case 'token': {
        const user = this.directory.find(proof.user)
        return user?.tokenHashes.has(proof.hash) ? this.holderOf(user, proof.hash) : REMOVED
      }
      case 'password': {
        const user = this.directory.find(proof.user)
        return user?.passwordHash === proof.hash ? this.user(user, proof, '') : REMOVED
      }
      case 'certificate': {
        const user = this.directory.byCertificate(proof.subject)
        return user === null ? REMOVED : this.user(user, proof, '')
      }
      case 'jwt':
        return REMOVED
    }
  }

  private byCertificate(subject: string): Outcome {
    const user = subject === '' ? null : this.directory.byCertificate(subject)
    if (user !== null) return this.user(user, { kind: 'certificate', subject }, '')
    if (this.admitsAnonymous) return this.anonymous
    const reason = subject === '' ? 'nothing was shown' : 'the subject of the certificate is no user'
    // Who has shown a certificate that means nothing here may still have a token to show.
    return new Refusal(reason, Code.UNAUTHENTICATED)
  }

  private byToken(token: string): Outcome | Promise<Outcome> {
    if (!isTokenLike(token)) return new Refusal('not a token: empty, too long, or not printable ASCII')
    const hash = hashToken(token)
    const user = this.directory.byToken(hash)
    return user === null ? new Refusal('this token is not known') : this.holderOf(user, hash)
  }

  private holderOf(user: User, hash: string): Outcome {
    if (this.parts.isRevoked(hash)) return REVOKED
    return this.user(user, { kind: 'token', user: user.name, hash }, hash)
  }

  private async byPassword(name: string, password: string, address: string): Promise<Outcome> {
    if (name.length > TOKEN_CHARS_MAX || password.length > TOKEN_CHARS_MAX)
      return new Refusal('user or password too long')
    const { directory } = this
    const user = directory.find(name)
    const hash = user?.passwordHash ?? ''
    const verdict = await this.parts.passwords.verify(name, password, hash, directory.passwordOf(name), address)
    if (verdict !== 'right' || user === null) return PASSWORD_REFUSALS[verdict]
    return this.user(user, { kind: 'password', user: name, hash }, '')
  }

  private user(user: User, proof: Proof, tokenId: string): Known {
    return this.known(proof, this.grant(user.role, user.name), user.name, { tokenId, isAdmin: user.isAdmin })
  }

  /** @throws Error when there is no such role, which the configuration rules out */
  private grant(role: string, user: string): Grant {
    const grant = this.roles.grant(role, user)
    if (grant === null) throw new Error(`there is no [[role]] with the name ${JSON.stringify(role)}`)
    return grant
  }

  private known(
    proof: Proof,
    grant: Grant,
    user: string,
    { tokenId = '', isAdmin = false, expiresAt = 0 }: Partial<Pick<Known, 'tokenId' | 'isAdmin' | 'expiresAt'>> = {},
  ): Known {
    return { ...grant, user, proof, tokenId, isAdmin, expiresAt, epoch: this.currentEpoch }
  }
}

const REMOVED = new Refusal('these credentials are not in the configuration any more', Code.TOKEN_REVOKED)
const REVOKED = new Refusal('this token has been revoked', Code.TOKEN_REVOKED)

const PASSWORD_REFUSALS: { readonly [V in PasswordVerdict]: Refusal } = {
  right: new Refusal('no such user'),
  wrong: new Refusal('no such user, or not their password'),
  busy: new Refusal('too many passwords are being verified', Code.AUTH_UNAVAILABLE),
  throttled: new Refusal('too many wrong passwords from this address', Code.AUTH_UNAVAILABLE),
}

/** What was shown, whatever is to be thought of it. */
export function kindOf({ credentials, certificateSubject }: Claim): ProofKind {
  if (credentials === null) return certificateSubject === '' ? 'none' : 'certificate'
  if ('password' in credentials) return 'password'
  return credentials.token.split('.').length === 3 ? 'jwt' : 'token'
}
