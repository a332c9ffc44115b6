import { verifiesTokens } from '../config/authentication.js'
import type { Router } from '../core/router.js'
import { Authenticator } from './authenticator.js'
import { Guard } from './guard.js'
import { type KeyMeters, KeyRing } from './key-ring.js'
import { AuthMeters } from './meters.js'
import { PAGE_TOKEN_ID, type PageTokens } from './page-tokens.js'
import { PasswordDesk } from './password-desk.js'
import { Revocations } from './revocations.js'
import type { SecurityLog, SecuritySettings } from './settings.js'

/** What one configuration makes of who may come in: replaced as a whole by that of another. */
interface Realm {
  readonly settings: SecuritySettings
  readonly keys: KeyRing | null
  readonly revocations: Revocations
  readonly authenticator: Authenticator
}

/** What came of revoking a token. */
export interface Revoked {
  readonly id: string
  /** Connections that were ended. */
  readonly ended: number
  /** Whether it is kept when the daemon ends. */
  readonly kept: boolean
  /** Why not; '' where it is. */
  readonly problem: string
}

/** Everything that decides who may come in. */
export class Security {
  /** Reads all files that the configuration names. @throws (rejects) Error with a sentence for the operator */
  static async open(settings: SecuritySettings, router: Router, log: SecurityLog): Promise<Security> {
    const shared: Shared = {
      log,
      meters: new AuthMeters(),
      keyMeters: { read: 0, failed: 0, readAt: 0 },
      passwords: new PasswordDesk(() => performance.now()),
    }
    return new Security(await openRealm(settings, shared, null), router, shared)
  }

  readonly guard: Guard
  readonly meters: AuthMeters
  readonly keyMeters: KeyMeters

  private constructor(
    private realm: Realm,
    router: Router,
    private readonly shared: Shared,
  ) {
    this.meters = shared.meters
    this.keyMeters = shared.keyMeters
    this.guard = new Guard(router, realm.authenticator, realm.settings.auth.timeoutMs, shared.meters, shared.log)
    this.follow(realm)
  }

  /** Tokens that are revoked. */
  get revoked(): number {
    return this.realm.revocations.size
  }

  /**
   * Another configuration; the files are read again, too.
   * @returns what puts it into force
   * @throws (rejects) Error with a sentence for the operator: nothing has changed then
   */
  async prepare(settings: SecuritySettings): Promise<() => void> {
    const before = this.realm
    const next = await openRealm(settings, this.shared, before)
    return () => {
      next.revocations.takeOver(before.revocations)
      before.keys?.close()
      before.revocations.close()
      this.realm = next
      this.follow(next)
      this.guard.replace(next.authenticator, settings.auth.timeoutMs)
    }
  }

  /** From now on nobody is let in by this token, and who is in by it goes. @param id its claim "jti", or the hash of a token of a [[user]] */
  async revoke(id: string): Promise<Revoked> {
    const written = this.realm.revocations.add(id)
    const ended = this.guard.endToken(id)
    // A page may have been opened by it; whoever may open one is given another token.
    this.guard.endToken(PAGE_TOKEN_ID)
    try {
      return { id, ended, kept: await written, problem: '' }
    } catch (error) {
      this.shared.log('error', (error as Error).message)
      return { id, ended, kept: false, problem: (error as Error).message }
    }
  }

  /** A token for a page of the admin port, whose reader has shown who they are; null where nobody needs to. */
  makePageToken(): ReturnType<PageTokens['make']> | null {
    const { authenticator } = this.realm
    return authenticator.knowsUsers ? authenticator.pages.make() : null
  }

  close(): void {
    this.guard.close()
    this.realm.keys?.close()
    this.realm.revocations.close()
  }

  private follow({ keys, revocations }: Realm): void {
    keys?.start(() => this.guard.reconsider())
    revocations.start(() => this.guard.reconsider())
  }
}

/** What goes on when the configuration changes. */
interface Shared {
  readonly log: SecurityLog
  readonly meters: AuthMeters
  readonly keyMeters: KeyMeters
  readonly passwords: PasswordDesk
}

async function openRealm(settings: SecuritySettings, shared: Shared, before: Realm | null): Promise<Realm> {
  const { log, meters, keyMeters, passwords } = shared
  const revocations = Revocations.open(settings.auth.revokedFile, log)
  const keys = verifiesTokens(settings) ? await KeyRing.open(settings.jwt, keyMeters, log, before?.keys ?? null) : null
  const parts = { passwords, keys, revoked: revocations, meters, wallNow: () => Date.now() }
  const authenticator = new Authenticator(settings, parts, before?.authenticator ?? null)
  return { settings, keys, revocations, authenticator }
}

/**
 * Reads what the daemon would, and keeps nothing.
 * @throws (rejects) Error with a sentence for the operator
 */
export async function inspectSecurity(settings: SecuritySettings): Promise<readonly string[]> {
  const warnings: string[] = []
  const log: SecurityLog = (level, sentence) => {
    if (level !== 'info') warnings.push(sentence)
  }
  const passwords = new PasswordDesk(() => performance.now())
  await openRealm(
    settings,
    { log, meters: new AuthMeters(), keyMeters: { read: 0, failed: 0, readAt: 0 }, passwords },
    null,
  )
  return warnings
}
