import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** The least there is: what is watched goes before who watches. */
const NICE = 19

/** Makes this thread, and no other, the one that waits when there are fewer processors than work. Only Linux has priorities of threads. */
export function lowerPriority(): void {
  try {
    const thread = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))
    if (thread !== null) setPriority(Number(thread[1]), NICE)
  } catch {
    // No /proc, or not allowed: it competes as an equal then.
  }
}
