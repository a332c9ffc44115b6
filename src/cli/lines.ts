const NEWLINE = 0x0a
const RETURN = 0x0d

/** Stands for a line that was longer than the limit and has been left out. */
export const TOO_LONG = Symbol('line too long')
export type Line = Buffer | typeof TOO_LONG

/** Cuts a stream of chunks into lines. A line is lent: its bytes are the chunk's own. Line ends are LF or CRLF and not part of it. */
export class LineSplitter {
  readonly #bytesMax: number
  /** The beginning of a line whose end has not come yet. */
  #parts: Buffer[] = []
  #partsBytes = 0
  #skipping = false

  /** @param bytesMax a longer line is not gathered, so that a stream without line ends does not fill the memory */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  *push(chunk: Buffer): Generator<Line> {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end < 0) break
      yield this.#complete(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** The last line, if the stream ended without a line end. */
  *end(): Generator<Line> {
    if (this.#partsBytes > 0 || this.#skipping) yield this.#complete(Buffer.alloc(0))
  }

  #complete(rest: Buffer): Line {
    if (this.#skipping || this.#partsBytes + rest.length > this.#bytesMax) {
      this.#forget()
      this.#skipping = false
      return TOO_LONG
    }
    let line = rest
    if (this.#partsBytes > 0) {
      line = Buffer.concat([...this.#parts, rest])
      this.#forget()
    }
    return line.length > 0 && line[line.length - 1] === RETURN ? line.subarray(0, -1) : line
  }

  #keep(part: Buffer): void {
    if (this.#skipping) return
    this.#parts.push(part)
    this.#partsBytes += part.length
    if (this.#partsBytes > this.#bytesMax) {
      this.#forget()
      this.#skipping = true
    }
  }

  #forget(): void {
    this.#parts = []
    this.#partsBytes = 0
  }
}
