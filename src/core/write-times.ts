import { Written } from './link.js'
import type { Marks } from './marks.js'
import type { Span } from './span.js'
import type { Timing } from './timing.js'

/** Notes for one outbox how long events took until they were written, and until they had left. */
export class WriteTimes {
  /** Of the open batch; null when there is none, or nothing is timed. */
  private open: Marks | null = null
  /** Of the write that the transport could not pass on at once. */
  private unsettled: Marks | null = null

  constructor(private readonly timing: Timing) {}

  /** A batch is begun. */
  begin(): void {
    this.open = this.timing.acquireMarks()
  }

  /** Frames of the span are in the open batch now. */
  add(span: Span): void {
    this.open?.add(span.acceptedAt, span.acceptedLast, span.lane, span.classes, span.count)
  }

  /** The open batch has been written. */
  flushed(written: Written): void {
    const marks = this.open
    if (marks === null) return
    this.open = null
    if (written !== Written.GONE) this.timing.wrote(marks, written === Written.SENT)
    this.keep(marks, written)
  }

  /** A span has been written by itself. */
  passed(span: Span, written: Written): void {
    if (written === Written.SENT) this.timing.passed(span)
    else {
      this.begin()
      this.add(span)
      this.flushed(written)
    }
  }

  /** For what had to wait; to be given to unloaded. */
  acquire(): Marks | null {
    return this.timing.acquireMarks()
  }

  /** What had to wait has been written. */
  unloaded(marks: Marks | null, written: Written): void {
    if (marks === null) return
    if (written === Written.SENT) this.timing.delivered(marks)
    this.keep(marks, written)
  }

  private keep(marks: Marks, written: Written): void {
    if (written === Written.BUFFERED) this.unsettled = marks
    else this.timing.releaseMarks(marks)
  }

  /** The transport has passed on all that it was given. */
  settle(): void {
    this.timing.begin()
    const marks = this.unsettled
    if (marks === null) return
    this.timing.delivered(marks)
    this.drop()
  }

  /** What the transport has not passed on, it never will. */
  drop(): void {
    const marks = this.unsettled
    if (marks === null) return
    this.unsettled = null
    this.timing.releaseMarks(marks)
  }
}
