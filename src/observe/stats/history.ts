import { FLOAT32_OPTIONS, Packr } from 'msgpackr'
import type { StatsHistory, StatsPoint } from '../stats.js'
import { mergePoints } from './points.js'

/** One hour. */
export const HISTORY_SECONDS_MAX = 3600
/** What an hour takes when all eight lanes are in use: 1 KiB a point; of one lane it is half. Objectives are 30 B each. */
export const HISTORY_BYTES = HISTORY_SECONDS_MAX * 1024
/** Points of an answer, of about 4 KiB of JSON each: who asks for more seconds gets longer steps. */
export const HISTORY_POINTS_MAX = 600

/** The last hour, a point for each second, packed: as objects it would be ten times as much, for the garbage collector to walk over. */
export class StatsRing {
  /** One packer for all: what the points are like inside is then kept once, and not in each. */
  private readonly packr = new Packr({ structures: [], useFloat32: FLOAT32_OPTIONS.DECIMAL_ROUND })
  private readonly packed: Uint8Array[] = []
  private next = 0

  push(point: StatsPoint): void {
    // A copy: the packer hands out a piece of a large buffer, which would be kept with it.
    this.packed[this.next] = new Uint8Array(this.packr.pack(point))
    this.next = (this.next + 1) % HISTORY_SECONDS_MAX
  }

  /**
   * The last points.
   * @param seconds how many, at most HISTORY_SECONDS_MAX
   * @param step how many become one; more when there were more than HISTORY_POINTS_MAX else
   */
  last(seconds: number, step: number): StatsHistory {
    const stepS = Math.max(step, Math.ceil(seconds / HISTORY_POINTS_MAX))
    const points: StatsPoint[] = []
    let group: StatsPoint[] = []
    for (const packed of this.lastPacked(seconds)) {
      const point = this.packr.unpack(packed) as StatsPoint
      // Groups begin at round times: who asks again a second later gets the same ones. A single second is one, however near the next one is.
      if (group.length > 0 && (stepS === 1 || stepOf(point, stepS) !== stepOf(group[0], stepS))) {
        points.push(mergePoints(group))
        group = []
      }
      group.push(point)
    }
    if (group.length > 0) points.push(mergePoints(group))
    return { stepS, points }
  }

  private lastPacked(count: number): Uint8Array[] {
    const ordered =
      this.packed.length < HISTORY_SECONDS_MAX
        ? this.packed
        : [...this.packed.slice(this.next), ...this.packed.slice(0, this.next)]
    return ordered.slice(Math.max(0, ordered.length - count))
  }

  get bytes(): number {
    return this.packed.reduce((sum, { length }) => sum + length, 0)
  }
}

const stepOf = ({ at }: StatsPoint, stepS: number): number => Math.floor(at / 1000 / stepS)
