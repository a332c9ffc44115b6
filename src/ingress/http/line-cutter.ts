const NEWLINE = 0x0a
const TAIL_BYTES_MIN = 1024
/** A buffer that one long line has grown beyond this is given back. */
const TAIL_BYTES_RETAINED = 64 << 10
const NOTHING = new Uint8Array(0)

/** Takes what LineCutter makes of a stream. */
export interface LineReceiver {
  /** Whole lines, the last with or without its line end. The bytes hold until this returns. */
  lines(bytes: Uint8Array): void
  /** Stands for one line that is over the limit. */
  lineTooLong(): void
}

/** Makes whole lines of a body that is cut anywhere. Only the beginning of a line at a chunk's end is kept. */
export class LineCutter {
  private tail = NOTHING
  private length = 0
  /** The line that has begun is over the limit: what comes of it is thrown away. */
  private isTooLong = false

  /** @param lineBytesMax bytes of a line with its line end */
  constructor(
    private readonly lineBytesMax: number,
    private readonly to: LineReceiver,
  ) {}

  chunk(bytes: Uint8Array): void {
    let pos = 0
    if (this.length > 0 || this.isTooLong) {
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
    if (this.length > 0 || this.isTooLong) this.endLine()
  }

  private endLine(): void {
    if (this.isTooLong) this.to.lineTooLong()
    else this.to.lines(this.tail.subarray(0, this.length))
    this.length = 0
    this.isTooLong = false
    if (this.tail.length > TAIL_BYTES_RETAINED) this.tail = NOTHING
  }

  private keep(bytes: Uint8Array, start: number, end: number): void {
    const need = this.length + end - start
    if (this.isTooLong || need > this.lineBytesMax) {
      this.isTooLong = true
      this.length = 0
      return
    }
    if (need > this.tail.length) {
      const grown = new Uint8Array(Math.min(this.lineBytesMax, Math.max(TAIL_BYTES_MIN, 2 * need)))
      grown.set(this.tail.subarray(0, this.length))
      this.tail = grown
    }
    this.tail.set(bytes.subarray(start, end), this.length)
    this.length = need
  }
}
