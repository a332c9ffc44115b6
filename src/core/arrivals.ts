import type { RouterHost } from './host.js'

/** Over so many milliseconds at least it is found out how often messages come. */
const RATE_SPAN_MS = 20
/** Over so many milliseconds at least it is found out whether more is read than comes. */
const DRAIN_SPAN_MS = 0.5
/** So many times as many are more: what was sent while nobody read is being read now. */
const DRAIN_RATIO = 1.1
/** What seems to go on for longer is no drain: more come than did. */
const DRAIN_MS_MAX = 200

/**
 * When messages have come, as far as that can be known. A loop that had to wait for input reads it as soon as it is there. But one that was busy, with events or a
 * collection of garbage, finds what has come meanwhile all at once, and what waited in the kernel for it has waited for the daemon nevertheless. Such messages
 * are taken to have come one after the other, as often as they came lately, beginning when the last one did that was read before, and no later than they were
 * read; nor long before the loop looked last, unless more is being read than comes. Where the host does not tell whether the loop has waited, messages come when
 * they are read.
 */
export class Arrivals {
  /** When the message came that is being read, clock milliseconds. */
  at = 0
  private lookedAt = 0
  private idleMs = -1
  /** Between two messages lately; at first nothing is known, and whatever is read has come just then. */
  private stepMs = Number.POSITIVE_INFINITY
  private rateFrom = 0
  private messages = 0
  private drainFrom = 0
  private drained = 0

  constructor(private readonly host: RouterHost) {}

  /** Whether more can be known than when a message was read. */
  get isInformed(): boolean {
    return this.host.idleMs !== undefined
  }

  /** Messages were found at `now`. */
  look(now: number): void {
    const { host, idleMs } = this
    const idle = host.idleMs?.() ?? now
    if (idle !== idleMs) this.hasWaited(now)
    else if (now - this.drainFrom >= DRAIN_SPAN_MS) this.checkDrain(now)
    this.idleMs = idle
    this.lookedAt = now
  }

  /** So many of them are taken. @returns when the first of them came; `at` is when the last did */
  take(messages: number): number {
    const { stepMs, lookedAt } = this
    const first = Math.min(this.at + stepMs, lookedAt)
    this.at = Math.min(this.at + messages * stepMs, lookedAt)
    this.messages += messages
    this.drained += messages
    return first
  }

  /** Does not let a rate that is a little wrong by now, or a time in which nothing came either, look like messages that wait. */
  private checkDrain(now: number): void {
    const { stepMs, lookedAt } = this
    const isDraining = Number.isFinite(stepMs) && this.drained * stepMs > (now - this.drainFrom) * DRAIN_RATIO
    this.drainFrom = now
    this.drained = 0
    if (isDraining && now - this.rateFrom < DRAIN_MS_MAX) return
    if (this.at < lookedAt) this.at = lookedAt
    // Since then it may have stood still.
    this.noteRate(lookedAt)
  }

  /** Everything that had come before was read. */
  private hasWaited(now: number): void {
    this.at = now
    this.drainFrom = now
    this.drained = 0
    this.noteRate(now)
  }

  /** As many messages came up to a moment as were taken. */
  private noteRate(until: number): void {
    const spanMs = until - this.rateFrom
    if (spanMs < RATE_SPAN_MS) return
    this.stepMs = spanMs / this.messages
    this.rateFrom = until
    this.messages = 0
  }
}
