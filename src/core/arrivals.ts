import type { RouterHost } from './host.js'

/** Over so many milliseconds at least it is found out how often messages come. */
const RATE_SPAN_MS = 20
/** A look that found less than this found all that there was: a kernel's buffer holds more, and an in-line drain comes later. */
const ALL_BYTES_MAX = 32 * 1024
const ALL_MESSAGES_MAX = 128

/**
 * When messages have come, as far as that can be known. A loop that had to wait for input reads it as soon as it is there. But one that was busy, with events or a
 * collection of garbage, finds what has come meanwhile all at once, and what waited in the kernel for it has waited for the daemon nevertheless. Such messages
 * are taken to have come one after the other, as often as they came lately, beginning when the last one did that was read before, not before the loop looked
 * last if it found everything then, and no later than they were read. Where the host does not tell whether the loop has waited, messages come when they are read.
 */
export class Arrivals {
  /** When the message came that is being read, clock milliseconds. */
  at = 0
  private lookedAt = 0
  private idleMs = 0
  /** Between two messages lately; at first nothing is known, and whatever is read has come just then. */
  private stepMs = Number.POSITIVE_INFINITY
  private rateFrom = 0
  private messages = 0
  /** Of what was read since the last look. */
  private bytesRead = 0
  private messagesRead = 0

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
    else if (this.bytesRead < ALL_BYTES_MAX && this.messagesRead < ALL_MESSAGES_MAX && this.at < this.lookedAt) {
      this.at = this.lookedAt
    }
    this.bytesRead = 0
    this.messagesRead = 0
    this.idleMs = idle
    this.lookedAt = now
  }

  /** So many of them are taken, of so many bytes. @returns when the first of them came; `at` is when the last did */
  take(messages: number, bytes: number): number {
    const { stepMs, lookedAt } = this
    const first = Math.min(this.at + stepMs, lookedAt)
    this.at = Math.min(this.at + messages * stepMs, lookedAt)
    this.messages += messages
    this.messagesRead += messages
    this.bytesRead += bytes
    return first
  }

  /** Everything that had come before was read, so as many came as were taken. */
  private hasWaited(now: number): void {
    this.at = now
    const spanMs = now - this.rateFrom
    if (spanMs < RATE_SPAN_MS) return
    this.stepMs = spanMs / this.messages
    this.rateFrom = now
    this.messages = 0
  }
}
