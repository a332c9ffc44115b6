import { admitsAnonymous, knowsUsers } from '../config/authentication.js'
import type { Config } from '../config/config.js'
import type { Claim } from '../core/identity.js'
import { Code } from '../protocol/codes.js'
import { type Bearer, EXPIRED } from './claims.js'
import { Directory, type User } from './directory.js'
import { isJwtLike, type JwtProof, JwtVerifier } from './jwt.js'
import type { KeyRing } from './key-ring.js'
import { type Known, type Proof, type ProofKind, Refusal } from './known.js'
import { Lru } from './lru.js'
import type { AuthMeters } from './meters.js'
import { PAGE_GRANT, PAGE_TOKEN_ID, PAGE_USER, PageTokens } from './page-tokens.js'
import type { PasswordDesk, PasswordVerdict } from './password-desk.js'
import { type Grant, NOTHING, Roles } from './roles.js'
import type { SecuritySettings } from './settings.js'
import { hashToken, isTokenLike, TOKEN_CHARS_MAX } from './tokens.js'

export interface AuthenticatorParts {
  readonly passwords: PasswordDesk
  /** null: there is no issuer. */
  readonly keys: KeyRing | null
  readonly revoked: { has(tokenId: string): boolean }
  readonly meters: AuthMeters
  /** Milliseconds since 1970. */
  wallNow(): number
}

export type Outcome = Known | Refusal

/** Tokens that were good lately. */
const VERIFIED_MAX = 10_000

let epochs = 0

/** Finds out who somebody is, by one configuration: another one makes another authenticator. */
export class Authenticator {
  /** Whether anybody can say who they are. */
  readonly knowsUsers: boolean
  /** Whether those who do not say so are let in. */
  readonly admitsAnonymous: boolean
  /** For the pages of the admin port. */
  readonly pages: PageTokens
  private readonly roles: Roles
  private readonly directory: Directory
  private readonly jwt: JwtVerifier | null
  private readonly anonymous: Known
  /** By hash of the token: a request for each event, and a crowd that comes back, pay for one look, and one signature. */
  private readonly verified = new Lru<string, Known>(VERIFIED_MAX)
  private readonly underWay = new Map<string, Promise<Outcome>>()
  private currentEpoch = ++epochs

  /** @throws Error with a sentence for the operator */
  constructor(
    private readonly settings: SecuritySettings,
    private readonly parts: AuthenticatorParts,
    before: Authenticator | null = null,
  ) {
    this.knowsUsers = knowsUsers(settings)
    this.admitsAnonymous = admitsAnonymous(settings as Config)
    this.roles = new Roles(settings, before?.roles ?? null)
    this.directory = new Directory(settings.user)
    this.jwt = parts.keys === null ? null : new JwtVerifier(settings.jwt, parts.keys, parts.wallNow)
    this.pages = new PageTokens(parts.wallNow)
    this.anonymous = this.known({ kind: 'none' }, this.grant(settings.auth.anonymousRole, ''), '')
  }

  /** Another one whenever what was known may not be true any more. */
  get epoch(): number {
    return this.currentEpoch
  }

  /** Keys or revoked tokens have changed: nothing is remembered. */
  forget(): void {
    this.verified.clear()
    this.pages.clear()
    this.currentEpoch = ++epochs
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
      case 'page':
        return this.page(proof.hash) ?? REMOVED
      case 'jwt':
        return this.bearerAgain(proof)
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
    const { verified } = this
    const known = verified.get(hash)
    if (known !== undefined && (known.expiresAt === 0 || known.expiresAt > this.parts.wallNow())) {
      this.parts.meters.remembered++
      return known
    }
    const user = this.directory.byToken(hash)
    if (user !== null) {
      const holder = this.holderOf(user, hash)
      if (!(holder instanceof Refusal)) verified.set(hash, holder)
      return holder
    }
    const page = this.page(hash)
    if (page !== null) return page
    const { jwt } = this
    if (jwt === null || !isJwtLike(token)) return new Refusal('this token is not known')
    const same = this.underWay.get(hash)
    if (same !== undefined) return same
    const verifying = this.verify(jwt, token, hash).finally(() => this.underWay.delete(hash))
    this.underWay.set(hash, verifying)
    return verifying
  }

  private async verify(jwt: JwtVerifier, token: string, hash: string): Promise<Outcome> {
    const proof = await jwt.verify(token)
    if (proof instanceof Refusal) return proof
    const bearer = jwt.read(proof)
    if (typeof bearer === 'string') return new Refusal(bearer)
    const outcome = this.bearer(bearer, proof)
    if (!(outcome instanceof Refusal)) this.verified.set(hash, outcome)
    return outcome
  }

  private bearerAgain(proof: JwtProof): Outcome {
    const bearer = this.jwt?.read(proof) ?? 'there is no issuer any more'
    if (typeof bearer !== 'string') return this.bearer(bearer, proof)
    return new Refusal(bearer, bearer === EXPIRED ? Code.TOKEN_EXPIRED : Code.TOKEN_REVOKED)
  }

  private bearer(bearer: Bearer, proof: JwtProof): Outcome {
    const { user, tokenId, expiresAt, told } = bearer
    if (tokenId !== '' && this.parts.revoked.has(tokenId)) return REVOKED
    const { defaultRole, adminRoles } = this.settings.jwt
    const role = bearer.role ?? (told === null && defaultRole !== '' ? defaultRole : null)
    const grant = role === null ? this.roles.grantTold(told ?? NOTHING, user) : this.roles.grantLess(role, told, user)
    if (grant === null) return new Refusal('it names a role that is not there')
    return this.known(proof, grant, user, { tokenId, expiresAt, isAdmin: role !== null && adminRoles.includes(role) })
  }

  private holderOf(user: User, hash: string): Outcome {
    if (this.parts.revoked.has(hash)) return REVOKED
    return this.user(user, { kind: 'token', user: user.name, hash }, hash)
  }

  private page(hash: string): Known | null {
    const expiresAt = this.pages.endOf(hash)
    if (expiresAt === 0) return null
    return this.known({ kind: 'page', hash }, PAGE_GRANT, PAGE_USER, { tokenId: PAGE_TOKEN_ID, expiresAt })
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
  return isJwtLike(credentials.token) ? 'jwt' : 'token'
}
