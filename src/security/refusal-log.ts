import type { SecurityLog } from './settings.js'

/** So many lines in so many milliseconds: whoever knocks all day must not fill a disk. */
const LINES_MAX = 10
const WINDOW_MS = 10_000

/** Tells the log why somebody was not let in, which nobody else is told. */
export class RefusalLog {
  private windowEnds = 0
  private lines = 0
  private untold = 0

  /** @param now monotonic milliseconds */
  constructor(
    private readonly log: SecurityLog,
    private readonly now: () => number,
  ) {}

  /** @param fields who and from where; never what was shown */
  note(reason: string, fields: Readonly<Record<string, unknown>>): void {
    this.tick()
    if (this.lines === LINES_MAX) {
      this.untold++
      this.log('debug', `not let in: ${reason}`, fields)
      return
    }
    this.lines++
    this.log('warn', `not let in: ${reason}`, fields)
  }

  tick(): void {
    const now = this.now()
    if (now < this.windowEnds) return
    if (this.untold > 0) this.log('warn', 'not let in: more than are told one by one', { count: this.untold })
    this.windowEnds = now + WINDOW_MS
    this.lines = 0
    this.untold = 0
  }
}
