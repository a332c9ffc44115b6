import type { Budget } from '../../core/budget.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code } from '../../protocol/codes.js'
import { BROKEN_LINES_MAX, type RefusedLines } from '../../protocol/json.js'
import { JsonValuePacker } from '../../protocol/json-pack.js'
import { acceptFrames, acceptLines } from '../json-session.js'
import type { BodyReader } from './body-reader.js'
import { type BadJson, type EventHead, NOT_UTF8, packJsonEvent, strictText } from './json-event.js'
import { LineCutter, type LineReceiver } from './line-cutter.js'
import type { Report } from './report.js'

const NEWLINE = 0x0a
/** A packer grown beyond this by one block is not kept for the next. */
const RETAINED_BYTES_MAX = 1 << 20

/** A body of lines, cut anywhere. A line that cannot be read costs that line; too many that are not JSON end the session. */
abstract class LinesBody implements BodyReader, LineReceiver {
  private readonly cutter: LineCutter
  /** Lines before those in hand. */
  protected linesBefore = 0
  protected brokenLines = 0

  /** @param report null when the session is told itself */
  constructor(
    protected readonly router: Router,
    protected readonly session: Session,
    private readonly report: Report | null,
    held: Budget,
  ) {
    this.cutter = new LineCutter(router.options.messageBytesMax, this, held)
  }

  chunk(bytes: Uint8Array): void {
    if (!this.isOver) this.cutter.chunk(bytes)
  }

  end(): void {
    if (!this.isOver) this.cutter.end()
  }

  close(): void {
    this.cutter.close()
  }

  private get isOver(): boolean {
    return this.session.outbox.ending
  }

  lines(bytes: Uint8Array): void {
    if (this.isOver) return
    this.router.work.transcodedBytes += bytes.length
    const text = strictText(bytes)
    if (text !== null) this.text(text)
    else this.oneByOne(bytes)
  }

  /** Some line is not UTF-8: the others are good all the same. */
  private oneByOne(bytes: Uint8Array): void {
    for (let pos = 0; pos < bytes.length && !this.isOver; ) {
      const newline = bytes.indexOf(NEWLINE, pos)
      const end = newline < 0 ? bytes.length : newline + 1
      const text = strictText(bytes, pos, end)
      if (text !== null) this.text(text)
      else {
        this.linesBefore++
        this.refuseLine(this.linesBefore, { ...NOT_UTF8, code: this.lineCode })
      }
      pos = end
    }
  }

  lineTooLong(): void {
    if (this.isOver) return
    this.linesBefore++
    const detail = `a line has at most ${this.router.options.messageBytesMax} bytes`
    this.refuseLine(this.linesBefore, { code: Code.PAYLOAD_TOO_LARGE, detail, isBroken: false })
  }

  noRoom(): void {
    if (!this.isOver) this.router.fail(this.session, Code.OVERLOADED)
  }

  /** What a line is refused with that is not what it should be. */
  protected abstract readonly lineCode: Code
  /** Takes whole lines in, and counts them. */
  protected abstract text(text: string): void

  protected refuseLine(line: number, { code, detail, isBroken }: BadJson): void {
    this.report?.noteLine(code, line, detail)
    this.router.refuseLines(this.session, { code, message: detail, request: 0, count: 1, events: 1, topic: null })
    if (isBroken) this.brokenLines++
    this.endIfBroken(code)
  }

  protected noteLine(code: Code, line: number, detail: string): void {
    this.report?.noteLine(code, line, detail)
  }

  /** What comes here is not what it is said to be, and finding that out line by line takes time. */
  protected endIfBroken(code: Code): void {
    if (this.brokenLines > BROKEN_LINES_MAX && !this.isOver) this.router.fail(this.session, code)
  }
}

/** Lines of the JSON subprotocol: each is a frame. */
export class FrameLines extends LinesBody {
  protected readonly lineCode = Code.BAD_JSON

  protected text(text: string): void {
    const { lineCount, brokenLines } = acceptLines(this.router, this.session, text, this.brokenLines, this.onRefused)
    this.linesBefore += lineCount
    this.brokenLines = brokenLines
    this.endIfBroken(this.lineCode)
  }

  private readonly onRefused = ({ code, line, message }: RefusedLines): void => {
    this.noteLine(code, this.linesBefore + line, message)
  }
}

const packer = new JsonValuePacker()

/** Each line is the payload of one event; all are on one topic. */
export class PayloadLines extends LinesBody {
  protected readonly lineCode = Code.BAD_BODY

  constructor(
    router: Router,
    session: Session,
    report: Report,
    held: Budget,
    private readonly head: EventHead,
  ) {
    super(router, session, report, held)
  }

  protected text(text: string): void {
    packer.shrink(RETAINED_BYTES_MAX)
    for (let start = 0; start < text.length && !this.session.outbox.ending; ) {
      const newline = text.indexOf('\n', start)
      const end = newline < 0 ? text.length : newline
      this.linesBefore++
      const line = text.slice(start, end)
      if (line.trim() !== '') {
        const bad = packJsonEvent(packer, this.head, line)
        if (bad !== null) {
          this.acceptPacked()
          this.refuseLine(this.linesBefore, bad)
        }
      }
      start = end + 1
    }
    this.acceptPacked()
  }

  private acceptPacked(): void {
    const length = packer.pos
    packer.pos = 0
    acceptFrames(this.router, this.session, packer.bytes, 0, length)
  }
}
