import Denque from 'denque'
import { LANES } from '../protocol/ops.js'
import type { LaneShares } from './lane-shares.js'
import type { Run } from './run.js'

/** The eight queues in which accepted runs wait for the drain. */
export class Lanes {
  private readonly queues: Denque<Run>[] = Array.from({ length: LANES }, () => new Denque<Run>())
  /** Bit i: lane i has runs. */
  waiting = 0
  /** Runs in all lanes. */
  length = 0
  /** Runs that have left each lane since the start, to tell whether one that came in has. */
  private readonly left = new Float64Array(LANES)

  constructor(private readonly shares: LaneShares) {}

  push(run: Run): void {
    this.queues[run.lane].push(run)
    this.waiting |= 1 << run.lane
    this.length++
  }

  /** The run whose turn it is, or undefined. */
  shift(): Run | undefined {
    const waiting = this.waiting
    if (waiting === 0) return undefined
    // One lane alone, the usual case, needs no arithmetic of shares.
    const lane = (waiting & (waiting - 1)) === 0 ? 31 - Math.clz32(waiting) : this.shares.next(waiting)
    const queue = this.queues[lane]
    const run = queue.shift()
    this.left[lane]++
    if (queue.length === 0) this.waiting &= ~(1 << lane)
    this.length--
    return run
  }

  /** Books the work of a run that was shifted. */
  charge(lane: number, bytes: number): void {
    this.shares.charge(lane, bytes, this.waiting & ~(1 << lane))
  }

  /** A mark for what was put into a lane last: hasPassed tells when that has been taken out. */
  mark(lane: number): number {
    return this.left[lane] + this.queues[lane].length
  }

  hasPassed(lane: number, mark: number): boolean {
    return this.left[lane] >= mark
  }

  /** Runs waiting in one lane. */
  depth(lane: number): number {
    return this.queues[lane].length
  }

  /** The same of each lane. */
  get depths(): number[] {
    return this.queues.map((queue) => queue.length)
  }
}
