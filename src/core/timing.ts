import { Arrivals } from './arrivals.js'
import type { RouterHost } from './host.js'
import { type LatencyCounts, Stage } from './latency.js'
import { Marks, noteSpread } from './marks.js'
import type { Span } from './span.js'
import type { WorkMeters } from './work-meters.js'

/** Reading the clock costs 40 ns, so after the first few steps of a drain it is read only once in so many. */
const EXACT_STEPS = 8
const STEPS_PER_READING = 8
/** The same for messages that are accepted: one of a single event costs some 350 ns. */
const MESSAGES_PER_READING = 16
/** Of calls whose share of the work is estimated, one in so many is timed. */
const CALLS_PER_SAMPLE = 16

/**
 * How long events take, and where the time of the routing thread goes. Everything here is a counter: nothing is allocated per run, and the clock is read as
 * seldom as the figures allow.
 */
export class Timing {
  /** When what is accepted now came, clock milliseconds; 0 when nothing is timed. */
  acceptedAt = 0
  /** The same of the last of them. */
  acceptedLast = 0
  private readonly arrivals: Arrivals
  private messagesUntilReading = 0
  /** What is accepted next has been looked at when it was found. */
  private isFound = false
  private acceptsSinceSample = 0
  private writesSinceSample = 0
  private now = 0
  private steps = 0
  private readonly freeMarks: Marks[] = []

  constructor(
    /** Null: nothing is timed. */
    private readonly counts: LatencyCounts | null,
    private readonly work: WorkMeters,
    private readonly host: RouterHost,
  ) {
    this.arrivals = new Arrivals(host)
  }

  /**
   * The first of some messages is there that are gathered before they are taken apart.
   * @param isFirst as of accepting
   */
  found(isFirst: boolean): void {
    if (this.counts === null || !isFirst) return
    this.arrivals.look(this.host.now())
    this.isFound = true
  }

  /**
   * Messages are about to be taken apart.
   * @param isFirst of those that the next drain will find: whatever came before may have been long ago
   * @returns when, if that is to be timed (accepted); else 0
   */
  accepting(isFirst: boolean, messages: number): number {
    if (this.counts === null) return 0
    const { arrivals, isFound } = this
    this.isFound = false
    const isRead = isFirst || this.messagesUntilReading-- <= 0
    let now = 0
    if (isRead) {
      this.messagesUntilReading = MESSAGES_PER_READING - 1
      now = this.host.now()
      // What else is read in this turn was there when its first message was.
      if ((isFirst && !isFound) || !arrivals.isInformed) arrivals.look(now)
    }
    this.acceptedAt = arrivals.take(messages)
    this.acceptedLast = arrivals.at
    return ++this.acceptsSinceSample >= CALLS_PER_SAMPLE ? now : 0
  }

  /** Something of the daemon's own is about to be put into a lane. */
  acceptingOwn(): void {
    if (this.counts === null) return
    this.acceptedAt = this.host.now()
    this.acceptedLast = this.acceptedAt
  }

  /** The message for which accepting answered `from` has been taken apart. */
  accepted(from: number): void {
    this.work.acceptMs += (this.host.now() - from) * this.acceptsSinceSample
    this.acceptsSinceSample = 0
  }

  /** A drain begins, or something else that writes. */
  begin(): void {
    if (this.counts === null) return
    this.now = this.host.now()
    this.steps = 0
  }

  /** The drain that began at `from` (begun) is over. */
  drained(from: number): void {
    if (this.counts === null) return
    this.work.drains++
    this.work.drainMs += this.host.now() - from
  }

  /** When what goes on now began, within some steps. */
  get begun(): number {
    return this.now
  }

  private step(): number {
    const steps = ++this.steps
    if (steps <= EXACT_STEPS || steps % STEPS_PER_READING === 0) this.now = this.host.now()
    return this.now
  }

  /** A run leaves its lane. */
  taken(run: Span): void {
    const { counts } = this
    if (counts === null) return
    noteSpread(counts, Stage.QUEUE, run.lane, 0, run.acceptedAt, run.acceptedLast, this.step(), run.count)
  }

  /** A run was put among what waits for a receiver. */
  parked(span: Span): void {
    const { counts } = this
    if (counts === null) return
    const { lane, classes, acceptedAt, acceptedLast, count } = span
    noteSpread(counts, Stage.ROUTING, lane, classes, acceptedAt, acceptedLast, this.step(), count)
  }

  /** For a batch that begins now; null when nothing is timed. */
  acquireMarks(): Marks | null {
    if (this.counts === null) return null
    const marks = this.freeMarks.pop() ?? new Marks()
    marks.begunAt = this.now
    return marks
  }

  releaseMarks(marks: Marks): void {
    marks.clear()
    this.freeMarks.push(marks)
  }

  /** A batch was written: all of it has left, or all of it waits in the transport. */
  wrote(marks: Marks, hasLeft: boolean): void {
    const counts = this.counts as LatencyCounts
    const now = this.step()
    marks.noteAlike(counts, Stage.FANOUT, now - marks.begunAt)
    marks.note(counts, Stage.ROUTING, now)
    if (hasLeft) marks.note(counts, Stage.DELIVERY, now)
  }

  /** A run was written by itself, and has left. */
  passed(span: Span): void {
    const { counts } = this
    if (counts === null) return
    const { lane, classes, acceptedAt, acceptedLast, count } = span
    const begun = this.now
    const now = this.step()
    counts.note(Stage.FANOUT, lane, 0, now - begun, count)
    noteSpread(counts, Stage.ROUTING, lane, classes, acceptedAt, acceptedLast, now, count)
    noteSpread(counts, Stage.DELIVERY, lane, classes, acceptedAt, acceptedLast, now, count)
  }

  /** What had been routed before has left now. */
  delivered(marks: Marks): void {
    marks.note(this.counts as LatencyCounts, Stage.DELIVERY, this.step())
  }

  /** Deliveries are never made. */
  lost(classes: number, count: number): void {
    if (classes !== 0) this.counts?.noteLost(classes, count)
  }

  /**
   * A link's write is about to be called.
   * @returns when, if that is to be timed (written); else 0
   */
  writing(): number {
    if (this.counts === null || ++this.writesSinceSample < CALLS_PER_SAMPLE) return 0
    return this.host.now()
  }

  written(from: number): void {
    this.work.writeMs += (this.host.now() - from) * this.writesSinceSample
    this.writesSinceSample = 0
  }

  /**
   * It is to be found out who receives a topic.
   * @returns when, or 0 when nothing is timed
   */
  matching(): number {
    return this.counts === null ? 0 : this.host.now()
  }

  matched(from: number): void {
    if (from === 0) return
    this.work.matches++
    this.work.matchMs += this.host.now() - from
  }
}
