import { Code } from './codes.js'
import { NESTING_MAX } from './limits.js'

/** Values still to be skipped at each open level. Module-wide: skipping is synchronous and not re-entrant. */
const pending = new Float64Array(NESTING_MAX + 1)

/**
 * End of the msgpack value that begins at `pos`, reading only bytes[pos, end). Never throws, never allocates, visits each
 * byte at most once (string and bin contents are jumped over).
 *
 * @returns the position after the value, or a negative code: -MALFORMED (truncated, 0xc1), -TOO_DEEP, or -BAD_ARGUMENTS for an ext type, which
 *   this protocol does not use.
 */
export function skipValue(bytes: Uint8Array, pos: number, end: number): number {
  const next = skipValueOfStream(bytes, pos, end)
  return next === CUT ? -Code.MALFORMED : next
}

/** What skipValueOfStream answers for a value that is not all there: no value ends at 0. */
export const CUT = 0

/** As skipValue, for bytes that may go on beyond `end`: CUT where the value does, as far as can be told. */
export function skipValueOfStream(bytes: Uint8Array, pos: number, end: number): number {
  let depth = 0
  pending[0] = 1
  for (;;) {
    while (pending[depth] === 0) {
      if (depth === 0) return pos
      depth--
    }
    pending[depth]--
    if (pos >= end) return CUT
    const lead = bytes[pos++]
    let children = 0
    if (lead < 0x80 || lead >= 0xe0) continue
    if (lead < 0x90) children = (lead & 15) * 2
    else if (lead < 0xa0) children = lead & 15
    else if (lead < 0xc0) pos += lead & 31
    else {
      const width = WIDTH[lead - 0xc0]
      if (width < 0) return width
      if (pos + width > end) return CUT
      switch (lead) {
        case 0xc4:
        case 0xd9:
          pos += 1 + bytes[pos]
          break
        case 0xc5:
        case 0xda:
          pos += 2 + ((bytes[pos] << 8) | bytes[pos + 1])
          break
        case 0xc6:
        case 0xdb:
          pos += 4 + uint32(bytes, pos)
          break
        case 0xdc:
          children = (bytes[pos] << 8) | bytes[pos + 1]
          pos += 2
          break
        case 0xdd:
          children = uint32(bytes, pos)
          pos += 4
          break
        case 0xde:
          children = 2 * ((bytes[pos] << 8) | bytes[pos + 1])
          pos += 2
          break
        case 0xdf:
          children = 2 * uint32(bytes, pos)
          pos += 4
          break
        default:
          pos += width
      }
    }
    if (pos > end) return CUT
    if (children > 0) {
      if (depth === NESTING_MAX) return -Code.TOO_DEEP
      // Every child takes at least a byte, so a length that lies is refused before it is believed.
      if (children > end - pos) return CUT
      pending[++depth] = children
    }
  }
}

export function uint32(bytes: Uint8Array, pos: number): number {
  return bytes[pos] * 0x1000000 + ((bytes[pos + 1] << 16) | (bytes[pos + 2] << 8) | bytes[pos + 3])
}

/** For the lead bytes 0xc0–0xdf: bytes of number or length that follow, or the negative code they are refused with. */
const WIDTH = new Int16Array([
  0,
  -Code.MALFORMED,
  0,
  0, // nil, never used, false, true
  1,
  2,
  4, // bin 8, 16, 32
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS, // ext 8, 16, 32
  4,
  8,
  1,
  2,
  4,
  8,
  1,
  2,
  4,
  8, // float 32, 64, uint 8–64, int 8–64
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS,
  -Code.BAD_ARGUMENTS, // fixext
  1,
  2,
  4, // str 8, 16, 32
  2,
  4, // array 16, 32
  2,
  4, // map 16, 32
])
