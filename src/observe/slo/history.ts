/** Events that met an objective, and all that were counted. */
export interface Count {
  readonly good: number
  readonly total: number
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The longest window of an alert; what is older than that and than the objective's own window is forgotten. */
const DAYS_MIN = 3

/** What is kept of a ring over a restart: its newest step by number, and the counts of the steps up to it, oldest first, without those that nothing was counted in before. */
export interface SavedRing {
  readonly newest: number
  readonly good: readonly number[]
  readonly total: readonly number[]
}

/** Counts of the recent past in steps of equal length. Time is handed in, and never goes back. */
class Ring {
  private newest = 0
  private readonly good: Float64Array
  private readonly total: Float64Array

  /** Holds windows of up to `windowMs`. */
  constructor(
    private readonly stepMs: number,
    readonly windowMs: number,
  ) {
    // One more for the step that is being filled.
    const steps = Math.ceil(windowMs / stepMs) + 1
    this.good = new Float64Array(steps)
    this.total = new Float64Array(steps)
  }

  add(atMs: number, { good, total }: Count): void {
    const slot = this.advance(atMs) % this.good.length
    this.good[slot] += good
    this.total[slot] += total
  }

  /** All of the steps that the last `windowMs` touch: up to a step more than asked for. */
  over(atMs: number, windowMs: number): Count {
    const newest = this.advance(atMs)
    const oldest = Math.max(0, newest - Math.ceil(windowMs / this.stepMs))
    let good = 0
    let total = 0
    for (let step = oldest; step <= newest; step++) {
      const slot = step % this.good.length
      good += this.good[slot]
      total += this.total[slot]
    }
    return { good, total }
  }

  save(): SavedRing {
    const steps = Array.from({ length: this.good.length }, (_, i) => this.newest - this.good.length + 1 + i)
    const first = steps.findIndex((step) => step >= 0 && this.total[step % this.total.length] > 0)
    const kept = first < 0 ? [] : steps.slice(first)
    const pick = (from: Float64Array) => kept.map((step) => from[step % from.length])
    return { newest: this.newest, good: pick(this.good), total: pick(this.total) }
  }

  restore({ newest, good, total }: SavedRing): void {
    this.newest = newest
    for (let back = 0; back < Math.min(total.length, this.total.length, newest + 1); back++) {
      const slot = (newest - back) % this.total.length
      this.good[slot] = good[good.length - 1 - back]
      this.total[slot] = total[total.length - 1 - back]
    }
  }

  /** Forgets what is too old at this time. Returns the number of its step. */
  private advance(atMs: number): number {
    const step = Math.max(Math.floor(atMs / this.stepMs), this.newest)
    const first = Math.max(this.newest + 1, step - this.good.length + 1)
    for (let next = first; next <= step; next++) {
      this.good[next % this.good.length] = 0
      this.total[next % this.total.length] = 0
    }
    this.newest = step
    return step
  }
}

/** What one objective has counted, in steps that are finer the shorter ago it was. */
export class History {
  private readonly rings: readonly Ring[]

  constructor(windowDays: number) {
    this.rings = [
      new Ring(10 * SECOND_MS, 30 * MINUTE_MS),
      new Ring(MINUTE_MS, 6 * HOUR_MS),
      new Ring(HOUR_MS, Math.max(windowDays, DAYS_MIN) * DAY_MS),
    ]
  }

  add(atMs: number, count: Count): void {
    if (count.total > 0) for (const ring of this.rings) ring.add(atMs, count)
  }

  /** What was counted in the last `windowMs`, and in up to a thirtieth of it more; or as long as there is anything. */
  over(atMs: number, windowMs: number): Count {
    const ring = this.rings.find((ring) => ring.windowMs >= windowMs) ?? this.rings[this.rings.length - 1]
    return ring.over(atMs, windowMs)
  }

  save(): SavedRing[] {
    return this.rings.map((ring) => ring.save())
  }

  restore(saved: readonly SavedRing[]): void {
    saved.forEach((ring, index) => {
      this.rings[index].restore(ring)
    })
  }
}
