import { Access } from '../../src/core/access.js'
import { ANYBODY, type Claim, type Identity } from '../../src/core/identity.js'
import { Rate } from '../../src/core/rate.js'
import type { Router } from '../../src/core/router.js'
import { Rules } from '../../src/core/rules.js'
import type { Session } from '../../src/core/session.js'
import type { Gatekeeper } from '../../src/ingress/gatekeeper.js'
import { Code } from '../../src/protocol/codes.js'

export function somebody(user: string, more: Partial<Identity> = {}): Identity {
  return { ...ANYBODY, user, access: new Access(user, null, null, 0), ...more }
}

/** What a test's users may, where it is not everything. */
export function allowing(user: string, publish: string[], subscribe: string[], laneMin = 0): Access {
  return new Access(user, new Rules(publish, []), new Rules(subscribe, []), laneMin)
}

/** A gatekeeper that knows what a test tells it: tokens, passwords and subjects of certificates. */
export class FakeGate implements Gatekeeper {
  /** By "token T", "password U P" or "certificate S". */
  readonly known = new Map<string, Identity | Code>()
  /** What it was asked, and which sessions were opened as whom. */
  readonly claims: Claim[] = []
  readonly opened_: { session: Session; who: Identity | null }[] = []
  admitsAnonymous = false
  anonymous: Identity = ANYBODY
  /** Answers come a turn later. */
  isSlow = false
  /** Holds answers back until it is released. */
  private held: (() => void)[] | null = null
  /** What opened says. */
  refusal: Code | 0 = 0

  identify(claim: Claim): Identity | Code | Promise<Identity | Code> {
    this.claims.push(claim)
    const answer = this.look(claim)
    if (this.held !== null) return new Promise((resolve) => this.held?.push(() => resolve(answer)))
    return this.isSlow ? new Promise((resolve) => setImmediate(resolve, answer)) : answer
  }

  /** From now on nobody gets an answer. */
  hold(): void {
    this.held = []
  }

  get waiting(): number {
    return this.held?.length ?? 0
  }

  release(): void {
    const held = this.held ?? []
    this.held = null
    for (const answer of held) answer()
  }

  private look({ credentials, certificateSubject }: Claim): Identity | Code {
    if (credentials === null) {
      const byCertificate = this.known.get(`certificate ${certificateSubject}`)
      if (byCertificate !== undefined) return byCertificate
      return this.admitsAnonymous ? this.anonymous : Code.UNAUTHENTICATED
    }
    const key =
      'token' in credentials ? `token ${credentials.token}` : `password ${credentials.user} ${credentials.password}`
    return this.known.get(key) ?? Code.BAD_CREDENTIALS
  }

  opened(session: Session, who: Identity | null): Code | 0 {
    this.opened_.push({ session, who })
    return this.refusal
  }

  /** Answers the AUTH frames of a router. */
  guard(router: Router): void {
    router.onAuth = async (session, request, credentials) => {
      const found = await this.identify({ credentials, certificateSubject: '', address: '' })
      if (typeof found === 'number') router.fail(session, found)
      else {
        const { user, access, rateLimits, expiresAt } = found
        const expiresInMs = expiresAt === 0 ? {} : { expiresInMs: expiresAt - Date.now() }
        router.grant(session, access, rateLimits === null ? null : new Rate(rateLimits), request, {
          user,
          ...expiresInMs,
        })
      }
    }
  }
}
