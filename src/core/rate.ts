const SECOND_MS = 1000

/** How fast a connection may publish. */
export interface RateLimits {
  /** 0: as fast as it can. */
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
}

/**
 * Two token buckets, of events and of bytes, each with a second's worth (RFC 2697 calls it committed burst). A message is taken in whole while both have
 * something left, and may leave them in debt: what is looked at once a message costs an event nothing.
 */
export class Rate {
  private events: number
  private bytes: number
  private filledAt = Number.NaN

  constructor(readonly limits: RateLimits) {
    this.events = limits.eventsPerSecond
    this.bytes = limits.bytesPerSecond
  }

  /** Goes on from where another one is: to say again who one is refills nothing. */
  after(before: Rate | null): this {
    if (before === null) return this
    if (before.limits.eventsPerSecond > 0) this.events = Math.min(this.events, before.events)
    if (before.limits.bytesPerSecond > 0) this.bytes = Math.min(this.bytes, before.bytes)
    this.filledAt = before.filledAt
    return this
  }

  /** Whether a message may be taken in. @param now monotonic milliseconds */
  admits(now: number): boolean {
    const { eventsPerSecond, bytesPerSecond } = this.limits
    const elapsed = now - this.filledAt
    // What went by is not paid twice when somebody else's clock is behind.
    if (!(elapsed < 0)) this.filledAt = now
    if (elapsed > 0) {
      this.events = Math.min(eventsPerSecond, this.events + (elapsed * eventsPerSecond) / SECOND_MS)
      this.bytes = Math.min(bytesPerSecond, this.bytes + (elapsed * bytesPerSecond) / SECOND_MS)
    }
    return (eventsPerSecond === 0 || this.events > 0) && (bytesPerSecond === 0 || this.bytes > 0)
  }

  /** A message with so many events, of so many bytes, has been taken in. */
  take(events: number, bytes: number): void {
    this.events -= events
    this.bytes -= bytes
  }

  /** Milliseconds until a message may be taken in, when nothing comes meanwhile. */
  get waitMs(): number {
    const { eventsPerSecond, bytesPerSecond } = this.limits
    const forEvents = eventsPerSecond === 0 ? 0 : (-this.events * SECOND_MS) / eventsPerSecond
    const forBytes = bytesPerSecond === 0 ? 0 : (-this.bytes * SECOND_MS) / bytesPerSecond
    return Math.max(1, Math.ceil(Math.max(forEvents, forBytes)))
  }
}
