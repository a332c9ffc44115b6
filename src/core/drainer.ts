import type { Delivery } from './delivery.js'
import type { Lanes } from './lanes.js'
import type { MatchList } from './match-list.js'
import type { Meters } from './meters.js'
import type { RunPool } from './run.js'
import type { Slabs } from './slabs.js'
import type { Timing } from './timing.js'

/** Empties the lanes: what accept has put there goes to its receivers. */
export class Drainer {
  /** Bytes and frames (messages) that wait in the lanes. */
  pendingBytes = 0
  pendingFrames = 0
  isDraining = false

  constructor(
    private readonly lanes: Lanes,
    private readonly delivery: Delivery,
    private readonly runs: RunPool,
    private readonly slabs: Slabs,
    private readonly meters: Meters,
    private readonly timing: Timing,
  ) {}

  /**
   * Delivers runs, urgent lanes first, until `work` bytes times receivers are done or nothing is pending. Then flushes.
   * @returns whether something is still pending
   */
  drain(work: number): boolean {
    // A link that calls back while it is written to is not to start another.
    if (this.isDraining) return true
    this.isDraining = true
    const { lanes, delivery, runs, slabs, meters, timing } = this
    timing.begin()
    const { begun } = timing
    let left = work
    let run = lanes.shift()
    while (run !== undefined) {
      const length = run.end - run.start
      const done = delivery.deliver(run, run.list as MatchList)
      lanes.charge(run.lane, done)
      left -= done
      meters.runs++
      this.pendingBytes -= length
      slabs.release(run.start)
      runs.release(run)
      if (left <= 0) break
      run = lanes.shift()
    }
    delivery.flush()
    timing.drained(begun)
    this.pendingFrames = 0
    this.isDraining = false
    if (lanes.length > 0) return true
    this.pendingBytes = 0
    return false
  }
}
