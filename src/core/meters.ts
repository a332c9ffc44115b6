import { DROP_REASONS, type DropReason, LANES } from '../protocol/ops.js'

/** Index of a drop reason in the arrays that count by reason. */
export const REASON = Object.fromEntries(DROP_REASONS.map((reason, index) => [reason, index])) as {
  readonly [reason in DropReason]: number
}

/**
 * Counters of the core, all in events unless named otherwise. Two identities hold whenever no drain is running:
 *
 *     accepted = routed + expiredUnrouted + pendingInLanes
 *     matched  = delivered + Σ dropped + pendingInOutboxes
 *
 * where `matched` is routed events times receivers. `delivered` means taken by the transport.
 */
export class Meters {
  accepted = 0
  acceptedBytes = 0
  /** Runs, to tell how many events a run has on average. */
  runs = 0
  routed = 0
  /** Routed events that nobody was subscribed to. */
  unmatched = 0
  /** Events whose time to live ended in a lane, before they were matched. */
  expiredUnrouted = 0
  matched = 0
  delivered = 0
  writtenBytes = 0
  /** Writes to links, so that bytes and events per write can be told. */
  writes = 0
  pendingInOutboxes = 0
  readonly routedByLane = new Float64Array(LANES)
  /** By REASON. */
  readonly dropped = new Float64Array(DROP_REASONS.length)
  /** Refused events and frames by code; refused is not accepted. */
  readonly refused = new Map<number, number>()
  gaps = 0
  slowConsumers = 0
  subscriptions = 0
  /** Sessions whose link takes nothing at the moment. */
  blockedOutboxes = 0

  /** Events that are in a lane and not yet routed. */
  get pendingInLanes(): number {
    return this.accepted - this.routed - this.expiredUnrouted
  }

  refuse(code: number, count: number): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + count)
  }
}
