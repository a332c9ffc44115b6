import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * What is watched goes before who watches, but a tenth of a processor that others want is left: how an overloaded machine does is what somebody wants to
 * know just then.
 */
const NICE = 10

/** Makes this thread, and no other, the one that waits when there are fewer processors than work. Only Linux has priorities of threads. */
export function lowerPriority(): void {
  try {
    const thread = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))
    if (thread !== null) setPriority(Number(thread[1]), NICE)
  } catch {
    // No /proc, or not allowed: it competes as an equal then.
  }
}
