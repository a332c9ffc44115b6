import { Code } from './codes.js'
import {
  BIN,
  FLOAT,
  fromBase64,
  INT,
  INT64_MIN,
  LONE_SURROGATE,
  MAP,
  RESERVED_KEYS,
  UINT64_MAX,
} from './json-escapes.js'
import { NESTING_MAX } from './limits.js'
import { writeBinLead } from './write.js'

const BYTES_MIN = 4096
/** Shorter strings have their length in their first byte, if they are ASCII. */
const SHORT_CHARS = 32

/**
 * Writes values as JSON.parse gives them as msgpack, escapes resolved, into a buffer of its own that grows and is reused.
 * Numbers become what msgpackr writes: integers of 32 bits, else float 64; `$int` alone makes 64-bit integers.
 */
export class JsonValuePacker {
  /** What was written is bytes[0, pos). A later write may replace the buffer. */
  bytes: Buffer = Buffer.allocUnsafeSlow(BYTES_MIN)
  pos = 0

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    const need = this.pos + length
    if (need <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(need, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.pos)
    this.bytes = grown
  }

  /** Gives back a buffer that one large text has grown beyond `bytesMax`. What was written is gone. */
  shrink(bytesMax: number): void {
    this.pos = 0
    if (this.bytes.length > bytesMax) this.bytes = Buffer.allocUnsafeSlow(BYTES_MIN)
  }

  /**
   * Appends `value`. After a refusal, pos is anywhere after where it was.
   * @returns 0, or TOO_DEEP, BAD_JSON (a number or string that msgpack cannot hold) or BAD_ARGUMENTS (an escape not of its form)
   */
  pack(value: unknown, depth = 0): number {
    if (typeof value === 'string') return this.packString(value)
    if (typeof value === 'number') return this.packNumber(value)
    this.reserve(9)
    if (value === null) this.bytes[this.pos++] = 0xc0
    else if (value === true) this.bytes[this.pos++] = 0xc3
    else if (value === false) this.bytes[this.pos++] = 0xc2
    else if (Array.isArray(value)) return this.packArray(value, depth)
    else return this.packObject(value as { [key: string]: unknown }, depth)
    return 0
  }

  packBin(content: Uint8Array): void {
    this.reserve(5 + content.length)
    this.pos = writeBinLead(this.bytes, this.pos, content.length)
    this.bytes.set(content, this.pos)
    this.pos += content.length
  }

  /** Appends the first `length` of bytes that are msgpack already. */
  append(msgpack: Uint8Array, length: number): void {
    this.reserve(length)
    for (let i = 0; i < length; i++) this.bytes[this.pos + i] = msgpack[i]
    this.pos += length
  }

  /** As packBin of bytes[from, to), which lie far enough behind pos for the lead and are moved. */
  placeBin(from: number, to: number): void {
    this.pos = writeBinLead(this.bytes, this.pos, to - from)
    this.bytes.copyWithin(this.pos, from, to)
    this.pos += to - from
  }

  packString(text: string): number {
    if (text.length < SHORT_CHARS && this.packShortAscii(text)) return 0
    const length = Buffer.byteLength(text)
    if (length !== text.length && LONE_SURROGATE.test(text)) return Code.BAD_JSON
    this.reserve(5 + length)
    const { bytes } = this
    if (length < 32) bytes[this.pos++] = 0xa0 | length
    else if (length < 0x100) {
      bytes[this.pos++] = 0xd9
      bytes[this.pos++] = length
    } else if (length < 0x10000) {
      bytes[this.pos] = 0xda
      this.pos = bytes.writeUInt16BE(length, this.pos + 1)
    } else {
      bytes[this.pos] = 0xdb
      this.pos = bytes.writeUInt32BE(length, this.pos + 1)
    }
    this.pos += bytes.write(text, this.pos)
    return 0
  }

  /** Most keys and many values are such, and the calls into native code would cost several times what it takes to copy them here. */
  private packShortAscii(text: string): boolean {
    const { length } = text
    this.reserve(1 + length)
    const { bytes, pos } = this
    for (let i = 0; i < length; i++) {
      const char = text.charCodeAt(i)
      if (char >= 0x80) return false
      bytes[pos + 1 + i] = char
    }
    bytes[pos] = 0xa0 | length
    this.pos = pos + 1 + length
    return true
  }

  private packNumber(value: number): number {
    // JSON.parse answers so where a number is beyond all doubles.
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return Code.BAD_JSON
    this.reserve(9)
    if (value >= -0x80000000 && value <= 0xffffffff && Number.isInteger(value) && !Object.is(value, -0)) {
      this.packInteger(value)
    } else this.packFloat(value)
    return 0
  }

  private packFloat(value: number): void {
    this.bytes[this.pos] = 0xcb
    this.pos = this.bytes.writeDoubleBE(value, this.pos + 1)
  }

  private packInteger(value: number): void {
    const { bytes } = this
    const at = this.pos++
    if (value >= 0) {
      if (value < 0x80) bytes[at] = value
      else if (value < 0x100) {
        bytes[at] = 0xcc
        this.pos = bytes.writeUInt8(value, at + 1)
      } else if (value < 0x10000) {
        bytes[at] = 0xcd
        this.pos = bytes.writeUInt16BE(value, at + 1)
      } else {
        bytes[at] = 0xce
        this.pos = bytes.writeUInt32BE(value, at + 1)
      }
    } else if (value >= -0x20) bytes[at] = value
    else if (value >= -0x80) {
      bytes[at] = 0xd0
      this.pos = bytes.writeInt8(value, at + 1)
    } else if (value >= -0x8000) {
      bytes[at] = 0xd1
      this.pos = bytes.writeInt16BE(value, at + 1)
    } else {
      bytes[at] = 0xd2
      this.pos = bytes.writeInt32BE(value, at + 1)
    }
  }

  private packArray(array: unknown[], depth: number): number {
    if (array.length > 0 && depth === NESTING_MAX) return Code.TOO_DEEP
    this.packLength(array.length, 0x90, 0xdc)
    for (const element of array) {
      const code = this.pack(element, depth + 1)
      if (code !== 0) return code
    }
    return 0
  }

  private packObject(object: { [key: string]: unknown }, depth: number): number {
    const keys = Object.keys(object)
    if (keys.length === 1 && RESERVED_KEYS.has(keys[0])) return this.packEscape(keys[0], object[keys[0]], depth)
    if (keys.length > 0 && depth === NESTING_MAX) return Code.TOO_DEEP
    this.packLength(keys.length, 0x80, 0xde)
    for (const key of keys) {
      const code = this.packString(key) || this.pack(object[key], depth + 1)
      if (code !== 0) return code
    }
    return 0
  }

  /** Lead of an array or map: short form, and the lead of the 16-bit form, which the 32-bit form follows. */
  packLength(length: number, short: number, lead16: number): void {
    this.reserve(5)
    if (length < 16) this.bytes[this.pos++] = short | length
    else if (length < 0x10000) {
      this.bytes[this.pos] = lead16
      this.pos = this.bytes.writeUInt16BE(length, this.pos + 1)
    } else {
      this.bytes[this.pos] = lead16 + 1
      this.pos = this.bytes.writeUInt32BE(length, this.pos + 1)
    }
  }

  private packEscape(name: string, content: unknown, depth: number): number {
    switch (name) {
      case BIN: {
        const bytes = fromBase64(content)
        if (bytes === null) return Code.BAD_ARGUMENTS
        this.packBin(bytes)
        return 0
      }
      case INT:
        return this.packDigits(content)
      case FLOAT: {
        const value = typeof content === 'string' ? FLOATS.get(content) : undefined
        if (value === undefined) return Code.BAD_ARGUMENTS
        this.packFloat(value)
        return 0
      }
      case MAP:
        return this.packPairs(content, depth)
      default:
        return Code.BAD_ARGUMENTS
    }
  }

  private packDigits(digits: unknown): number {
    if (typeof digits !== 'string' || !/^-?[0-9]{1,20}$/.test(digits)) return Code.BAD_ARGUMENTS
    const value = BigInt(digits)
    if (value < INT64_MIN || value > UINT64_MAX) return Code.BAD_ARGUMENTS
    if (value >= -0x80000000 && value <= 0xffffffff) this.packInteger(Number(value))
    else if (value < 0) {
      this.bytes[this.pos] = 0xd3
      this.pos = this.bytes.writeBigInt64BE(value, this.pos + 1)
    } else {
      this.bytes[this.pos] = 0xcf
      this.pos = this.bytes.writeBigUInt64BE(value, this.pos + 1)
    }
    return 0
  }

  private packPairs(pairs: unknown, depth: number): number {
    if (!Array.isArray(pairs)) return Code.BAD_ARGUMENTS
    if (pairs.length > 0 && depth === NESTING_MAX) return Code.TOO_DEEP
    this.packLength(pairs.length, 0x80, 0xde)
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) return Code.BAD_ARGUMENTS
      const code = this.pack(pair[0], depth + 1) || this.pack(pair[1], depth + 1)
      if (code !== 0) return code
    }
    return 0
  }
}

const FLOATS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])
