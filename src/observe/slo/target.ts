import type { Sample } from '../sample.js'

/** Events per second that one daemon on one core is to route. */
export const TARGET_EVENTS_PER_SECOND = 1_800_000

/** A rate is sustained when it is the mean of so long. */
const SUSTAINED_MS = 10_000
/** The best of each minute is kept for an hour. */
const MINUTE_MS = 60_000
const MINUTES = 60

/** How near the daemon has come to its target: the highest rate of routed events over any ten seconds of the last hour. */
export class Target {
  private readonly recent: { readonly atMs: number; readonly routed: number }[] = []
  private readonly bests = new Float64Array(MINUTES)
  private minute = 0

  tick({ atMs, core: { routed } }: Sample): void {
    this.advance(Math.floor(atMs / MINUTE_MS))
    this.recent.push({ atMs, routed })
    // The youngest that is old enough stays first.
    while (this.recent.length > 1 && atMs - this.recent[1].atMs >= SUSTAINED_MS) this.recent.shift()
    const [first] = this.recent
    if (atMs - first.atMs < SUSTAINED_MS) return
    const rate = ((routed - first.routed) * 1000) / (atMs - first.atMs)
    const slot = this.minute % MINUTES
    this.bests[slot] = Math.max(this.bests[slot], rate)
  }

  private advance(minute: number): void {
    for (let next = Math.max(this.minute + 1, minute - MINUTES + 1); next <= minute; next++)
      this.bests[next % MINUTES] = 0
    this.minute = Math.max(this.minute, minute)
  }

  /** Events per second. */
  get best(): number {
    return this.bests.reduce((best, rate) => Math.max(best, rate), 0)
  }

  get ratio(): number {
    return this.best / TARGET_EVENTS_PER_SECOND
  }
}
