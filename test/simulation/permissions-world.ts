import { Access, FULL_ACCESS, LOCKED } from '../../src/core/access.js'
import { Rate, type RateLimits } from '../../src/core/rate.js'
import { Rules } from '../../src/core/rules.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'
import { SeededRandom } from '../helpers/msgpack-random.js'
import { must } from './ledger.js'
import { isFor, isPermitted, mayBeSubscribed, OracleBucket, type OracleRules } from './permissions-oracle.js'
import { LONG, PATTERN_TOKENS_MAX, TOKENS, UNIVERSE, USUAL_PATTERNS } from './permissions-universe.js'

export interface PermissionsReport {
  /** Decisions that were compared: events published, and patterns subscribed to. */
  cases: number
  /** How often what matters was met. */
  met: Record<string, number>
}

/** Somebody's rights, as the core and as the oracle have them. */
interface Role {
  readonly access: Access
  readonly publish: OracleRules | null
  readonly subscribe: OracleRules | null
  readonly limits: RateLimits | null
}

interface Buckets {
  readonly events: OracleBucket
  readonly bytes: OracleBucket
}

/** What the oracle knows of one session. */
interface Member {
  readonly peer: Peer
  /** null: has not said yet who it is. */
  role: Role | null
  buckets: Buckets | null
  /** Whether it had buckets when it was looked at last: it may have been told before it was given some. */
  wasLimited: boolean
  /** By pattern, when each was made. */
  readonly subscriptions: Map<string, number>
  accepted: number
  refused: number
  /** Answers that must come, by request: 0 or a code. */
  readonly answers: Map<number, number>
  /** Subscriptions that must be told to be no more. */
  readonly ended: Set<string>
  /** Refusals to be told of, by code. */
  readonly refusals: Map<number, number>
  /** Events to be delivered that have not been seen yet. */
  readonly due: Set<string>
  /** Has said by AUTH who it is, and is to be answered later. */
  asked: { request: number; role: Role } | null
}

/** A frame, and what the oracle says of it when its turn comes. */
interface Step {
  readonly frame: Buffer
  readonly expect: () => void
}

/** An AUTH among the frames of a read: which one, what is granted, and whether before it returns. */
interface Auth {
  readonly role: Role
  readonly isAtOnce: boolean
  readonly step: number
}

/** A read that the core is taking in. */
interface Playing {
  readonly member: Member
  readonly auth: Auth | null
  /** Code that the oracle refuses all events with. */
  refuseAll: number
  readonly expect: readonly (() => void)[]
  played: number
}

interface Pending {
  readonly id: string
  readonly topic: string
  readonly made: number
}

/** More than the core keeps of patterns that nobody uses. */
const CHURN = 1100

/** Sessions with rights by chance, and an oracle that says of each event and each subscription what must become of it. */
export class PermissionsWorld {
  private readonly random: SeededRandom
  private readonly core: CoreHarness
  private readonly roles: Role[]
  private readonly topics: readonly string[]
  private readonly patterns: readonly string[]
  private readonly members: Member[] = []
  private readonly drainFrames: number
  /** One in so many events is of another topic than the one before, whoever publishes it. */
  private readonly changeOneIn: number
  private topic: string
  private lane = 3
  private pending: Pending[] = []
  private pendingFrames = 0
  private made = 0
  private events = 0
  private requests = 1
  private cases = 0
  private readonly met: Record<string, number> = {}
  private playing: Playing | null = null

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const { random } = this
    this.drainFrames = random.pick([1, 2, 5, 10_000])
    this.core = new CoreHarness({
      topicsMax: random.pick([2, 8, 50, 4096]),
      inlineDrainFrames: this.drainFrames,
      inlineDrainBytes: 1 << 30,
      drainBytes: 1 << 30,
      pendingBytesMax: 1 << 30,
      runBytesMax: random.pick([64, 500, 65_536]),
      directBytes: random.pick([16, 4096]),
      unauthenticatedBytesMax: 1 << 30,
      subscriptionsMax: CHURN * 2,
      outboxControlBytesMax: 1 << 20,
      hashSeed: random.below(0x7fffffff),
      poison: false,
    })
    this.patterns = [...USUAL_PATTERNS, ...Array.from({ length: 5 + random.below(20) }, () => this.anyPattern())]
    const few = 1 + random.below(4)
    this.topics = Array.from({ length: random.oneIn(3) ? 100 : few }, () => random.pick(UNIVERSE))
    this.topic = this.topics[0]
    this.changeOneIn = random.pick([2, 4, 20])
    this.roles = Array.from({ length: 1 + random.below(4) }, () => this.anyRole())
    this.core.router.onAuth = (_session, request) => this.onAuth(request)
    const members = 2 + random.below(5)
    for (let i = 0; i < members; i++) this.open()
  }

  private anyPattern(): string {
    const { random } = this
    const tokens = Array.from({ length: 1 + random.below(PATTERN_TOKENS_MAX) }, () =>
      random.oneIn(3) ? '*' : random.pick(TOKENS),
    )
    if (random.oneIn(3)) tokens[tokens.length - 1] = '>'
    return tokens.join('.')
  }

  private anyRules(): OracleRules | null {
    const { random } = this
    if (random.oneIn(4)) return null
    const some = (most: number) => Array.from({ length: random.below(most + 1) }, () => random.pick(this.patterns))
    return { allow: random.oneIn(4) ? ['>', ...some(1)] : some(3), deny: random.oneIn(2) ? [] : some(2) }
  }

  private anyRole(): Role {
    const { random } = this
    const publish = this.anyRules()
    const subscribe = this.anyRules()
    // Steps of an eighth, which sums of doubles hold exactly.
    const rate = (most: number) => (random.oneIn(2) ? 0 : 125 * (1 + random.below(most)))
    const limits = random.oneIn(4) ? { eventsPerSecond: rate(1), bytesPerSecond: rate(random.pick([2, 40])) } : null
    const rulesOf = (rules: OracleRules | null) => (rules === null ? null : new Rules(rules.allow, rules.deny))
    const laneMin = random.oneIn(4) ? random.below(8) : 0
    if (publish === null && subscribe === null && laneMin === 0 && random.oneIn(2)) {
      return { access: FULL_ACCESS, publish, subscribe, limits }
    }
    return { access: new Access('somebody', rulesOf(publish), rulesOf(subscribe), laneMin), publish, subscribe, limits }
  }

  private meet(what: string): void {
    this.met[what] = (this.met[what] ?? 0) + 1
  }

  private open(): void {
    const peer = this.core.peer()
    const member: Member = {
      peer,
      role: null,
      buckets: null,
      wasLimited: false,
      subscriptions: new Map(),
      accepted: 0,
      refused: 0,
      answers: new Map(),
      ended: new Set(),
      refusals: new Map(),
      due: new Set(),
      asked: null,
    }
    peer.session.access = LOCKED
    this.members.push(member)
    if (!this.random.oneIn(5)) this.grant(member, this.random.pick(this.roles), 0)
  }

  /** Plays so many operations; throws what the core did otherwise than the oracle. */
  run(operations: number): PermissionsReport {
    for (let i = 0; i < operations; i++) {
      this.operation()
      this.look()
    }
    for (const member of [...this.members]) this.close(member)
    this.turn()
    const { held } = this.core
    must(JSON.stringify(held) === JSON.stringify(NOTHING_HELD), () => `held at the end: ${JSON.stringify(held)}`)
    must(this.core.broken.length === 0, () => `the meters do not add up: ${this.core.broken}`)
    const { patterns } = this.core.router
    must(patterns.size <= 1024, () => `${patterns.size} patterns are kept when nobody is there`)
    return { cases: this.cases, met: this.met }
  }

  private operation(): void {
    const { random } = this
    if (random.oneIn(3)) this.core.host.ms += random.below(40)
    if (random.oneIn(100)) this.core.host.ms += 2000
    const member = random.pick(this.members)
    if (random.oneIn(4)) this.turn()
    else if (random.oneIn(60)) {
      this.close(member)
      this.open()
    } else if (random.oneIn(40)) this.change()
    else if (member.asked !== null && random.oneIn(3)) this.answer(member)
    else if (random.oneIn(4000)) this.churn(member)
    else if (random.oneIn(10)) this.publishOwn()
    else this.send(member)
  }

  /** A turn of the loop: everything pending is delivered, every refusal told. */
  private turn(): void {
    this.core.turns()
    this.delivered()
  }

  /** What was pending has come to its receivers: those who are subscribed still, by something made before. */
  private delivered(): void {
    if (this.pending.length > 0) this.pendingFrames = 0
    for (const { id, topic, made } of this.pending) {
      for (const member of this.members) {
        const matching = [...member.subscriptions].some(([pattern, at]) => at < made && isFor(pattern, topic))
        if (!matching) continue
        if (!isPermitted(member.role?.subscribe ?? null, topic)) {
          this.meet('not delivered to one who is subscribed')
          continue
        }
        this.meet('delivered')
        member.due.add(id)
      }
    }
    this.pending = []
  }

  private close(member: Member): void {
    member.peer.close()
    this.members.splice(this.members.indexOf(member), 1)
  }

  private grant(member: Member, role: Role, request: number): void {
    const { limits } = role
    const rate = limits === null ? null : new Rate(limits)
    const hasSubscriptions = member.subscriptions.size > 0
    this.core.router.grant(member.peer.session, role.access, rate, request, {})
    if (hasSubscriptions && this.pending.length > 0) this.delivered()
    member.role = role
    const { ms } = this.core.host
    const before = member.buckets
    member.buckets =
      limits === null
        ? null
        : {
            events: new OracleBucket(limits.eventsPerSecond, ms, before?.events ?? null),
            bytes: new OracleBucket(limits.bytesPerSecond, ms, before?.bytes ?? null),
          }
    for (const pattern of [...member.subscriptions.keys()]) {
      if (mayBeSubscribed(role.subscribe, pattern, UNIVERSE)) continue
      this.meet('subscription ended by new rights')
      member.subscriptions.delete(pattern)
      member.ended.add(pattern)
    }
    if (request !== 0) member.answers.set(request, 0)
  }

  /** Somebody else's doing: a session may do other things from now on, without having asked. */
  private change(): void {
    const { random } = this
    if (random.oneIn(3)) this.roles[random.below(this.roles.length)] = this.anyRole()
    const member = random.pick(this.members)
    if (member.role !== null) this.grant(member, random.pick(this.roles), 0)
  }

  /** The oracle does first what the frames before this one ask for. */
  private onAuth(request: number): void {
    const playing = this.playing as Playing
    const { member } = playing
    const asked = playing.auth as Auth
    this.play(asked.step)
    if (asked.isAtOnce) {
      this.grant(member, asked.role, request)
      playing.refuseAll = this.whyNone(member)
      this.meet('granted at once')
    } else member.asked = { request, role: asked.role }
  }

  private answer(member: Member): void {
    const { request, role } = member.asked as { request: number; role: Role }
    member.asked = null
    this.grant(member, role, request)
  }

  /** Subscribes to and leaves more patterns than are kept of those that nobody uses. */
  private churn(member: Member): void {
    if (member.role?.subscribe !== null || member.role === null) return
    this.meet('pattern churn')
    this.turn()
    const { router } = this.core
    for (let i = 0; i < CHURN; i++) router.subscribe(member.peer.session, `churn.${i}.>`, {})
    this.made += CHURN
    for (let i = 0; i < CHURN; i++) {
      member.peer.send(controlFrame({ op: Op.UNSUBSCRIBE, request: 0, pattern: `churn.${i}.>` }))
    }
  }

  private publishOwn(): void {
    const topic = this.random.pick(['$sys.a', '$sys.a.b', `$sys.${LONG}`])
    const id = `own ${this.events++}`
    const isWanted = this.members.some(
      ({ subscriptions, role }) =>
        isPermitted(role?.subscribe ?? null, topic) &&
        [...subscriptions.keys()].some((pattern) => isFor(pattern, topic)),
    )
    const was = this.core.router.own.publish(topic, Buffer.from(id))
    must(was === isWanted, () => `${topic} of the daemon's own is ${isWanted ? '' : 'not '}for somebody`)
    if (was) this.pending.push({ id, topic, made: this.made })
  }

  /** One read of a connection: one message or several, of events and of other frames, all of it checked. */
  private send(member: Member): void {
    const { random, core } = this
    const { session } = member.peer
    const acceptedBefore = member.accepted
    const messages = random.oneIn(5) ? 1 + random.below(3) : 1
    const steps: (Step & { isLast: boolean })[] = []
    let auth: Auth | null = null
    for (let message = 0; message < messages; message++) {
      const frames = 1 + random.below(random.oneIn(3) ? 8 : 3)
      for (let i = 0; i < frames; i++) {
        if (random.oneIn(this.changeOneIn)) this.topic = random.pick(this.topics)
        if (random.oneIn(this.changeOneIn * 2)) this.lane = random.below(8)
        const isLast = i === frames - 1
        if (random.oneIn(30) && member.asked === null && auth === null) {
          const request = this.requests++
          auth = { role: random.pick(this.roles), isAtOnce: random.oneIn(2), step: steps.length }
          const frame = controlFrame({ op: Op.AUTH, request, credentials: { token: 'of the role above' } })
          steps.push({ frame, isLast, expect: () => {} })
        } else steps.push({ ...this.step(member, this.topic, this.lane), isLast })
      }
    }
    const bytes = Buffer.concat(steps.map(({ frame }) => frame))
    const start = core.router.reserve(bytes.length)
    bytes.copy(core.router.slabs.bytes, start)
    const ends: number[] = []
    let end = start
    for (const { frame, isLast } of steps) {
      end += frame.length
      if (isLast) ends.push(end)
    }
    this.playing = {
      member,
      auth,
      refuseAll: this.whyNone(member),
      expect: steps.map(({ expect }) => expect),
      played: 0,
    }
    core.router.acceptMessages(session, start, Uint32Array.from(ends), ends.length)
    this.play(steps.length)
    if (member.accepted > acceptedBefore) {
      // Those of who they are now.
      member.buckets?.events.take(member.accepted - acceptedBefore)
      member.buckets?.bytes.take(bytes.length)
      if (++this.pendingFrames >= this.drainFrames) {
        this.delivered()
        this.pendingFrames = 0
      }
    }
  }

  private whyNone({ role, buckets }: Member): number {
    if (role === null) return Code.UNAUTHENTICATED
    if (buckets === null) return 0
    const { ms } = this.core.host
    // Both are asked: each is filled at this moment.
    return [buckets.events.hasSome(ms), buckets.bytes.hasSome(ms)].includes(false) ? Code.RATE_LIMITED : 0
  }

  /** Does what the frames before this step ask for, as far as it is not done. */
  private play(step: number): void {
    const playing = this.playing as Playing
    for (; playing.played < step; playing.played++) playing.expect[playing.played]()
  }

  private step(member: Member, topic: string, lane: number): Step {
    const { random } = this
    const request = this.requests++
    if (!random.oneIn(4)) {
      const id = `${this.events++}`
      const metadata = random.oneIn(10) ? { id } : undefined
      return { frame: eventFrame(topic, id, lane, metadata), expect: () => this.published(member, topic, lane, id) }
    }
    const pattern = random.pick(this.patterns)
    if (random.oneIn(4)) {
      return {
        frame: controlFrame({ op: Op.UNSUBSCRIBE, request, pattern }),
        expect: () => this.unsubscribed(member, request, pattern),
      }
    }
    return {
      frame: controlFrame({ op: Op.SUBSCRIBE, request, pattern, options: {} }),
      expect: () => this.subscribed(member, request, pattern),
    }
  }

  private published(member: Member, topic: string, lane: number, id: string): void {
    this.cases++
    const code = this.whyNotPublished(member, topic, lane)
    if (code === 0) {
      member.accepted++
      this.pending.push({ id, topic, made: this.made })
      return
    }
    this.meet(`refused ${code}`)
    member.refused++
    member.refusals.set(code, (member.refusals.get(code) ?? 0) + 1)
  }

  private whyNotPublished({ role }: Member, topic: string, lane: number): number {
    const { refuseAll } = this.playing as Playing
    if (refuseAll !== 0 || role === null) return refuseAll
    if (lane < role.access.laneMin) return Code.LANE_NOT_PERMITTED
    if (topic === '$sys' || topic.startsWith('$sys.')) return Code.RESERVED_TOPIC
    return isPermitted(role.publish, topic) ? 0 : Code.NOT_PERMITTED
  }

  private subscribed(member: Member, request: number, pattern: string): void {
    this.cases++
    const { role, subscriptions } = member
    let code = 0
    if (role === null) code = Code.UNAUTHENTICATED
    else if (!mayBeSubscribed(role.subscribe, pattern, UNIVERSE)) code = Code.NOT_PERMITTED
    else if (!subscriptions.has(pattern)) subscriptions.set(pattern, this.made++)
    this.meet(`subscribe ${code}`)
    member.answers.set(request, code)
  }

  private unsubscribed(member: Member, request: number, pattern: string): void {
    const was = member.subscriptions.delete(pattern)
    member.answers.set(request, was ? 0 : Code.NOT_SUBSCRIBED)
  }

  /** Compares what the sessions have seen with what they must have seen. */
  private look(): void {
    for (const member of this.members) {
      const { peer, answers, ended, refusals, due } = member
      const { session, link } = peer
      for (const frame of link.take()) {
        if (frame.op === Op.EVENT) {
          must(due.delete(frame.payload), () => `session ${session.id} gets ${frame.topic}, which is not for it`)
        } else if (frame.op === Op.OK || (frame.op === Op.ERROR && frame.request !== 0)) {
          const code = frame.op === Op.OK ? 0 : frame.code
          const expected = answers.get(frame.request)
          must(
            code === expected,
            () => `session ${session.id} is answered ${code} to ${frame.request}, not ${expected}`,
          )
          answers.delete(frame.request)
        } else if (frame.op === Op.ERROR && frame.details.count === undefined) {
          must(frame.code === Code.NOT_PERMITTED, () => `an error with ${frame.code} that nothing was asked for`)
          must(ended.delete(frame.details.topic ?? ''), () => `${frame.details.topic} is no more, and should be`)
        } else if (frame.op === Op.ERROR) {
          const left = (refusals.get(frame.code) ?? 0) - (frame.details.count ?? 0)
          must(left >= 0, () => `session ${session.id} is refused more with ${frame.code} than it should`)
          refusals.set(frame.code, left)
          if (frame.code === Code.RATE_LIMITED && member.buckets !== null && member.wasLimited) {
            must((frame.details.retryAfterMs ?? 0) > 0, () => 'when to come again is told')
          }
        } else must(frame.op === Op.WELCOME, () => `a frame of op ${frame.op}`)
      }
      member.wasLimited = member.buckets !== null
      must(due.size === 0, () => `session ${session.id} does not get ${[...due]}`)
      must(ended.size === 0, () => `session ${session.id} is not told that ${[...ended]} is no more`)
      must(answers.size === 0, () => `session ${session.id} is not answered ${[...answers]}`)
      must(session.accepted === member.accepted, () => `${member.accepted} accepted, not ${session.accepted}`)
      must(session.refused === member.refused, () => `${member.refused} refused, not ${session.refused}`)
      if (this.core.host.hasTurns) continue
      for (const [code, left] of refusals)
        must(left === 0, () => `session ${session.id} is not told of ${left} × ${code}`)
    }
  }
}
