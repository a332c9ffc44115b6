import type { Deliveries } from '../generator/cycle.js'
import { type NoticeEnd, StreamCheck, type Verifier } from '../generator/verify.js'

/** Expects one stream byte for byte, notices of the peer in between; for events without a stamp, where what is lost cannot be told from what is wrong. */
export class SequenceVerifier implements Verifier {
  readonly checks: readonly StreamCheck[]
  notices = 0
  corrupt: string | null = null
  private readonly check: StreamCheck
  /** The next expected byte of the cycle. */
  private place = 0
  private received = 0
  /** The beginning of what may be a notice. */
  private carry: Buffer = Buffer.alloc(0)

  constructor(
    private readonly deliveries: Deliveries,
    private readonly noticeEnd: NoticeEnd,
  ) {
    this.check = new StreamCheck(deliveries)
    this.checks = [this.check]
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.corrupt !== null) return
    if (this.carry.length === 0) {
      this.walk(chunk, start, end)
      return
    }
    const joined = Buffer.concat([this.carry, chunk.subarray(start, end)])
    this.carry = Buffer.alloc(0)
    this.walk(joined, 0, joined.length)
  }

  settle(): void {
    this.check.delivered = Math.floor(this.received / this.deliveries.recordBytes)
  }

  private walk(chunk: Buffer, start: number, end: number): void {
    const { bytes, recordBytes } = this.deliveries
    let pos = start
    while (pos < end) {
      const equal = this.equalBytes(chunk, pos, Math.min(end - pos, bytes.length - this.place))
      pos += equal
      this.received += equal
      this.place = (this.place + equal) % bytes.length
      if (equal > 0 || pos === end) continue
      const within = this.place % recordBytes
      // What differs at the third byte began to differ at the first: a notice may begin as a delivery does.
      const from = pos - within
      if (from < start) {
        this.fail(chunk, pos)
        return
      }
      const next = this.noticeEnd(chunk, from, end)
      if (next > from) {
        this.notices++
        this.received -= within
        this.place -= within
        pos = next
      } else if (end - from < recordBytes) {
        this.received -= within
        this.place -= within
        this.carry = Buffer.from(chunk.subarray(from, end))
        return
      } else {
        this.fail(chunk, pos)
        return
      }
    }
  }

  /** How many of the next bytes are the expected ones: whole blocks first, as they mostly are. */
  private equalBytes(chunk: Buffer, pos: number, count: number): number {
    const { bytes } = this.deliveries
    const { place } = this
    if (chunk.compare(bytes, place, place + count, pos, pos + count) === 0) return count
    let equal = 0
    while (chunk[pos + equal] === bytes[place + equal]) equal++
    return equal
  }

  private fail(chunk: Buffer, pos: number): void {
    this.settle()
    this.corrupt = `something else after ${this.check.delivered} events: ${chunk.toString('hex', pos, pos + 24)}`
  }
}
