import { assert } from '../base/assert.js'
import type { MatchList } from './match-list.js'
import type { Span } from './span.js'
import type { TraceSheet } from './trace.js'

/** The unit that moves: `count` consecutive events in a slab, of one lane and with the same receivers. Usually they are of one topic. Pooled. */
export class Run implements Span {
  start = 0
  end = 0
  count = 0
  lane = 0
  /** The receivers; null while the run is in its pool. */
  list: MatchList | null = null
  /** Patterns.subscriptionsMade when its events were accepted. */
  subscriptionsMade = 0
  /** Clock milliseconds after which its one event is not delivered any more; 0 for none. */
  expiresAt = 0
  acceptedAt = 0
  acceptedLast = 0
  classes = 0
  /** Set when each step of its one event is to be told. */
  trace: TraceSheet | null = null
  held = false
}

/** Runs for reuse, so that routing allocates nothing once warm. Bounded by what may be pending at once. */
export class RunPool {
  private readonly free: Run[] = []
  /** Runs given out and not returned: zero when nothing is pending. */
  held = 0

  acquire(): Run {
    const run = this.free.pop() ?? new Run()
    run.held = true
    this.held++
    return run
  }

  release(run: Run): void {
    assert(run.held, 'a run is released once')
    run.held = false
    run.list = null
    run.trace = null
    this.held--
    this.free.push(run)
  }
}
