import { DROP_REASONS, type Policy } from '../protocol/ops.js'
import type { Backlog } from './backlog.js'
import type { Session } from './session.js'

/** One pattern of one session, with what shall happen to events that it does not take in time. */
export class Subscription {
  /** What waits for this subscription; null until something had to. */
  backlog: Backlog | null = null
  /** Missed events not yet told by a gap frame, by REASON. */
  readonly untold = new Float64Array(DROP_REASONS.length)

  constructor(
    readonly session: Session,
    readonly pattern: string,
    /** Grows with every subscription made: where several of a session match, the first governs. */
    readonly order: number,
    public policy: Policy,
    public bytesMax: number,
    public eventsMax: number,
  ) {}
}
