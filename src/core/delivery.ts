import { Code } from '../protocol/codes.js'
import { LANES } from '../protocol/ops.js'
import type { WaitingLane } from './backlog.js'
import { Budget } from './budget.js'
import type { Link } from './link.js'
import type { MatchList } from './match-list.js'
import type { Meters } from './meters.js'
import type { CoreOptions } from './options.js'
import type { Outbox, OutboxContext } from './outbox.js'
import { PagePool } from './pages.js'
import type { Run } from './run.js'
import { Session } from './session.js'
import type { Subscription } from './subscription.js'
import type { Timing } from './timing.js'
import type { TracedReceiver, TraceOutcome, TraceReport } from './trace.js'

/** Open batches at once; with more receivers than this in one drain, the first ones are flushed early. */
const OPEN_BATCHES_MAX = 2048
/** What a run costs in work even if it is tiny or nobody receives it. */
const RUN_WORK_BYTES = 64

/**
 * From a run and its receivers to writes on links: a long run is written to each receiver straight from the slab, a short one is
 * gathered in its outbox.
 */
export class Delivery implements OutboxContext {
  readonly budget: Budget
  readonly pages: PagePool
  readonly waiting: readonly Set<WaitingLane>[] = Array.from({ length: LANES }, () => new Set<WaitingLane>())
  /** Publishers are refused events of this lane and less urgent ones; LANES when none is. */
  overloadedFrom = LANES

  private readonly touchedOutboxes: Outbox[] = []
  private attentive: Outbox[] = []
  private readonly freeBatches: Buffer[] = []
  private openBatches = 0

  constructor(
    readonly options: CoreOptions,
    readonly meters: Meters,
    readonly bytes: Buffer,
    readonly timing: Timing,
    private readonly host: { now(): number },
    private readonly scheduleTurn: () => void,
  ) {
    this.budget = new Budget(options.memoryBudgetBytes)
    this.pages = new PagePool(options.poison)
  }

  get isOverloaded(): boolean {
    return this.overloadedFrom < LANES
  }

  makeSession(id: number, link: Link): Session {
    return new Session(id, link, this)
  }

  now(): number {
    return this.host.now()
  }

  /** Hands a run to its receivers. Returns the work in bytes. */
  deliver(run: Run, list: MatchList): number {
    const { meters } = this
    const { count, lane, expiresAt } = run
    if (expiresAt !== 0 && expiresAt <= this.host.now()) {
      meters.expiredUnrouted += count
      this.timing.lost(run.classes, count)
      return RUN_WORK_BYTES
    }
    this.timing.taken(run)
    const receivers = list.stale ? this.rematched(list, run) : list.receiversOf(run.subscriptionsMade)
    meters.routed += count
    meters.routedByLane[lane] += count
    meters.matched += count * receivers.length
    if (receivers.length === 0) meters.unmatched += count
    else if (run.trace === null) this.handOut(receivers, run)
    if (run.trace !== null) run.trace.done(this.handOutTraced(receivers, run, run.trace.acceptedMs))
    return (run.end - run.start) * receivers.length + RUN_WORK_BYTES
  }

  private handOut(receivers: readonly Subscription[], run: Run): void {
    const { start, end } = run
    // One view for all receivers: making one costs more than a short copy.
    const frames = end - start >= this.options.directBytes ? this.bytes.subarray(start, end) : null
    for (let i = 0; i < receivers.length; i++) {
      const receiver = receivers[i]
      const { outbox } = receiver.session
      if (outbox.blocked) outbox.park(receiver, run)
      else if (frames !== null) outbox.pass(receiver, run, frames)
      else outbox.append(receiver, run)
    }
  }

  private rematched(list: MatchList, run: Run): readonly Subscription[] {
    const from = this.timing.matching()
    const receivers = list.receiversOf(run.subscriptionsMade)
    this.timing.matched(from)
    return receivers
  }

  /** One by one, each written before the next, to tell when. */
  private handOutTraced(receivers: readonly Subscription[], run: Run, acceptedMs: number): TraceReport {
    const drainedMs = this.host.now()
    const frames = this.bytes.subarray(run.start, run.end)
    const told = receivers.map((receiver): TracedReceiver => {
      const { session, pattern } = receiver
      const { outbox } = session
      outbox.flush()
      let outcome: TraceOutcome = 'waiting'
      if (outbox.closed) outcome = 'gone'
      if (outbox.blocked) outbox.park(receiver, run)
      else {
        const { deliveredEvents } = outbox
        outbox.pass(receiver, run, frames)
        if (outbox.deliveredEvents === deliveredEvents) outcome = 'gone'
        else outcome = outbox.blocked ? 'buffered' : 'sent'
      }
      const { backlogEvents, backlogBytes } = outbox
      return {
        session,
        pattern,
        outcome,
        atMs: this.host.now(),
        waitingEvents: backlogEvents,
        waitingBytes: backlogBytes,
      }
    })
    return { acceptedMs, drainedMs, receivers: told }
  }

  /** Writes every open batch. */
  flush(): void {
    const touched = this.touchedOutboxes
    for (let i = 0; i < touched.length; i++) touched[i].flush()
    touched.length = 0
  }

  touched(outbox: Outbox): void {
    this.touchedOutboxes.push(outbox)
  }

  acquireBatch(): Buffer {
    if (this.openBatches === OPEN_BATCHES_MAX) this.flush()
    this.openBatches++
    return this.freeBatches.pop() ?? Buffer.allocUnsafeSlow(this.options.batchBytes)
  }

  releaseBatch(batch: Buffer): void {
    this.openBatches--
    this.freeBatches.push(batch)
  }

  /** Batches given out and not returned: zero when no drain is running. */
  get heldBatches(): number {
    return this.openBatches
  }

  needsAttention(outbox: Outbox): void {
    this.attentive.push(outbox)
    this.scheduleTurn()
  }

  /** End of a turn: closes the doomed and tells gaps. */
  attend(): void {
    const outboxes = this.attentive
    if (outboxes.length > 0) {
      this.attentive = []
      for (const outbox of outboxes) {
        outbox.attention = false
        if (outbox.doomed) {
          if (outbox.closed || outbox.ending) continue
          this.meters.slowConsumers++
          outbox.end(Code.SLOW_CONSUMER, 'this connection did not read fast enough')
        } else outbox.tellGaps()
      }
    }
    if (this.isOverloaded && this.budget.used < this.budget.max * this.options.memoryResumeRatio) {
      this.overloadedFrom = LANES
    }
  }

  /**
   * The memory budget is reached: the least urgent lane sheds first. If what arrives is itself the least urgent, it is not taken, and publishers are
   * refused that lane until memory is free again.
   */
  shed(lane: number, bytes: number): boolean {
    for (let least = LANES - 1; least > lane; least--) {
      for (const victim of this.waiting[least]) {
        victim.subscription.session.outbox.shedOldest(victim.subscription, least, Math.max(bytes, victim.bytes >> 1))
        return true
      }
    }
    if (lane < this.overloadedFrom) this.overloadedFrom = lane
    this.scheduleTurn()
    return false
  }

  /** About once a second: who has been over the soft bound for too long under the policy `disconnect`, and whether memory is free again. */
  tick(sessions: Iterable<Session>): void {
    const deadline = this.host.now() - this.options.outboxSoftTimeMs
    for (const { outbox } of sessions) {
      if (outbox.overSoftSince !== 0 && outbox.overSoftSince <= deadline && outbox.hasStrictWaiting) outbox.doom()
    }
    this.attend()
  }
}
