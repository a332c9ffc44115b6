import { readFileSync } from 'node:fs'

/** Of the process' first thread, which is the one that routes: nanoseconds on a processor, nanoseconds ready but without one, turns (proc_pid_schedstat(5)). */
const FILE = `/proc/self/task/${process.pid}/schedstat`
const NS_PER_MS = 1e6
/** Two looks nearer together than this tell nothing. */
const APART_MS = 200

/** What the routing thread had of the processors, in shares of the time. */
export interface ThreadTime {
  /** On a processor. */
  readonly ran: number
  /** Ready to run while other programs, or other threads, had them. */
  readonly waited: number
}

interface Look {
  readonly atMs: number
  readonly ranMs: number
  readonly waitedMs: number
}

/** Linux tells; elsewhere both are always 0. */
export class ThreadClock {
  private last: Look
  private time: ThreadTime = { ran: 0, waited: 0 }

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {
    this.last = this.look()
  }

  /** Since the last call that told something new. */
  take(): ThreadTime {
    const { atMs, ranMs, waitedMs } = this.last
    const look = this.look()
    const ms = look.atMs - atMs
    if (ms < APART_MS) return this.time
    this.last = look
    this.time = { ran: share(look.ranMs - ranMs, ms), waited: share(look.waitedMs - waitedMs, ms) }
    return this.time
  }

  private look(): Look {
    try {
      const [ran, waited] = readFileSync(FILE, 'utf8').split(' ')
      return { atMs: this.now(), ranMs: Number(ran) / NS_PER_MS, waitedMs: Number(waited) / NS_PER_MS }
    } catch {
      return { atMs: this.now(), ranMs: 0, waitedMs: 0 }
    }
  }
}

const share = (part: number, whole: number): number => Math.min(1, Math.max(0, part / whole))
