import { LANES } from '../protocol/ops.js'
import type { Subscription } from './subscription.js'

/** Of how many subscriptions something waits in each lane: to look through all of them once, and not for each piece that is written. */
export class LaneCounts {
  private readonly counts = new Int32Array(LANES)

  constructor(private readonly waiting: Iterable<Subscription>) {
    this.recount()
  }

  /** @returns the mask */
  recount(): number {
    this.counts.fill(0)
    for (const { backlog } of this.waiting) {
      for (let lane = 0; lane < LANES; lane++) if (backlog?.waiting(lane)) this.counts[lane]++
    }
    return this.mask
  }

  /** Bit i: something waits in lane i. */
  get mask(): number {
    let mask = 0
    for (let lane = 0; lane < LANES; lane++) if (this.counts[lane] > 0) mask |= 1 << lane
    return mask
  }

  /** Nothing of one subscription waits in a lane any more. */
  left(lane: number): void {
    this.counts[lane]--
  }

  /** Nothing waits in a lane any more. */
  clear(lane: number): void {
    this.counts[lane] = 0
  }
}
