import { LOCKED } from '../core/access.js'
import type { Claim, Identity } from '../core/identity.js'
import { Rate, type RateLimits } from '../core/rate.js'
import type { Router } from '../core/router.js'
import type { Session } from '../core/session.js'
import { Code, closesConnection, codeMessage } from '../protocol/codes.js'
import type { Credentials, OkInfo } from '../protocol/control.js'
import { Op } from '../protocol/ops.js'
import { type Authenticator, kindOf, type Outcome } from './authenticator.js'
import { Endings } from './endings.js'
import { Expiries } from './expiries.js'
import { isRefusal, type Known, type Proof, Refusal } from './known.js'
import type { AuthMeters } from './meters.js'
import { RefusalLog } from './refusal-log.js'
import type { SecurityLog } from './settings.js'

/** Deadlines are looked at this often: what has expired ends within a second, with some of it left for the closing itself. */
const TICK_INTERVAL_MS = 250
/** Sessions that are looked at again in one go. */
const RECHECK_SESSIONS = 256

/** A session that somebody is known in, or that has to say who it is. */
interface Watched {
  readonly session: Session
  /** null: not known yet. */
  who: Known | null
  /** Monotonic milliseconds, while it is not known. */
  readonly knownBy: number
  isVerifying: boolean
}

interface Ending {
  readonly session: Session
  readonly code: Code
}

/** Time, handed in for tests. */
export interface GuardClock {
  /** Milliseconds since 1970: tokens end by it. */
  wall(): number
  /** Monotonic milliseconds. */
  monotonic(): number
}

const CLOCK: GuardClock = { wall: () => Date.now(), monotonic: () => performance.now() }
const NONE: Proof = { kind: 'none' }

/** Lets sessions in, knows who they are, and ends those that may not stay. The gatekeeper of the transports. */
export class Guard {
  private readonly refusals: RefusalLog
  private readonly watched = new Map<number, Watched>()
  /** In the order in which their time is over. */
  private readonly locked = new Set<Watched>()
  private readonly expiries = new Expiries<Watched>()
  private readonly endings = new Endings<Ending>(({ session, code }) => {
    if (this.isHere(session)) this.end(session, code)
  })
  /** Connections of each user. */
  private readonly users = new Map<string, number>()
  private readonly ticking: NodeJS.Timeout
  private rechecks = 0

  constructor(
    private readonly router: Router,
    private authenticator: Authenticator,
    private timeoutMs: number,
    readonly meters: AuthMeters,
    log: SecurityLog,
    private readonly clock: GuardClock = CLOCK,
  ) {
    this.refusals = new RefusalLog(log, clock.monotonic)
    router.onAuth = (session, request, credentials) => this.authenticate(session, request, credentials)
    router.onClosed.push((session) => this.forget(session))
    this.ticking = setInterval(() => this.tick(), TICK_INTERVAL_MS).unref()
  }

  close(): void {
    clearInterval(this.ticking)
  }

  get admitsAnonymous(): boolean {
    return this.authenticator.admitsAnonymous
  }

  /** Another configuration: from now on it counts, also for those who are in. */
  replace(authenticator: Authenticator, timeoutMs: number): void {
    this.authenticator = authenticator
    this.timeoutMs = timeoutMs
    this.recheck()
  }

  /** Keys or revoked tokens have changed. */
  reconsider(): void {
    this.authenticator.forget()
    this.recheck()
  }

  identify(claim: Claim): Identity | Code | Promise<Identity | Code> {
    const outcome = this.verify(claim)
    return outcome instanceof Promise ? outcome.then(answerOf) : answerOf(outcome)
  }

  opened(session: Session, who: Identity | null): Code | 0 {
    if (who === null) {
      session.access = LOCKED
      this.lock(this.watch(session))
      return 0
    }
    const known = this.current(who)
    if (isRefusal(known)) return known.code
    if (this.isTooMany(known)) return Code.TOO_MANY_OF_USER
    session.access = known.access
    session.rate = rateOf(known.rateLimits)
    if (known.proof.kind !== 'none') this.settle(this.watch(session), known)
    return 0
  }

  /** A session goes on by a request of another connection, with what that one has shown. @returns 0, or the code that the session is to be ended with */
  renewed(session: Session, who: Identity): Code | 0 {
    const known = this.current(who)
    if (isRefusal(known)) return known.code
    if (known.user !== session.access.user) return Code.BAD_CREDENTIALS
    this.become(session, known)
    return 0
  }

  /** A token has been revoked. @returns how many connections were ended that somebody had by it */
  endToken(tokenId: string): number {
    this.authenticator.forget()
    const ended = [...this.watched.values()].filter(
      ({ session, who }) => who?.tokenId === tokenId && this.isHere(session),
    )
    this.endings.add(ended.map(({ session }) => ({ session, code: Code.TOKEN_REVOKED })))
    return ended.length
  }

  /** Looks at everybody who is in, whether they may stay, and as what: a little at a time. */
  recheck(): void {
    const run = ++this.rechecks
    const sessions = [...this.router.sessions.values()]
    let at = 0
    const some = (): void => {
      if (run !== this.rechecks) return
      const end = Math.min(at + RECHECK_SESSIONS, sessions.length)
      for (; at < end; at++) if (this.isHere(sessions[at])) this.recheckOne(sessions[at])
      if (at < sessions.length) setImmediate(some)
    }
    some()
  }

  tick(): void {
    const expired = this.expiries.take(this.clock.wall())
    this.endings.add(expired.map(({ session }) => ({ session, code: Code.TOKEN_EXPIRED })))
    const late: Ending[] = []
    const now = this.clock.monotonic()
    for (const watched of this.locked) {
      if (watched.knownBy > now) break
      // It has done its part; the verdict has a time of its own.
      if (watched.isVerifying) continue
      this.unlock(watched)
      late.push({ session: watched.session, code: Code.AUTH_TIMEOUT })
    }
    this.endings.add(late)
    this.refusals.tick()
  }

  private verify(claim: Claim): Outcome | Promise<Outcome> {
    const outcome = this.authenticator.identify(claim)
    return outcome instanceof Promise ? outcome.then((late) => this.note(claim, late)) : this.note(claim, outcome)
  }

  private note(claim: Claim, outcome: Outcome): Outcome {
    this.meters.note(kindOf(claim), outcome)
    if (isRefusal(outcome) && claim.credentials !== null) {
      const { address } = claim
      this.refusals.note(outcome.reason, { kind: kindOf(claim), address, ...userOf(claim.credentials) })
    }
    return outcome
  }

  private authenticate(session: Session, request: number, credentials: Credentials): void {
    if (!this.authenticator.knowsUsers) {
      this.router.grant(session, session.access, session.rate, request, { user: session.access.user })
      return
    }
    const watched = this.watched.get(session.id) ?? this.watch(session)
    if (watched.isVerifying) {
      this.answer(session, request, Code.AUTH_UNAVAILABLE)
      return
    }
    const claim: Claim = { credentials, certificateSubject: '', address: hostOf(session.peer.address) }
    const outcome = this.verify(claim)
    if (!(outcome instanceof Promise)) {
      this.take(watched, request, outcome)
      return
    }
    watched.isVerifying = true
    void outcome.then((late) => {
      watched.isVerifying = false
      if (this.isHere(session)) this.take(watched, request, late)
    })
  }

  /** What has become of an AUTH. */
  private take(watched: Watched, request: number, outcome: Outcome): void {
    const { session, who } = watched
    const known = isRefusal(outcome) ? outcome : this.current(outcome)
    if (isRefusal(known)) {
      this.answer(session, request, known.code)
      return
    }
    const isOther = who !== null && who.user !== known.user
    if (isOther) {
      this.refusals.note('a connection of one user cannot become that of another', { from: who.user, to: known.user })
      this.answer(session, request, Code.BAD_CREDENTIALS)
      return
    }
    if (who === null && this.isTooMany(known)) {
      this.answer(session, request, Code.TOO_MANY_OF_USER)
      return
    }
    if (who !== null) this.meters.refreshed++
    this.settle(watched, known)
    const info: OkInfo = { user: known.user }
    if (known.expiresAt !== 0) info.expiresInMs = Math.max(0, known.expiresAt - this.clock.wall())
    this.router.grant(session, known.access, rateOf(known.rateLimits), request, info)
  }

  /** Tells why not, in answer to a request, and ends the session where that is what the code means. */
  private answer(session: Session, request: number, code: Code): void {
    this.router.meters.refuse(code, 1)
    this.router.tellRefusals(session)
    session.outbox.sendControl({ op: Op.ERROR, request, code, message: codeMessage(code), details: {} })
    if (closesConnection(code)) session.outbox.end(code, codeMessage(code))
  }

  /** What somebody who was known a moment ago is now: much may happen while a signature is verified. */
  private current(who: Identity): Outcome {
    if (!('proof' in who)) return this.authenticator.again(NONE)
    const known = who as Known
    return known.epoch === this.authenticator.epoch ? known : this.authenticator.again(known.proof)
  }

  private recheckOne(session: Session): void {
    const watched = this.watched.get(session.id)
    if (watched !== undefined && watched.who === null && session.access.isLocked) return
    const who = watched?.who ?? null
    const outcome = this.authenticator.again(who?.proof ?? NONE)
    if (isRefusal(outcome)) {
      this.refusals.note(outcome.reason, { user: session.access.user, session: session.id })
      this.end(session, outcome.code)
      return
    }
    this.become(session, outcome)
  }

  /** The session goes on as the same user, and may do other things perhaps. */
  private become(session: Session, known: Known): void {
    const watched = this.watched.get(session.id)
    if (known.proof.kind !== 'none') this.settle(watched ?? this.watch(session), known)
    const isSame = session.access === known.access && isSameRate(session.rate?.limits ?? null, known.rateLimits)
    if (!isSame) this.router.grant(session, known.access, rateOf(known.rateLimits), 0, {})
  }

  private end(session: Session, code: Code): void {
    const { meters } = this
    if (code === Code.AUTH_TIMEOUT) {
      // It may have said who it is at the last moment.
      if (!session.access.isLocked) return
      meters.timedOut++
    } else if (code === Code.TOKEN_EXPIRED) meters.expired++
    else meters.revoked++
    this.router.fail(session, code)
  }

  private watch(session: Session): Watched {
    const knownBy = this.clock.monotonic() + this.timeoutMs
    const watched: Watched = { session, who: null, knownBy, isVerifying: false }
    this.watched.set(session.id, watched)
    return watched
  }

  private lock(watched: Watched): void {
    this.locked.add(watched)
    this.meters.locked = this.locked.size
  }

  private unlock(watched: Watched): void {
    this.locked.delete(watched)
    this.meters.locked = this.locked.size
  }

  /** From now on it is known who is in here. */
  private settle(watched: Watched, known: Known): void {
    this.unlock(watched)
    this.release(watched)
    watched.who = known
    this.meters.known++
    this.expiries.add(watched, known.expiresAt)
    if (known.user !== '') this.users.set(known.user, (this.users.get(known.user) ?? 0) + 1)
  }

  private release(watched: Watched): void {
    const { who } = watched
    if (who === null) return
    watched.who = null
    this.meters.known--
    this.expiries.delete(watched, who.expiresAt)
    const others = (this.users.get(who.user) ?? 0) - 1
    if (others > 0) this.users.set(who.user, others)
    else this.users.delete(who.user)
  }

  private forget(session: Session): void {
    const watched = this.watched.get(session.id)
    if (watched === undefined) return
    this.watched.delete(session.id)
    this.unlock(watched)
    this.release(watched)
  }

  private isTooMany({ user, connectionsMax }: Known): boolean {
    return connectionsMax !== 0 && (this.users.get(user) ?? 0) >= connectionsMax
  }

  private isHere(session: Session): boolean {
    return this.router.sessions.get(session.id) === session && !session.outbox.ending
  }
}

function answerOf(outcome: Outcome): Identity | Code {
  return outcome instanceof Refusal ? outcome.code : outcome
}

function rateOf(limits: RateLimits | null): Rate | null {
  return limits === null ? null : new Rate(limits)
}

function isSameRate(one: RateLimits | null, other: RateLimits | null): boolean {
  return one?.eventsPerSecond === other?.eventsPerSecond && one?.bytesPerSecond === other?.bytesPerSecond
}

/** Of "192.0.2.1:4711" or "[2001:db8::1]:4711", without the port. */
function hostOf(address: string): string {
  const [, host = address] =
    /^\[(.*)\](?::\d+)?$|^([^:]*):\d+$/.exec(address)?.filter((part) => part !== undefined) ?? []
  return host
}

function userOf(credentials: Credentials): { user?: string } {
  return 'user' in credentials ? { user: credentials.user.slice(0, 128) } : {}
}
