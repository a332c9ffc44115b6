import type { ThreadContext } from '../thread/part.js'
import type { ConnectionFilter } from './questions.js'
import { RateTable } from './ranking.js'
import { type ConnectionScan, ScanMemory } from './scan-memory.js'

/** Rates are of a time between these: shorter is noise, and longer is history. */
const RATE_WINDOW_MIN_MS = 400
const RATE_WINDOW_MAX_MS = 10_000

export interface Look {
  readonly scan: ConnectionScan
  /** Null where there is no look before this one to compare with. */
  readonly rates: RateTable | null
}

/** Looks at all sessions, each compared with one before it. */
export class Looks {
  private filter = ''
  /** Far enough apart to tell a rate. */
  private older: ConnectionScan | null = null
  private newer: ConnectionScan | null = null
  private readonly memory: ScanMemory

  constructor(context: Pick<ThreadContext, 'ask'>) {
    this.memory = new ScanMemory(context)
  }

  /** @param withRates whether to look a second time where there was no look lately */
  async look(filter: ConnectionFilter, withRates: boolean): Promise<Look> {
    const scan = await this.memory.scan(filter)
    const before = this.note(JSON.stringify(filter), scan)
    if (before !== null) return { scan, rates: new RateTable(before, scan) }
    if (!withRates) return { scan, rates: null }
    await new Promise((resolve) => setTimeout(resolve, RATE_WINDOW_MIN_MS))
    const second = await this.memory.scan(filter)
    this.note(JSON.stringify(filter), second)
    return { scan: second, rates: new RateTable(scan, second) }
  }

  /** @returns the look to compare with */
  private note(filter: string, scan: ConnectionScan): ConnectionScan | null {
    if (filter !== this.filter) {
      this.filter = filter
      this.older = null
      this.newer = null
    }
    if (this.newer === null || scan.atMs - this.newer.atMs >= RATE_WINDOW_MIN_MS) {
      this.older = this.newer
      this.newer = scan
    }
    return this.older !== null && scan.atMs - this.older.atMs <= RATE_WINDOW_MAX_MS ? this.older : null
  }
}
