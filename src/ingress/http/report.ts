import { type Link, Written } from '../../core/link.js'
import { type Code, codeMessage, codeName, mayTryAgain } from '../../protocol/codes.js'
import { decodeControl } from '../../protocol/control.js'
import { Op } from '../../protocol/ops.js'
import { frameEnd } from '../../protocol/scan.js'
import { Problem } from './problem.js'

interface Entry {
  count: number
  /** Of the first of them that had one. */
  topic: string
  /** Of the first that is known: counted from 1, empty lines too; 0 for none. */
  line: number
  /** For people. */
  detail: string
}

/** What became of a body of many events. */
export class Report {
  private readonly errors = new Map<number, Entry>()
  private retryAfterMs: number | undefined

  note(code: number, count: number, topic: string, detail: string): void {
    const entry = this.entry(code)
    entry.count += count
    if (entry.topic === '') entry.topic = topic
    if (entry.detail === '') entry.detail = detail
  }

  /** Where a line with this code is, of which the session is told later, and what is wrong with it. */
  noteLine(code: number, line: number, detail: string): void {
    const entry = this.entry(code)
    if (entry.line > 0) return
    entry.line = line
    entry.detail = `line ${line}: ${detail}`
  }

  noteRetryAfter(ms: number): void {
    this.retryAfterMs ??= ms
  }

  private entry(code: number): Entry {
    let entry = this.errors.get(code)
    if (entry === undefined) {
      entry = { count: 0, topic: '', line: 0, detail: '' }
      this.errors.set(code, entry)
    }
    return entry
  }

  /**
   * @returns null when nothing was refused; else the problem with all that was. It is named after what would fail again, the lowest code first, whatever
   *   order the errors were found in.
   */
  problem(accepted: number, refused: number): Problem | null {
    const sorted = [...this.errors].sort(([a], [b]) => Number(mayTryAgain(a)) - Number(mayTryAgain(b)) || a - b)
    const [first] = sorted
    if (first === undefined) return null
    const errors = sorted.map(([code, { count, topic, line }]) => ({
      code,
      name: codeName(code),
      count: Math.max(1, count),
      ...(topic !== '' && { topic }),
      ...(line > 0 && { line }),
    }))
    const { retryAfterMs } = this
    const members = { accepted, refused, errors, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    const [code, { detail }] = first
    return new Problem(code as Code, detail === '' ? codeMessage(code) : detail, members)
  }
}

/** The link of a request that is answered in the end: of all that its session is told, the errors go into the report. */
export class ReportLink implements Link {
  /** Is told when the session ends; to be set by the request. */
  ended: () => void = () => {}

  constructor(private readonly report: Report) {}

  write(frames: Uint8Array): Written {
    for (let pos = 0; pos < frames.length; ) {
      const end = frameEnd(frames, pos, frames.length)
      if (frames[pos + 1] === Op.ERROR) this.note(frames, pos, end)
      pos = end
    }
    return Written.SENT
  }

  private note(frames: Uint8Array, pos: number, end: number): void {
    const frame = decodeControl(frames, pos, end)
    if (typeof frame === 'number' || frame.op !== Op.ERROR) return
    const { count, topic, retryAfterMs } = frame.details
    this.report.note(frame.code, count ?? 1, topic ?? '', frame.message)
    if (retryAfterMs !== undefined) this.report.noteRetryAfter(retryAfterMs)
  }

  end(): void {
    this.ended()
  }
}
