import { assert } from '../base/assert.js'
import { type ControlFrame, encodeControl } from '../protocol/control.js'
import { DROP_REASONS, Op } from '../protocol/ops.js'
import { frameEnd } from '../protocol/scan.js'
import { type Amount, Backlog, type ParkingLot } from './backlog.js'
import { LaneCounts } from './lane-counts.js'
import { LaneShares } from './lane-shares.js'
import { type Link, Written } from './link.js'
import { type Meters, REASON } from './meters.js'
import type { CoreOptions } from './options.js'
import type { Span } from './span.js'
import type { Subscription } from './subscription.js'
import type { Timing } from './timing.js'
import { WriteTimes } from './write-times.js'

/** The fields of a span, of which some are to be others: a run has more of them. */
function partOf({ start, end, count, lane, expiresAt, acceptedAt, acceptedLast, classes }: Span): Span {
  return { start, end, count, lane, expiresAt, acceptedAt, acceptedLast, classes }
}

/** What all outboxes share; the router is behind it. */
export interface OutboxContext extends ParkingLot {
  readonly options: CoreOptions
  readonly meters: Meters
  readonly timing: Timing
  /** The slabs. */
  readonly bytes: Buffer
  now(): number
  /** A buffer of batchBytes to gather frames in. May flush other outboxes to get one. */
  acquireBatch(): Buffer
  releaseBatch(batch: Buffer): void
  /** This outbox has an open batch: flush it before the drain ends. */
  touched(outbox: Outbox): void
  /** This outbox has gaps to tell, or is to be closed, at the end of the turn. */
  needsAttention(outbox: Outbox): void
  /** The budget has no room for `bytes` in `lane`: sheds less urgent lanes. Returns whether it makes sense to try again. */
  shed(lane: number, bytes: number): boolean
}

/**
 * The sending half of a session. While its link takes bytes, frames are gathered in one open batch and written once per drain; while it does not,
 * they wait by subscription and lane, within bounds, and the urgent ones leave first.
 */
export class Outbox {
  /** The link has bytes of ours that it could not pass on: what comes now waits here, where lanes can still overtake. */
  blocked = false
  /** Clock milliseconds since when it has been so; 0 when it is not. */
  blockedSince = 0
  closed = false
  /** The link was told to end; nothing more is taken from this session. */
  ending = false
  /** Set when the slow-consumer policy or a bound says that this session must go. */
  doomed = false
  backlogBytes = 0
  backlogEvents = 0
  /** Events that the transport took, and that this session did not get, since it opened. */
  deliveredEvents = 0
  droppedEvents = 0
  /** Clock milliseconds since when the backlog is over the soft bound; 0 when it is not. */
  overSoftSince = 0
  attention = false

  private batch: Buffer | null = null
  private length = 0
  private events = 0
  private readonly times: WriteTimes
  private shares: LaneShares | null = null
  /** Subscriptions with something waiting. */
  private readonly waiting = new Set<Subscription>()
  private readonly untold = new Set<Subscription>()
  private control: Uint8Array[] = []
  private controlBytes = 0
  private readonly amount: Amount = { bytes: 0, events: 0 }

  constructor(
    private readonly link: Link,
    private readonly context: OutboxContext,
  ) {
    this.times = new WriteTimes(context.timing)
  }

  /** Adds frames to the open batch, which must be able to hold them. */
  append(subscription: Subscription, span: Span): void {
    let batch = this.batch
    const { start, end } = span
    const length = end - start
    if (batch === null || this.length + length > batch.length) {
      if (batch !== null) {
        this.flush()
        if (this.blocked) {
          this.park(subscription, span)
          return
        }
      }
      batch = this.context.acquireBatch()
      // Getting a batch may have flushed this very outbox, or found its peer gone.
      if (this.blocked) {
        this.context.releaseBatch(batch)
        this.park(subscription, span)
        return
      }
      this.batch = batch
      this.times.begin()
      this.context.touched(this)
    }
    this.context.bytes.copy(batch, this.length, start, end)
    this.length += length
    this.events += span.count
    this.times.add(span)
  }

  /** Sends many frames without gathering them. `frames` is a view of the span. */
  pass(subscription: Subscription, span: Span, frames: Uint8Array): void {
    if (this.batch !== null) {
      this.flush()
      if (this.blocked) {
        this.park(subscription, span)
        return
      }
    }
    this.times.passed(span, this.write(frames, span.count))
  }

  /** Writes the open batch. */
  flush(): void {
    const batch = this.batch
    if (batch === null) return
    this.batch = null
    const frames = batch.subarray(0, this.length)
    const events = this.events
    this.length = 0
    this.events = 0
    this.times.flushed(this.write(frames, events))
    this.context.releaseBatch(batch)
  }

  private write(frames: Uint8Array, events: number): Written {
    const { meters, timing } = this.context
    if (this.closed) {
      this.lost(events)
      return Written.GONE
    }
    const from = timing.writing()
    const written = this.link.write(frames)
    if (from !== 0) timing.written(from)
    if (written === Written.GONE) {
      // The transport will tell of the close; until then nothing is written any more.
      this.blocked = true
      this.lost(events)
      return written
    }
    meters.writes++
    meters.delivered += events
    meters.writtenBytes += frames.length
    this.deliveredEvents += events
    if (written === Written.BUFFERED) this.block()
    return written
  }

  private block(): void {
    this.blocked = true
    this.blockedSince = this.context.now()
    this.context.meters.blockedOutboxes++
  }

  private unblocked(): void {
    this.blocked = false
    if (this.blockedSince === 0) return
    this.blockedSince = 0
    this.context.meters.blockedOutboxes--
  }

  /** Events that have nowhere to go to any more. */
  private lost(events: number): void {
    this.context.meters.dropped[REASON.closed] += events
    this.droppedEvents += events
  }

  /** Keeps frames until the link takes bytes again, or deals with them as the subscription's policy says. */
  park(subscription: Subscription, span: Span): void {
    if (this.closed || this.doomed) {
      this.lost(span.count)
      return
    }
    this.context.timing.parked(span)
    subscription.backlog ??= new Backlog(subscription, this.context)
    const backlog = subscription.backlog
    if (subscription.policy === 'conflate') this.parkConflated(subscription, span)
    else if (this.isOver(subscription, span.end - span.start, span.count)) this.parkOver(subscription, span)
    else this.push(subscription, span)
    this.settle(backlog, subscription)
  }

  private isOver(subscription: Subscription, bytes: number, events: number): boolean {
    const backlog = subscription.backlog as Backlog
    return (
      backlog.bytes + bytes > subscription.bytesMax ||
      backlog.events + events > subscription.eventsMax ||
      this.backlogBytes + bytes > this.context.options.outboxBytesMax
    )
  }

  /** The bound is reached: drop-oldest, drop-newest or disconnect. */
  private parkOver(subscription: Subscription, span: Span): void {
    const { policy } = subscription
    const { bytes } = this.context
    const { end, count, lane } = span
    let { start } = span
    if (policy === 'disconnect') {
      this.doom()
      this.lost(count)
      return
    }
    if (policy === 'drop-newest') {
      this.parkWhatFits(subscription, span)
      return
    }
    this.makeRoom(subscription, end - start, count, lane)
    // What alone is over the bound, or finds only more urgent events waiting, loses its own oldest.
    let dropped = 0
    while (start < end && this.isOver(subscription, end - start, count - dropped)) {
      start = count === 1 ? end : frameEnd(bytes, start, end)
      assert(start > 0, 'only whole frames are routed')
      dropped++
    }
    if (dropped > 0) this.missedOf(span, subscription, REASON['drop-oldest'], dropped)
    if (dropped === 0) this.push(subscription, span)
    else if (start < end) this.push(subscription, { ...partOf(span), start, count: count - dropped })
  }

  /** The oldest of the span for which there is room; the rest is dropped. */
  private parkWhatFits(subscription: Subscription, span: Span): void {
    const { start, count } = span
    let { end } = span
    let fitting = 0
    for (let pos = start; fitting < count; fitting++) {
      end = pos
      pos = frameEnd(this.context.bytes, pos, span.end)
      assert(pos > 0, 'only whole frames are routed')
      if (this.isOver(subscription, pos - start, fitting + 1)) break
    }
    if (fitting > 0) this.push(subscription, { ...partOf(span), end, count: fitting })
    this.missedOf(span, subscription, REASON['drop-newest'], count - fitting)
  }

  /** Drops the oldest of the subscription's least urgent lanes, down to `lane`, until so much more fits or nothing more may go. */
  private makeRoom(subscription: Subscription, bytes: number, events: number, lane: number): void {
    const backlog = subscription.backlog as Backlog
    const { outboxBytesMax } = this.context.options
    while (this.isOver(subscription, bytes, events)) {
      const victim = backlog.leastUrgent
      if (victim === null || victim.lane < lane) return
      const gone = this.amount
      gone.bytes = 0
      gone.events = 0
      victim.dropOldest(
        Math.max(backlog.bytes + bytes - subscription.bytesMax, this.backlogBytes + bytes - outboxBytesMax),
        backlog.events + events - subscription.eventsMax,
        gone,
      )
      this.book(backlog, -gone.bytes, -gone.events)
      this.missed(subscription, REASON['drop-oldest'], gone.events)
    }
  }

  private parkConflated(subscription: Subscription, span: Span): void {
    this.push(subscription, span)
    // Too many keys: the bound holds for them too.
    this.makeRoom(subscription, 0, 0, 0)
  }

  private push(subscription: Subscription, span: Span): void {
    const { start, end, count, lane } = span
    const backlog = subscription.backlog as Backlog
    const into = backlog.lane(lane)
    const bytesBefore = into.bytes
    const eventsBefore = into.events
    while (!into.push(this.context.bytes, span)) {
      if (!this.context.shed(lane, end - start)) {
        this.missedOf(span, subscription, REASON.memory, count)
        return
      }
    }
    // A conflating lane may have grown by less than was pushed.
    this.book(backlog, into.bytes - bytesBefore, into.events - eventsBefore)
  }

  private book(backlog: Backlog, bytes: number, events: number): void {
    backlog.bytes += bytes
    backlog.events += events
    this.backlogBytes += bytes
    this.backlogEvents += events
    this.context.meters.pendingInOutboxes += events
  }

  /** Keeps the list of waiting subscriptions and the soft bound's clock in step with the backlog. */
  private settle(backlog: Backlog, subscription: Subscription): void {
    if (backlog.bytes > 0) this.waiting.add(subscription)
    else this.waiting.delete(subscription)
    if (this.backlogBytes <= this.context.options.outboxSoftBytes) this.overSoftSince = 0
    else if (this.overSoftSince === 0) this.overSoftSince = this.context.now()
  }

  /** Whether a subscription of policy `disconnect` is among those that wait. */
  get hasStrictWaiting(): boolean {
    for (const subscription of this.waiting) if (subscription.policy === 'disconnect') return true
    return false
  }

  /** Drops `bytes` of the oldest in one lane because the memory budget is reached. Returns the bytes of frames that went. */
  shedOldest(subscription: Subscription, lane: number, bytes: number): number {
    const backlog = subscription.backlog as Backlog
    const gone = this.amount
    gone.bytes = 0
    gone.events = 0
    backlog.waiting(lane)?.dropOldest(bytes, 0, gone)
    this.book(backlog, -gone.bytes, -gone.events)
    this.missed(subscription, REASON.memory, gone.events)
    this.settle(backlog, subscription)
    return gone.bytes
  }

  /** Counts events that this subscription does not get, and notes to tell it. */
  missed(subscription: Subscription, reason: number, events: number): void {
    if (events === 0) return
    this.context.meters.dropped[reason] += events
    this.droppedEvents += events
    subscription.untold[reason] += events
    this.untold.add(subscription)
    this.callAttention()
  }

  /** The same for events of a span, which nobody has looked at yet. */
  private missedOf({ classes }: Span, subscription: Subscription, reason: number, events: number): void {
    this.context.timing.lost(classes, events)
    this.missed(subscription, reason, events)
  }

  /** This session does not read fast enough and its policy says that it must go: closed at the end of the turn. */
  doom(): void {
    if (this.doomed) return
    this.doomed = true
    this.callAttention()
  }

  private callAttention(): void {
    if (this.attention) return
    this.attention = true
    this.context.needsAttention(this)
  }

  /** Sends a control frame, ahead of events that wait. */
  sendControl(frame: ControlFrame): void {
    // The doomed read nothing more: what they ask for until the end of the turn must not pile up.
    if (this.closed || this.doomed) return
    const bytes = encodeControl(frame)
    if (!this.blocked) {
      this.flush()
      if (!this.blocked) {
        this.write(bytes, 0)
        return
      }
    }
    this.controlBytes += bytes.length
    this.control.push(bytes)
    if (this.controlBytes > this.context.options.outboxControlBytesMax) this.doom()
  }

  /** Tells what was missed, if the link takes bytes now; else it is told first when it does. */
  tellGaps(): void {
    if (this.closed || this.blocked || this.untold.size === 0) return
    const frames: Uint8Array[] = []
    for (const subscription of this.untold) {
      for (const gap of this.takeGaps(subscription)) frames.push(encodeControl(gap))
    }
    this.untold.clear()
    this.write(Buffer.concat(frames), 0)
  }

  private takeGaps({ untold, pattern }: Subscription): ControlFrame[] {
    const gaps: ControlFrame[] = []
    for (let reason = 0; reason < untold.length; reason++) {
      const count = untold[reason]
      if (count === 0) continue
      untold[reason] = 0
      gaps.push({ op: Op.GAP, pattern, count, reason: DROP_REASONS[reason] })
      this.context.meters.gaps++
    }
    return gaps
  }

  /** Gives up what waits for a subscription that its session takes back, and says so: another pattern of the session may match it too. */
  retire(subscription: Subscription): void {
    subscription.untold[REASON.closed] += subscription.backlog?.events ?? 0
    this.discard(subscription)
    for (const gap of this.takeGaps(subscription)) this.sendControl(gap)
  }

  /** The link takes bytes again: control frames, gaps, then what waits, by lane. */
  unblock(): void {
    if (this.closed || this.doomed) return
    this.unblocked()
    this.times.settle()
    while (this.control.length > 0) {
      const bytes = this.control.shift() as Uint8Array
      this.controlBytes -= bytes.length
      if (this.write(bytes, 0) !== Written.SENT) return
    }
    this.tellGaps()
    if (this.waiting.size > 0) this.unload()
    // Expired ones may have been found on the way.
    this.tellGaps()
  }

  private unload(): void {
    const { options } = this.context
    this.shares ??= new LaneShares(options.laneWeights, options.strictShare)
    const shares = this.shares
    const now = this.context.now()
    const lanes = new LaneCounts(this.waiting)
    while (!this.blocked) {
      const mask = lanes.mask || lanes.recount()
      if (mask === 0) return
      const lane = shares.next(mask)
      let bytes = 0
      for (const subscription of this.waiting) {
        bytes = this.unloadOne(subscription, lane, now)
        if (bytes === 0) continue
        if (!subscription.backlog?.waiting(lane)) lanes.left(lane)
        shares.charge(lane, bytes, mask & ~(1 << lane))
        // The next one of this lane has its turn after this one.
        this.waiting.delete(subscription)
        if ((subscription.backlog as Backlog).bytes > 0) this.waiting.add(subscription)
        break
      }
      // What was counted has been shed meanwhile.
      if (bytes === 0) lanes.clear(lane)
    }
  }

  /** Writes one piece of what waits in a lane of a subscription. Returns the bytes taken off. */
  private unloadOne(subscription: Subscription, lane: number, now: number): number {
    const backlog = subscription.backlog as Backlog
    const from = backlog.waiting(lane)
    if (from === null) return 0
    const expired = this.amount
    expired.bytes = 0
    expired.events = 0
    from.dropExpired(now, expired)
    if (expired.events > 0) {
      const { bytes } = expired
      this.book(backlog, -bytes, -expired.events)
      this.missed(subscription, REASON.expired, expired.events)
      this.settle(backlog, subscription)
      // The gap comes before the next event, for which there may be no room then.
      this.tellGaps()
      return bytes
    }
    const bytesBefore = from.bytes
    const eventsBefore = from.events
    const marks = this.times.acquire()
    from.unload(now, marks, (frames, events) => this.times.unloaded(marks, this.write(frames, events)))
    const bytes = bytesBefore - from.bytes
    this.book(backlog, -bytes, from.events - eventsBefore)
    this.settle(backlog, subscription)
    return bytes
  }

  /** Forgets what waits for a subscription that is no more. */
  discard(subscription: Subscription): void {
    const backlog = subscription.backlog
    this.untold.delete(subscription)
    if (backlog === null) return
    this.lost(backlog.events)
    backlog.clear()
    this.book(backlog, -backlog.bytes, -backlog.events)
    this.settle(backlog, subscription)
    subscription.backlog = null
  }

  /** The connection has ended. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.flush()
    this.unblocked()
    this.blocked = true
    this.times.drop()
    for (const subscription of [...this.waiting]) this.discard(subscription)
    this.control = []
    this.controlBytes = 0
  }

  end(code: number, reason: string): void {
    if (this.closed || this.ending) return
    this.ending = true
    this.link.end(code, reason)
  }
}
