import { readFileSync } from 'node:fs'

/** Of the process' first thread, which is the one that routes: nanoseconds on a processor, nanoseconds ready but without one, turns (proc_pid_schedstat(5)). */
const FILE = `/proc/self/task/${process.pid}/schedstat`
const NS_PER_MS = 1e6

/** How long the routing thread has been ready to run while other programs, or other threads, had the processors. Linux tells; elsewhere it is not known. */
export class RunDelay {
  private lastMs = this.read()

  /** Milliseconds since the last call; 0 where it is not known. */
  take(): number {
    const nowMs = this.read()
    const since = nowMs - this.lastMs
    this.lastMs = nowMs
    return since
  }

  private read(): number {
    try {
      return Number(readFileSync(FILE, 'utf8').split(' ')[1]) / NS_PER_MS
    } catch {
      return 0
    }
  }
}
