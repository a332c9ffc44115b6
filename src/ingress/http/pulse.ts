/** Beats are spread over this part of the interval, so that streams that fell silent together do not all beat in one turn. */
const SPREAD = 0.3

/** When a stream that must not be silent for long has to say something. */
export class Pulse {
  /** To be set with every write. */
  wrote = true
  private quietSince = 0
  private readonly intervalMs: number

  /** @param silenceMsMax no silence is longer, given a tick in time */
  constructor(silenceMsMax: number) {
    this.intervalMs = silenceMsMax * (1 - SPREAD * Math.random())
  }

  /**
   * Whether to say something now.
   * @param now monotonic milliseconds
   * @param elapsedMs since the last tick
   */
  isDue(now: number, elapsedMs: number): boolean {
    if (this.wrote) {
      this.wrote = false
      // It may have been right after the last tick.
      this.quietSince = now - elapsedMs
    }
    // The next tick would be too late.
    if (now + elapsedMs - this.quietSince <= this.intervalMs) return false
    this.quietSince = now
    return true
  }
}
