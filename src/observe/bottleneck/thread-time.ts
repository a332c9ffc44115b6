import { readFileSync } from 'node:fs'

/** Of the process' first thread, which is the one that routes: nanoseconds on a processor, nanoseconds ready but without one, turns (proc_pid_schedstat(5)). */
const FILE = `/proc/self/task/${process.pid}/schedstat`
const NS_PER_MS = 1e6

/** What the routing thread had of the processors, in milliseconds. */
export interface ThreadTime {
  /** On a processor. */
  readonly ranMs: number
  /** Ready to run while other programs, or other threads, had them. */
  readonly waitedMs: number
}

/** Linux tells; elsewhere both are always 0. */
export class ThreadClock {
  private last = this.read()

  /** Since the last call. */
  take(): ThreadTime {
    const now = this.read()
    const { ranMs, waitedMs } = this.last
    this.last = now
    return { ranMs: now.ranMs - ranMs, waitedMs: now.waitedMs - waitedMs }
  }

  private read(): ThreadTime {
    try {
      const [ran, waited] = readFileSync(FILE, 'utf8').split(' ')
      return { ranMs: Number(ran) / NS_PER_MS, waitedMs: Number(waited) / NS_PER_MS }
    } catch {
      return { ranMs: 0, waitedMs: 0 }
    }
  }
}
