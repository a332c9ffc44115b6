import type { Budget } from '../../core/budget.js'
import { HeldBuffer } from './held-buffer.js'

const NEWLINE = 0x0a

/** Takes what LineCutter makes of a stream. */
export interface LineReceiver {
  /** Whole lines, the last with or without its line end. The bytes hold until this returns. */
  lines(bytes: Uint8Array): void
  /** Stands for one line that is over the limit. */
  lineTooLong(): void
  /** There is no memory to hold a line that is cut: the rest of the body is lost. */
  noRoom(): void
}

/** Makes whole lines of a body that is cut anywhere. Only the beginning of a line at a chunk's end is kept. */
export class LineCutter {
  private readonly tail: HeldBuffer
  /** The line that has begun is over the limit: what comes of it is thrown away. */
  private isTooLong = false

  /** @param lineBytesMax bytes of a line with its line end */
  constructor(
    private readonly lineBytesMax: number,
    private readonly to: LineReceiver,
    held: Budget,
  ) {
    this.tail = new HeldBuffer(held)
  }

  chunk(bytes: Uint8Array): void {
    let pos = 0
    if (this.tail.length > 0 || this.isTooLong) {
      const newline = bytes.indexOf(NEWLINE)
      pos = newline < 0 ? bytes.length : newline + 1
      this.keep(bytes, 0, pos)
      if (newline < 0) return
      this.endLine()
    }
    // Whole lines go out together, in pieces within the limit.
    while (pos < bytes.length) {
      const most = Math.min(bytes.length, pos + this.lineBytesMax)
      const newline = bytes.lastIndexOf(NEWLINE, most - 1)
      if (newline >= pos) {
        this.to.lines(bytes.subarray(pos, newline + 1))
        pos = newline + 1
        continue
      }
      const first = bytes.indexOf(NEWLINE, most)
      const end = first < 0 ? bytes.length : first + 1
      this.keep(bytes, pos, end)
      pos = end
      if (first >= 0) this.endLine()
    }
  }

  /** The last line needs no line end. */
  end(): void {
    if (this.tail.length > 0 || this.isTooLong) this.endLine()
  }

  close(): void {
    this.tail.free()
  }

  private endLine(): void {
    if (this.isTooLong) this.to.lineTooLong()
    else this.to.lines(this.tail.bytes)
    this.isTooLong = false
    this.tail.clear()
  }

  private keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.isTooLong) return
    if (this.tail.length + end - start > this.lineBytesMax) {
      this.isTooLong = true
      this.tail.clear()
    } else if (!this.tail.append(bytes, start, end)) this.to.noRoom()
  }
}
