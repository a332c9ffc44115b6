import { HEAT_BUCKETS } from '../../observe/stats.js'
import type { History } from './history.js'

/** Points to a line: more than this nobody sees. */
const POINTS_MAX = 600
/** Seconds that may be missing without a break in the line: the daemon's clock and the second are not the same thing. */
const BREAK_S = 2.5

export type Points = (number | null)[]

/**
 * What is seen of the history: so many seconds up to its end, in steps that hang on the clock and not on the end, so that points do not change while the
 * range moves on.
 */
export class Span {
  readonly fromS: number
  readonly toS: number
  readonly stepS: number
  /** Seconds since 1970 of each point. */
  readonly times: number[] = []
  /** Slots of the points, those of point i from `starts[i]` on; a point that has none is a break. */
  private readonly starts: number[] = []
  private readonly slots: number[] = []

  constructor(
    private readonly history: History,
    rangeS: number,
  ) {
    this.toS = history.newestMs / 1000
    this.fromS = this.toS - rangeS
    this.stepS = Math.max(1, Math.ceil(rangeS / POINTS_MAX))
    if (history.newestMs === 0) return
    const last = Math.floor(this.toS)
    let begun = -1
    for (let second = Math.floor(this.fromS); second <= last; second++) {
      const slot = history.slotOf(second)
      if (slot < 0) continue
      const step = Math.floor(second / this.stepS)
      const time = history.stamps[slot] / 1000
      if (step === begun) {
        this.times[this.times.length - 1] = time
      } else {
        this.open(time)
        begun = step
      }
      this.slots.push(slot)
    }
    this.starts.push(this.slots.length)
  }

  private open(time: number): void {
    const before = this.times.at(-1)
    if (before !== undefined && time - before > BREAK_S + this.stepS) {
      this.times.push(before + this.stepS)
      this.starts.push(this.slots.length)
    }
    this.times.push(time)
    this.starts.push(this.slots.length)
  }

  get isEmpty(): boolean {
    return this.slots.length === 0
  }

  /** Index of the point that is nearest to a time in seconds since 1970; -1 when there is none. */
  nearest(time: number): number {
    const { times } = this
    let low = 0
    let high = times.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (times[middle] < time) low = middle + 1
      else high = middle
    }
    return low > 0 && time - times[low - 1] < times[low] - time ? low - 1 : Math.min(low, times.length - 1)
  }

  /** A figure at each of the times. */
  points(name: string): Points {
    const { column, values } = this.history.column(name)
    const isMax = column.merge === 'max'
    const points: Points = []
    for (let i = 0; i < this.times.length; i++) {
      let known = 0
      let merged = 0
      for (let k = this.starts[i]; k < this.starts[i + 1]; k++) {
        const value = values[this.slots[k]]
        if (Number.isNaN(value)) continue
        merged = isMax ? (known === 0 ? value : Math.max(merged, value)) : merged + value
        known++
      }
      points.push(known === 0 ? null : isMax ? merged : merged / known)
    }
    return points
  }

  /** The largest of a figure in the whole span; null when it is not known. */
  peak(name: string): number | null {
    const { values } = this.history.column(name)
    let peak = Number.NEGATIVE_INFINITY
    for (const slot of this.slots) if (values[slot] > peak) peak = values[slot]
    return peak === Number.NEGATIVE_INFINITY ? null : peak
  }

  /** Deliveries per second by time and bucket, a row of HEAT_BUCKETS to each time; `into` is used again if it is large enough. */
  heat(into: Float32Array): Float32Array {
    const size = this.times.length * HEAT_BUCKETS
    const heat = into.length >= size ? into.fill(0, 0, size) : new Float32Array(size)
    for (let i = 0; i < this.times.length; i++) {
      const slots = this.starts[i + 1] - this.starts[i]
      for (let k = this.starts[i]; k < this.starts[i + 1]; k++) {
        const from = this.slots[k] * HEAT_BUCKETS
        for (let b = 0; b < HEAT_BUCKETS; b++) heat[i * HEAT_BUCKETS + b] += this.history.heat[from + b] / slots
      }
    }
    return heat
  }
}
