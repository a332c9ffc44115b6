import { assert } from '../base/assert.js'
import { Code, closesConnection } from '../protocol/codes.js'
import type { Credentials, OkInfo, SubscribeOptions } from '../protocol/control.js'
import { METADATA_BYTES_MAX } from '../protocol/limits.js'
import { MetadataReader } from '../protocol/metadata.js'
import { Op } from '../protocol/ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA, EventScanner, frameEnd } from '../protocol/scan.js'
import { type Access, FULL_ACCESS } from './access.js'
import { Budget } from './budget.js'
import { Control } from './control.js'
import { Delivery } from './delivery.js'
import { Drainer } from './drainer.js'
import { Follower } from './follower.js'
import type { RouterHost } from './host.js'
import { Intake } from './intake.js'
import { LaneShares } from './lane-shares.js'
import { Lanes } from './lanes.js'
import type { Link } from './link.js'
import type { MatchList } from './match-list.js'
import { Meters } from './meters.js'
import type { CoreOptions } from './options.js'
import { OwnEvents } from './own-events.js'
import { Patterns } from './patterns.js'
import type { Rate } from './rate.js'
import type { RefusedFrames } from './refusals.js'
import { type Run, RunPool } from './run.js'
import type { Session } from './session.js'
import { Slabs } from './slabs.js'
import { Timing } from './timing.js'
import { TopicTable } from './topics.js'
import type { TraceSheet } from './trace.js'
import { WorkMeters } from './work-meters.js'

/** Of a refused event's topic, this much is told. */
const REFUSED_TOPIC_BYTES = 64
/** Patterns and receivers that cached matches may hold, by topics of the table: more than a few for each, and they are started anew. */
const MATCH_ENTRIES_PER_TOPIC = 16
/** What is not whole yet may take this share of the memory budget, beside it: who reads too slowly must not cost others their publishing. */
const UNFINISHED_SHARE = 1 / 4

/**
 * Takes events in and hands them out: accept fills the lanes, drain empties them, flush sends; nothing else moves an event. All is synchronous. Transports call reserve and accept with bytes, writable and close with what befell a link.
 */
export class Router {
  readonly meters = new Meters()
  readonly work = new WorkMeters()
  readonly slabs: Slabs
  readonly runs = new RunPool()
  readonly lanes: Lanes
  readonly patterns: Patterns
  readonly topics: TopicTable
  readonly delivery: Delivery
  /** What transports may hold of messages and bodies that are not whole yet: each alone is bounded, but there may be many. */
  readonly unfinished: Budget
  readonly sessions = new Map<number, Session>()
  /** Are told of each session that ends, while its figures still stand. */
  readonly onClosed: ((session: Session, code: number, reason: string) => void)[] = []
  /** Is told who a session says it is, and answers by grant or fail, now or later. Null: nobody needs to say so. */
  onAuth: ((session: Session, request: number, credentials: Credentials) => void) | null = null
  /** What the daemon itself publishes. */
  readonly own: OwnEvents
  /** For transports that hand over one message at a time. */
  readonly intake: Intake
  private readonly timing: Timing
  private readonly drainer: Drainer
  private readonly control: Control
  private readonly scanner = new EventScanner()
  private readonly metadata = new MetadataReader()
  private readonly refusing: Session[] = []
  private nextSession = 1
  private scheduled = false
  /** The run that the next event may join, while it is still in its lane; the head of its last event, to compare with. */
  private openRun: Run | null = null
  /** What permitted its last event. */
  private openAccess: Access = FULL_ACCESS
  /** A code, when nothing of the current call of accept may be accepted. */
  private refuseAll = 0
  private head = 0
  private headLength = 0
  private otherBytes = 0 // Of it, what was not taken into a lane.
  private readonly follower: Follower
  private readonly oneEnd: Uint32Array

  constructor(
    readonly options: CoreOptions,
    private readonly host: RouterHost,
  ) {
    assert(options.slabBytes >= options.messageBytesMax, 'a slab holds the largest message')
    assert(options.batchBytes >= options.directBytes, 'a batch holds what is not passed on directly')
    this.slabs = new Slabs(options.slabBytes, options.slabs, options.poison)
    this.follower = new Follower(this.slabs)
    this.oneEnd = this.slabs.words(1)
    this.lanes = new Lanes(new LaneShares(options.laneWeights, options.strictShare))
    this.timing = new Timing(options.latency, this.work, host)
    this.patterns = new Patterns(options.topicsMax * MATCH_ENTRIES_PER_TOPIC, this.timing)
    this.patterns.addClasses(options.topicClasses)
    this.topics = new TopicTable(this.patterns, options.topicsMax, options.hashSeed)
    this.delivery = new Delivery(options, this.meters, this.slabs.bytes, this.timing, host, () => this.scheduleTurn())
    this.drainer = new Drainer(this.lanes, this.delivery, this.runs, this.slabs, this.meters, this.timing)
    this.unfinished = new Budget(options.memoryBudgetBytes * UNFINISHED_SHARE)
    this.control = new Control(this)
    this.own = new OwnEvents(this, host)
    this.intake = new Intake(this)
    this.topics.look(host.now(), options.topicIdleMs)
  }

  /** A new peer. The WELCOME frame is on its way when this returns. */
  open(link: Link): Session {
    const session = this.delivery.makeSession(this.nextSession++, link)
    this.sessions.set(session.id, session)
    this.control.welcome(session)
    return session
  }

  /**
   * The peer's connection has ended, for whatever reason.
   * @param code of the table or of RFC 6455, as the transport has it; 0 when there is none
   */
  close(session: Session, code = 0, reason = ''): void {
    this.intake.flush()
    if (!this.sessions.delete(session.id)) return
    for (const told of this.onClosed) told(session, code, reason)
    for (const subscription of session.subscriptions.values()) {
      this.patterns.remove(subscription)
      session.outbox.discard(subscription)
    }
    this.meters.subscriptions -= session.subscriptions.size
    session.subscriptions.clear()
    this.patterns.pinFor(session, null)
    session.outbox.close()
  }

  /**
   * Subscribes a session whose transport says so in another way than by frames.
   * @returns 0, or why not: a code, which the session is not told
   */
  subscribe(session: Session, pattern: string, options: SubscribeOptions): number {
    // What comes now has other receivers than the open run.
    this.openRun = null
    const code = this.control.subscribe(session, pattern, options)
    if (code !== 0) this.meters.refuse(code, 1)
    return code
  }

  /**
   * What a session may do from now on, be it in the midst of a message. What was accepted before goes to those it was for.
   * @param request of the AUTH that is answered; 0: no answer is sent
   */
  grant(session: Session, access: Access, rate: Rate | null, request: number, info: OkInfo): void {
    this.intake.flush()
    session.rate?.admits(this.host.now())
    this.control.grant(session, access, rate, request, info)
    this.refuseAll = this.whyNone(session, 0, 0)
  }

  /** The link that answered BUFFERED takes bytes again. */
  writable(session: Session): void {
    session.outbox.unblock()
  }

  /** Room in the slabs for a message of `length` bytes, at most messageBytesMax: copy it there, then accept it. */
  reserve(length: number): number {
    let position = this.slabs.reserve(length)
    if (position < 0) {
      this.drain(Number.POSITIVE_INFINITY)
      position = this.slabs.reserve(length)
      assert(position >= 0, 'nothing holds a slab when the lanes are empty')
    }
    // The end of one slab is where the next begins, but a run holds only the slab that it starts in.
    if ((position & (this.slabs.slabBytes - 1)) === 0) this.openRun = null
    return position
  }

  /**
   * Takes in a message of whole frames that lies in the slabs at [start, end). What is refused is told and counted; what cannot be a frame ends the session.
   */
  accept(session: Session, start: number, end: number): void {
    this.oneEnd[0] = end
    this.acceptMessages(session, start, this.oneEnd, 1)
  }

  /**
   * The same for messages that lie back to back: no frame goes over the end of one.
   * @param ends the position after each, best in the slabs' memory
   * @param weight as so many they count towards the in-line drain
   */
  acceptMessages(session: Session, start: number, ends: Uint32Array, count: number, weight = 1): void {
    const { bytes, view } = this.slabs
    const { options, meters, timing, drainer, follower } = this
    const { runBytesMax, payloadBytesMax } = options
    const timedFrom = timing.accepting(drainer.pendingFrames === 0, count)
    const acceptedBefore = meters.accepted
    this.refuseAll =
      session.access === FULL_ACCESS && session.rate === null ? 0 : this.whyNone(session, start, ends[count - 1])
    // What one may continue, another may not, and who is refused all may nothing.
    let run = this.refuseAll === 0 && session.access === this.openAccess ? this.openRun : null
    let events = 0
    let pos = start
    this.otherBytes = 0
    for (let message = 0; message < count && !session.outbox.ending; message++) {
      let end = ends[message]
      while (pos < end) {
        const headLength = this.headLength
        if (run !== null && run.end === pos && pos + headLength + 3 <= end) {
          // The same bytes up to the payload mean the same op, topic and flags: all was checked with the event before.
          const head = this.head
          const last = headLength - 4
          let same = 0
          while (same < last && view.getInt32(head + same) === view.getInt32(pos + same)) same += 4
          if (same >= last && view.getInt32(head + last) === view.getInt32(pos + last)) {
            const payload = pos + headLength
            const type = bytes[payload]
            let next = 0
            if (type === 0xc4) next = payload + 2 + bytes[payload + 1]
            else if (type === 0xc5) next = payload + 3 + ((bytes[payload + 1] << 8) | bytes[payload + 2])
            const limit = run.start + runBytesMax
            if (next !== 0 && next <= end && next - payload <= payloadBytesMax && next <= limit) {
              let more = 1
              pos = next
              // Where one continues the run, many will; where topics change, the call would be for nothing.
              if ((next < end || message + 1 < count) && follower.canRead(ends)) {
                more += follower.follow(head, headLength, next, ends, message, count, payloadBytesMax, limit)
                pos = follower.at
                message = follower.message
                end = message < count ? ends[message] : pos
              }
              run.end = pos
              run.count += more
              events += more
              continue
            }
          }
        }
        // A sync among the frames answers with the counts up to here.
        this.countAccepted(session, events)
        events = 0
        pos = this.acceptOther(session, pos, end)
        run = this.openRun
      }
    }
    this.countAccepted(session, events)
    if (this.openRun !== null) this.openRun.acceptedLast = timing.acceptedLast
    if (timedFrom !== 0) timing.accepted(timedFrom)
    if (meters.accepted === acceptedBefore) return
    session.rate?.take(meters.accepted - acceptedBefore, pos - start)
    const taken = pos - start - this.otherBytes
    meters.acceptedBytes += taken
    drainer.pendingBytes += taken
    drainer.pendingFrames += weight
    if (drainer.pendingFrames >= options.inlineDrainFrames || drainer.pendingBytes >= options.inlineDrainBytes) {
      this.drain(options.drainBytes)
      // Whoever outruns the drain pays for it here, and its socket is not read meanwhile.
      while (drainer.pendingBytes > options.pendingBytesMax) this.drain(options.drainBytes)
    } else this.scheduleTurn()
  }

  /** Why nothing is accepted of a session just now, as a code; 0: it is. The clock is not read where it is known when it came. */
  private whyNone(session: Session, start: number, end: number): number {
    if (session.access.isLocked) {
      session.unauthenticatedBytes += end - start
      if (session.unauthenticatedBytes > this.options.unauthenticatedBytesMax) this.fail(session, Code.UNAUTHENTICATED)
      return Code.UNAUTHENTICATED
    }
    return session.rate?.admits(this.timing.acceptedAt || this.host.now()) === false ? Code.RATE_LIMITED : 0
  }

  /** Events that continued the open run. */
  private countAccepted(session: Session, events: number): void {
    if (events === 0) return
    session.accepted += events
    this.meters.accepted += events
    this.topics.countMore(events)
  }

  /** A frame that does not continue the open run. Returns the position after it: the end when the session had to be ended. */
  private acceptOther(session: Session, pos: number, end: number): number {
    const bytes = this.slabs.bytes
    const lead = bytes[pos]
    if ((lead === EVENT_LEAD || lead === EVENT_LEAD_WITH_METADATA) && pos + 1 < end && bytes[pos + 1] === Op.EVENT) {
      const next = this.scanner.scan(bytes, pos, end)
      if (next > 0) return this.acceptEvent(session, pos, next, end)
      return this.refuseFrame(session, -next, pos, end, true)
    }
    const next = frameEnd(bytes, pos, end)
    if (next < 0) return this.refuseFrame(session, -next, pos, end, false)
    this.otherBytes += next - pos
    if (bytes[pos + 1] === Op.EVENT) {
      this.refuseEvent(session, Code.BAD_ARGUMENTS, '')
      return next
    }
    this.control.handle(session, bytes, pos, next)
    // It may have been a subscription: what comes now has other receivers than the open run.
    this.openRun = null
    if (!session.outbox.ending) return next
    this.otherBytes += end - next
    return end
  }

  /** The event that the scanner has found at [pos, next) of a message that ends at `end`. Returns where to go on. */
  private acceptEvent(session: Session, pos: number, next: number, end: number): number {
    const { scanner, options } = this
    const bytes = this.slabs.bytes
    const lane = scanner.lane
    let code = 0
    let list = 0
    let expiresAt = 0
    const withMetadata = scanner.metadataEnd > scanner.metadataStart
    const { access } = session
    if (this.refuseAll !== 0) code = this.refuseAll
    else if (scanner.payloadEnd - scanner.payloadStart > options.payloadBytesMax) code = Code.PAYLOAD_TOO_LARGE
    else if (lane < access.laneMin) code = Code.LANE_NOT_PERMITTED
    else if (lane >= this.delivery.overloadedFrom) code = Code.OVERLOADED
    else {
      if (withMetadata) code = this.readMetadata()
      if (code === 0) {
        list = this.topics.find(bytes, this.slabs.view, scanner.topicStart, scanner.topicEnd)
        if (list < 0) code = -list
        else if (access.publish !== null && !this.topics.mayPublish(access)) {
          this.topics.countMore(-1)
          code = Code.NOT_PERMITTED
        } else if (withMetadata && this.metadata.ttl > 0) expiresAt = this.host.now() + this.metadata.ttl
      }
    }
    if (code !== 0) {
      if (closesConnection(code)) {
        this.otherBytes += end - pos
        this.fail(session, code)
        return end
      }
      this.otherBytes += next - pos
      const nameEnd = Math.min(scanner.topicEnd, scanner.topicStart + REFUSED_TOPIC_BYTES)
      this.refuseEvent(session, code, bytes.toString('utf8', scanner.topicStart, nameEnd))
      return next
    }
    session.accepted++
    this.meters.accepted++
    this.openAccess = access
    this.place(this.patterns.list(list), lane, pos, next, expiresAt)
    if (withMetadata) this.openRun = null
    else {
      this.head = pos
      this.headLength = scanner.topicEnd + 1 - pos
    }
    return next
  }

  /** Puts one event into the open run if it goes the same way, or else into a run of its own. */
  private place(list: MatchList, lane: number, pos: number, next: number, expiresAt: number): void {
    const open = this.openRun
    if (
      open !== null &&
      open.end === pos &&
      open.list === list &&
      open.lane === lane &&
      expiresAt === 0 &&
      next - open.start <= this.options.runBytesMax
    ) {
      open.end = next
      open.count++
      return
    }
    const run = this.runs.acquire()
    run.start = pos
    run.end = next
    run.count = 1
    run.lane = lane
    run.list = list
    run.subscriptionsMade = this.patterns.subscriptionsMade
    run.expiresAt = expiresAt
    run.acceptedAt = this.timing.acceptedAt
    run.acceptedLast = run.acceptedAt
    run.classes = list.classes
    this.slabs.hold(pos)
    this.lanes.push(run)
    this.openRun = run
  }

  /**
   * Takes in one event of the daemon's own, as any other but for the list of its receivers.
   * @param count 0 for one that is counted nowhere
   */
  acceptOwn(frame: Uint8Array, list: MatchList, lane: number, count: number, trace: TraceSheet | null): void {
    const position = this.reserve(frame.length)
    this.slabs.bytes.set(frame, position)
    this.openRun = null
    this.timing.acceptingOwn()
    this.place(list, lane, position, position + frame.length, 0)
    const run = this.openRun as unknown as Run
    run.count = count
    run.trace = trace
    this.openRun = null
    this.meters.accepted += count
    this.meters.acceptedBytes += frame.length * count
    this.drainer.pendingBytes += frame.length
    this.scheduleTurn()
  }

  private readMetadata(): number {
    const { metadataStart, metadataEnd } = this.scanner
    if (metadataEnd - metadataStart > METADATA_BYTES_MAX) return Code.FRAME_TOO_LARGE
    return this.metadata.read(this.slabs.bytes, metadataStart, metadataEnd)
  }

  private refuseEvent(session: Session, code: number, topic: string): void {
    session.refused++
    this.refuse(session, code, topic)
  }

  /** Refuses lines of the JSON subprotocol that gave no frame. One with a request number is answered at once. */
  refuseLines(session: Session, lines: RefusedFrames): void {
    this.control.refuseLines(session, lines)
  }

  /** Counts a refusal and tells the session at the end of the turn. */
  refuse(session: Session, code: number, topic: string, count = 1): void {
    this.meters.refuse(code, count)
    session.refusals.add(code, count, topic)
    if (session.refusals.noted) return
    session.refusals.noted = true
    this.refusing.push(session)
    this.scheduleTurn()
  }

  /** A frame with an error: skipped if its end is known, else the session is ended. */
  private refuseFrame(session: Session, code: number, pos: number, end: number, event: boolean): number {
    const next = frameEnd(this.slabs.bytes, pos, end)
    if (next < 0) {
      this.otherBytes += end - pos
      this.fail(session, -next)
      return end
    }
    this.otherBytes += next - pos
    if (event) this.refuseEvent(session, code, '')
    else this.refuse(session, code, '')
    return next
  }

  /** The daemon goes away: tells when to come back. */
  sayGoodbye(session: Session, retryAfterMs: number): void {
    this.control.sayGoodbye(session, retryAfterMs)
  }

  /** Ends a session for an error that leaves nothing to go on with. */
  fail(session: Session, code: number): void {
    this.intake.flush()
    this.meters.refuse(code, 1)
    // The end of the turn would be too late for what was refused before.
    this.tellRefusals(session)
    this.control.fail(session, code)
  }

  /** Tells a session what was refused of it since it was last told. */
  tellRefusals(session: Session): void {
    this.control.tellRefusals(session)
  }

  /** The intake has a message, and accepts it in this turn. */
  gathering(): void {
    this.timing.found(this.drainer.pendingFrames === 0)
    this.scheduleTurn()
  }

  private scheduleTurn(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.host.schedule(this.turn)
  }

  /** End of a loop turn: drain, flush, tell. */
  private readonly turn = (): void => {
    this.scheduled = false
    this.intake.flush()
    if (this.lanes.length > 0) this.drain(this.options.drainBytes)
    this.attend()
  }

  private attend(): void {
    if (this.refusing.length > 0) for (const session of this.refusing.splice(0)) this.tellRefusals(session)
    this.delivery.attend()
  }

  private drain(work: number): void {
    this.openRun = null
    if (this.drainer.drain(work)) this.scheduleTurn()
  }

  /** Delivers all that is pending, whatever it costs, and tells what is to be told. A turn that is scheduled stays so. */
  drainAll(): void {
    this.intake.flush()
    while (this.lanes.length > 0 && !this.drainer.isDraining) this.drain(Number.POSITIVE_INFINITY)
    this.attend()
  }

  /** To be called about once a second: soft bounds, idle topics. */
  tick(): void {
    this.delivery.tick(this.sessions.values())
    this.topics.look(this.host.now(), this.options.topicIdleMs)
  }
}
