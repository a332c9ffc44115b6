import { Code } from './codes.js'
import { FLAGS_LANE_MASK, Op } from './ops.js'
import { skipValue, uint32 } from './skip.js'

/** Lead byte of an EVENT frame without and with metadata: a msgpack array of four or five. */
export const EVENT_LEAD = 0x94
export const EVENT_LEAD_WITH_METADATA = 0x95

/**
 * Finds the parts of one EVENT frame in place. One scanner is made and reused: scanning allocates nothing and never throws.
 * Positions are absolute in the scanned bytes and hold until the next call.
 *
 * Accepted forms: fixarray of 4 or 5; op as positive fixint; topic as fixstr, str 8 or str 16; flags as positive fixint;
 * payload as bin 8, 16 or 32; metadata as any map. The topic's characters are not looked at here (see checkTopic).
 */
export class EventScanner {
  topicStart = 0
  topicEnd = 0
  lane = 0
  payloadStart = 0
  payloadEnd = 0
  /** Equal when the event has no metadata. */
  metadataStart = 0
  metadataEnd = 0

  /** @returns the position after the frame, or a negative code of the table. Reads only bytes[pos, end). */
  scan(bytes: Uint8Array, pos: number, end: number): number {
    if (end - pos < 2) return -Code.MALFORMED
    const lead = bytes[pos]
    if (lead !== EVENT_LEAD && lead !== EVENT_LEAD_WITH_METADATA) return -Code.BAD_ARGUMENTS
    if (bytes[pos + 1] !== Op.EVENT) return -Code.BAD_ARGUMENTS
    pos = this.scanTopic(bytes, pos + 2, end)
    if (pos < 0) return pos
    if (pos >= end) return -Code.MALFORMED
    const flags = bytes[pos++]
    if (flags > FLAGS_LANE_MASK) return flags < 0x80 ? -Code.BAD_FLAGS : -Code.BAD_ARGUMENTS
    this.lane = flags
    pos = this.scanPayload(bytes, pos, end)
    if (pos < 0) return pos
    this.metadataStart = pos
    if (lead === EVENT_LEAD_WITH_METADATA) {
      if (pos >= end) return -Code.MALFORMED
      const type = bytes[pos]
      if ((type & 0xf0) !== 0x80 && type !== 0xde && type !== 0xdf) return -Code.BAD_METADATA
      pos = skipValue(bytes, pos, end)
    }
    this.metadataEnd = pos
    return pos
  }

  /** The topic at pos; sets topicStart and topicEnd. */
  private scanTopic(bytes: Uint8Array, pos: number, end: number): number {
    if (pos >= end) return -Code.MALFORMED
    const type = bytes[pos++]
    let length: number
    if ((type & 0xe0) === 0xa0) length = type & 31
    else if (type === 0xd9) {
      if (pos >= end) return -Code.MALFORMED
      length = bytes[pos++]
    } else if (type === 0xda) {
      if (pos + 2 > end) return -Code.MALFORMED
      length = (bytes[pos] << 8) | bytes[pos + 1]
      pos += 2
    } else return -Code.BAD_ARGUMENTS
    this.topicStart = pos
    pos += length
    this.topicEnd = pos
    return pos > end ? -Code.MALFORMED : pos
  }

  /** The payload at pos; sets payloadStart and payloadEnd. */
  scanPayload(bytes: Uint8Array, pos: number, end: number): number {
    if (pos + 2 > end) return pos >= end || isBin(bytes[pos]) ? -Code.MALFORMED : -Code.BAD_ARGUMENTS
    const type = bytes[pos]
    if (type === 0xc4) {
      this.payloadStart = pos + 2
      pos += 2 + bytes[pos + 1]
    } else if (type === 0xc5) {
      if (pos + 3 > end) return -Code.MALFORMED
      this.payloadStart = pos + 3
      pos += 3 + ((bytes[pos + 1] << 8) | bytes[pos + 2])
    } else if (type === 0xc6) {
      if (pos + 5 > end) return -Code.MALFORMED
      this.payloadStart = pos + 5
      pos += 5 + uint32(bytes, pos + 1)
    } else return -Code.BAD_ARGUMENTS
    this.payloadEnd = pos
    return pos > end ? -Code.MALFORMED : pos
  }
}

function isBin(type: number): boolean {
  return type >= 0xc4 && type <= 0xc6
}

/**
 * End of the frame at pos, whatever its op: an array that begins with a positive fixint and ends within bounds.
 * @returns the position after it, or -MALFORMED, -TOO_DEEP, -BAD_ARGUMENTS (an ext type) when the end cannot be trusted.
 */
export function frameEnd(bytes: Uint8Array, pos: number, end: number): number {
  if (end - pos < 2) return -Code.MALFORMED
  if ((bytes[pos] & 0xf0) !== 0x90 || bytes[pos] === 0x90 || bytes[pos + 1] >= 0x80) return -Code.MALFORMED
  return skipValue(bytes, pos, end)
}
