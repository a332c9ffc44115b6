import type { Router } from '../../core/router.js'
import { LANES } from '../../protocol/ops.js'

interface Waiter {
  /** By lane; -1 where there is nothing to wait for. */
  marks: readonly number[]
  done: () => void
}

/** Tells when what was accepted until now has been handed out to its receivers. */
export class RoutedWaiters {
  private waiters: Waiter[] = []
  private isScheduled = false

  constructor(private readonly router: Router) {}

  /**
   * Calls `done` once all that was accepted so far has been routed: at once if it has.
   * @param lane the one that is waited for; all when null
   */
  wait(lane: number | null, done: () => void): void {
    const marks = Array.from({ length: LANES }, (_, other) =>
      lane === null || lane === other ? this.router.lanes.mark(other) : -1,
    )
    if (this.isRouted(marks)) {
      done()
      return
    }
    this.waiters.push({ marks, done })
    this.schedule()
  }

  /** Looks who is done. */
  readonly look = (): void => {
    this.isScheduled = false
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) {
      if (this.isRouted(waiter.marks)) waiter.done()
      else this.waiters.push(waiter)
    }
    if (this.waiters.length > 0) this.schedule()
  }

  /** The router drains in the turns of the event loop, so that looking once a turn, after it, is soon enough. */
  private schedule(): void {
    if (this.isScheduled) return
    this.isScheduled = true
    setImmediate(this.look)
  }

  private isRouted(marks: readonly number[]): boolean {
    for (let lane = 0; lane < LANES; lane++) if (!this.router.lanes.hasPassed(lane, marks[lane])) return false
    return true
  }
}

const WAIT = /(?:^|,)[ \t]*wait[ \t]*(?:=[^,]*)?(?:;[^,]*)?(?:,|$)/i

/** Whether a Prefer header asks to be answered after routing (RFC 7240, 4.3). How long one would wait is not looked at: routing takes no time to speak of. */
export function prefersWait(prefer: string): boolean {
  return prefer !== '' && WAIT.test(prefer)
}

/** Says that we did (RFC 7240, 3). */
export const WAITED = { 'preference-applied': 'wait' }
