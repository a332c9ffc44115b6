/** A full bucket comes back in ten seconds: it regains a tenth a second. */
const REFILL_SECONDS = 10

/** So many at once, and a tenth of that each second afterwards. */
export class TokenBucket {
  private tokens: number
  private filledAt: number

  /** @param now monotonic milliseconds, as for take */
  constructor(
    private readonly max: number,
    now: number,
  ) {
    this.tokens = max
    this.filledAt = now
  }

  /** Takes one; false when there was none left. */
  take(now: number): boolean {
    const gained = ((now - this.filledAt) / 1000) * (this.max / REFILL_SECONDS)
    this.tokens = Math.min(this.max, this.tokens + gained) - 1
    this.filledAt = now
    return this.tokens >= 0
  }
}
