import type { ThreadContext } from '../thread/part.js'
import { type ConnectionFilter, FIGURES } from './questions.js'

/** Of all sessions that the filter lets through, FIGURES of each in turn. */
export interface ConnectionScan {
  readonly atMs: number
  readonly count: number
  readonly figures: Float64Array
}

const SESSIONS_AT_START = 1024
/** So many more than there were: they come and go while they are being looked at. */
const SPARE = 1.25
/** Looks of different askers may overlap. */
const FREE_MAX = 2

/** Memory that the routing thread is lent to put its figures in. It is used again and again: engines do not see that shared memory is there to be collected. */
export class ScanMemory {
  private free: Float64Array[] = []
  private sessions = SESSIONS_AT_START

  constructor(private readonly context: Pick<ThreadContext, 'ask'>) {}

  async scan(filter: ConnectionFilter): Promise<ConnectionScan> {
    for (;;) {
      const into = this.take()
      // What an answer does not come for in time is not used again: the routing thread may still write there.
      const { atMs, count } = await this.context.ask('connections', { filter, into })
      if (count * FIGURES.length <= into.length) {
        const figures = new Float64Array(into.subarray(0, count * FIGURES.length))
        if (this.free.length < FREE_MAX) this.free.push(into)
        return { atMs, count, figures }
      }
      this.sessions = Math.max(this.sessions, Math.ceil(count * SPARE))
    }
  }

  private take(): Float64Array {
    const length = this.sessions * FIGURES.length
    const into = this.free.pop()
    if (into !== undefined && into.length >= length) return into
    this.free = []
    return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
  }
}
