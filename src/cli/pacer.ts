/** How far a late event may be caught up with. Timers are late by a millisecond or two, which must not lower the rate; a source that paused for a second must not come as a burst. */
const CATCH_UP_MS = 20

/** Spreads events evenly over time. */
export class Pacer {
  readonly #intervalMs: number
  #dueMs: number

  /** @param rate events per second  @param nowMs a monotonic clock's time */
  constructor(rate: number, nowMs: number) {
    this.#intervalMs = 1000 / rate
    this.#dueMs = nowMs
  }

  /** Milliseconds until the next event may go. 0: it may go now, and is taken to have gone. */
  take(nowMs: number): number {
    if (this.#dueMs > nowMs) return this.#dueMs - nowMs
    this.#dueMs = Math.max(this.#dueMs, nowMs - CATCH_UP_MS) + this.#intervalMs
    return 0
  }
}
