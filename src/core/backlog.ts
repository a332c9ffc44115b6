import { LANES } from '../protocol/ops.js'
import { ConflatedLane } from './conflated-lane.js'
import type { Marks } from './marks.js'
import { ParkedLane } from './parked-lane.js'
import type { Span } from './span.js'
import type { Subscription } from './subscription.js'

/** Bytes and events, as a pair that is filled in place. */
export interface Amount {
  bytes: number
  events: number
}

/** What waits in one lane of one subscription. Frames only leave from the front, or by being dropped. */
export interface WaitingLane {
  readonly subscription: Subscription
  readonly lane: number
  bytes: number
  events: number
  /**
   * Copies the frames of a span of `bytes` to the end.
   * @returns false when the memory budget has no room for them; nothing is taken then
   */
  push(bytes: Buffer, span: Span): boolean
  /** Drops from the front until at least this much is gone, or all. Adds what is gone to `gone`. */
  dropOldest(bytes: number, events: number, gone: Amount): void
  /** Drops what stands at the front and whose time has come. Adds it to `gone`. */
  dropExpired(now: number, gone: Amount): void
  /**
   * Passes a piece from the front to `write`: frames that follow each other and whose time has not come. Something must wait, not expired.
   * @param marks is told when they were accepted, before
   */
  unload(now: number, marks: Marks | null, write: (frames: Buffer, events: number) => void): void
  clear(): void
}

/** All lanes of one subscription that cannot be sent at the moment. */
export class Backlog {
  private readonly lanes: (WaitingLane | null)[] = new Array(LANES).fill(null)
  bytes = 0
  events = 0

  constructor(
    private readonly subscription: Subscription,
    private readonly shared: ParkingLot,
  ) {}

  lane(lane: number): WaitingLane {
    const known = this.lanes[lane]
    const conflate = this.subscription.policy === 'conflate'
    // A changed policy takes hold once what waited under the old one is gone.
    if (known !== null && (known.bytes > 0 || known instanceof ConflatedLane === conflate)) return known
    const made = conflate
      ? new ConflatedLane(this.subscription, lane, this.shared)
      : new ParkedLane(this.subscription, lane, this.shared)
    this.lanes[lane] = made
    return made
  }

  /** The least urgent lane that has something waiting, or null. */
  get leastUrgent(): WaitingLane | null {
    for (let lane = LANES - 1; lane >= 0; lane--) {
      const waiting = this.lanes[lane]
      if (waiting !== null && waiting.bytes > 0) return waiting
    }
    return null
  }

  /** What waits in a lane, or null. */
  waiting(lane: number): WaitingLane | null {
    const known = this.lanes[lane]
    return known !== null && known.bytes > 0 ? known : null
  }

  clear(): void {
    for (const lane of this.lanes) lane?.clear()
  }
}

/** What all backlogs share: memory, and who waits in which lane, so that the least urgent can shed first. */
export interface ParkingLot {
  readonly budget: import('./budget.js').Budget
  readonly pages: import('./pages.js').PagePool
  /** Lanes with something waiting, by lane number, in the order they began to wait. */
  readonly waiting: readonly Set<WaitingLane>[]
  readonly timing: { lost(classes: number, count: number): void }
}
