import type { LatencyCounts, Stage } from './latency.js'

const MARKS_AT_START = 16
/** Points between its first and last event at which a mark's events are taken to have been accepted. */
const POINTS = 4
/** Events accepted within so many milliseconds are noted as one. */
const SPREAD_MS = 0.005
/** A lane and a mask of classes are one number. */
const LANE_BITS = 3
const LANE_MASK = (1 << LANE_BITS) - 1

/**
 * When the events of one write were accepted: of each run in it how many, first and last when, in which lane, of which classes of topics. Columns, so that
 * nothing is allocated per run.
 */
export class Marks {
  /** When the write's batch was begun, clock milliseconds. */
  begunAt = 0
  private size = 0
  private firsts = new Float64Array(MARKS_AT_START)
  private lasts = new Float64Array(MARKS_AT_START)
  private kinds = new Int32Array(MARKS_AT_START)
  private counts = new Int32Array(MARKS_AT_START)

  /**
   * @param first clock milliseconds at which the first of these events was accepted
   * @param last the same of the last
   * @param classes a bit mask
   */
  add(first: number, last: number, lane: number, classes: number, count: number): void {
    const kind = (classes << LANE_BITS) | lane
    const at = this.size - 1
    if (at >= 0 && this.kinds[at] === kind && last - this.firsts[at] <= SPREAD_MS) {
      this.lasts[at] = last
      this.counts[at] += count
      return
    }
    if (this.size === this.firsts.length) this.grow()
    const next = this.size++
    this.firsts[next] = first
    this.lasts[next] = last
    this.kinds[next] = kind
    this.counts[next] = count
  }

  private grow(): void {
    const widen = <A extends Float64Array | Int32Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    const size = this.size * 2
    this.firsts = widen(this.firsts, new Float64Array(size))
    this.lasts = widen(this.lasts, new Float64Array(size))
    this.kinds = widen(this.kinds, new Int32Array(size))
    this.counts = widen(this.counts, new Int32Array(size))
  }

  /** Notes that all of them took until `now`. */
  note(counts: LatencyCounts, stage: Stage, now: number): void {
    for (let i = 0; i < this.size; i++) {
      const kind = this.kinds[i]
      noteSpread(counts, stage, kind & LANE_MASK, kind >> LANE_BITS, this.firsts[i], this.lasts[i], now, this.counts[i])
    }
  }

  /** Notes the same time for all of them: one that does not depend on when each was accepted. */
  noteAlike(counts: LatencyCounts, stage: Stage, ms: number): void {
    for (let i = 0; i < this.size; i++) {
      counts.note(stage, this.kinds[i] & LANE_MASK, this.kinds[i] >> LANE_BITS, ms, this.counts[i])
    }
  }

  clear(): void {
    this.size = 0
  }
}

/**
 * Notes events that were accepted between two moments, evenly. A run goes on for as long as a drain lets it, and to time all of it by its first event
 * would make the tail of a firehose look as slow as its head.
 */
export function noteSpread(
  counts: LatencyCounts,
  stage: Stage,
  lane: number,
  classes: number,
  first: number,
  last: number,
  now: number,
  count: number,
): void {
  const span = last - first
  if (span <= SPREAD_MS || count < POINTS) {
    counts.note(stage, lane, classes, now - (first + last) / 2, count)
    return
  }
  let left = count
  for (let point = POINTS; point > 0; point--) {
    const share = Math.floor(left / point)
    left -= share
    counts.note(stage, lane, classes, now - last + (span * (point - 0.5)) / POINTS, share)
  }
}
