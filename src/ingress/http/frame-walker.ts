import { Code } from '../../protocol/codes.js'
import { CONTROL_BYTES_MAX, METADATA_BYTES_MAX } from '../../protocol/limits.js'
import { Op } from '../../protocol/ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA } from '../../protocol/scan.js'
import { CUT, skipValueOfStream, uint32 } from '../../protocol/skip.js'

/** Not an event of the usual form: it is looked at as any frame is. */
const UNUSUAL = -1

/**
 * Finds the ends of frames in bytes that may stop within one. What a frame is found to be does not depend on where the bytes are cut. One
 * walker is made and reused; walking allocates nothing.
 */
export class FrameWalker {
  /** After a walk that stopped at a frame that is cut: the bytes that this frame has at least. Else 0. */
  need = 0
  /** Whether `need` is the very length of that frame. */
  isExact = false
  /** After a walk that stopped at a frame that cannot be taken: its code. Else 0. */
  code = 0

  /**
   * @param frameBytesMax a longer frame cannot be taken
   * @param bytesMax the walk ends before the frame that would make it longer than this
   * @returns the position after the last whole frame
   */
  walk(bytes: Uint8Array, start: number, end: number, frameBytesMax: number, bytesMax: number): number {
    this.need = 0
    this.code = 0
    let pos = start
    while (pos < end) {
      const next = this.frameEnd(bytes, pos, end, frameBytesMax)
      if (next <= 0) {
        if (next < 0) this.code = -next
        return pos
      }
      if (next - start > bytesMax) return pos
      pos = next
    }
    return pos
  }

  /** @returns the position after the frame at pos, CUT with `need` set, or a negative code */
  frameEnd(bytes: Uint8Array, pos: number, end: number, frameBytesMax: number): number {
    const lead = bytes[pos]
    if (lead === EVENT_LEAD || lead === EVENT_LEAD_WITH_METADATA) {
      const next = this.eventEnd(bytes, pos, end, frameBytesMax)
      if (next !== UNUSUAL) return next
    }
    if ((lead & 0xf0) !== 0x90 || lead === 0x90) return -Code.MALFORMED
    if (pos + 1 < end && bytes[pos + 1] >= 0x80) return -Code.MALFORMED
    // Not a byte further than it may go on: what is found there would depend on how much of it has come.
    const known = Math.min(end, pos + CONTROL_BYTES_MAX + 1)
    const next = skipValueOfStream(bytes, pos, known)
    if (next < 0) return next
    if ((next === CUT ? known : next) - pos > CONTROL_BYTES_MAX) return -Code.FRAME_TOO_LARGE
    return next === CUT ? this.cut(known - pos) : next
  }

  private eventEnd(bytes: Uint8Array, start: number, end: number, frameBytesMax: number): number {
    let pos = start + 1
    if (pos >= end) return this.cut(pos - start)
    if (bytes[pos++] !== Op.EVENT) return UNUSUAL
    if (pos >= end) return this.cut(pos - start)
    const topic = bytes[pos++]
    if ((topic & 0xe0) === 0xa0) pos += topic & 31
    else if (topic === 0xd9) {
      if (pos >= end) return this.cut(pos - start)
      pos += 1 + bytes[pos]
    } else if (topic === 0xda) {
      if (pos + 1 >= end) return this.cut(pos + 1 - start)
      pos += 2 + ((bytes[pos] << 8) | bytes[pos + 1])
    } else return UNUSUAL
    if (pos - start > frameBytesMax) return -Code.PAYLOAD_TOO_LARGE
    // The flags, the lead of the payload and one byte of its length.
    if (pos + 2 >= end) return this.cut(pos + 2 - start)
    if (bytes[pos++] >= 0x80) return UNUSUAL
    const payload = bytes[pos]
    if (payload === 0xc4) pos += 2 + bytes[pos + 1]
    else if (payload === 0xc5) {
      if (pos + 2 >= end) return this.cut(pos + 2 - start)
      pos += 3 + ((bytes[pos + 1] << 8) | bytes[pos + 2])
    } else if (payload === 0xc6) {
      if (pos + 4 >= end) return this.cut(pos + 4 - start)
      pos += 5 + uint32(bytes, pos + 1)
    } else return UNUSUAL
    if (pos - start > frameBytesMax) return -Code.PAYLOAD_TOO_LARGE
    if (bytes[start] === EVENT_LEAD) {
      if (pos <= end) return pos
      this.cut(pos - start - 1)
      this.isExact = true
      return CUT
    }
    return this.metadataEnd(bytes, start, pos, end, frameBytesMax)
  }

  private metadataEnd(bytes: Uint8Array, start: number, pos: number, end: number, frameBytesMax: number): number {
    if (pos >= end) return this.cut(pos - start)
    const known = Math.min(end, pos + METADATA_BYTES_MAX + 1, start + frameBytesMax + 1)
    const next = skipValueOfStream(bytes, pos, known)
    if (next < 0) return next
    const stop = next === CUT ? known : next
    if (stop - pos > METADATA_BYTES_MAX) return -Code.FRAME_TOO_LARGE
    if (stop - start > frameBytesMax) return -Code.PAYLOAD_TOO_LARGE
    return next === CUT ? this.cut(stop - start) : next
  }

  /** More than `bytes` are needed of the frame. */
  private cut(bytes: number): number {
    this.need = bytes + 1
    this.isExact = false
    return CUT
  }
}
