import { NESTING_MAX } from '../protocol/limits.js'

/**
 * The part of msgpackr that the client uses, in a tenth of its size. Values are packed and unpacked by this everywhere, as it reads in place and in half the time; for control frames
 * it is what the browser bundle takes in msgpackr's place. Same names, same bytes, same values for what msgpack has a type for (a test compares them); the rest is
 * written as JSON would say it.
 */

/** As msgpackr's: the result is the shared buffer itself, with `start` and `end` set on it. */
export const REUSE_BUFFER_MODE = 512
/** As msgpackr's: the next call writes to the same place. Here it always does. */
export const RESET_BUFFER_MODE = 1024

interface Shared extends Uint8Array<ArrayBuffer> {
  start: number
  end: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
/** Characters up to which a loop beats TextEncoder and TextDecoder. */
const SHORT_TEXT = 24
const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

let target = new Uint8Array(8192) as Shared
let view = new DataView(target.buffer)
let pos = 0
/** How much deeper values may be. */
let levelsLeft = 0

function makeRoom(size: number): void {
  if (pos + size <= target.length) return
  const grown = new Uint8Array(Math.max(2 * target.length, pos + size)) as Shared
  grown.set(target)
  target = grown
  view = new DataView(target.buffer)
}

export class Packr {
  /**
   * The bytes are the caller's own unless REUSE_BUFFER_MODE is asked for; then they hold until the next call.
   * @throws TypeError for what msgpack cannot say, RangeError for an integer beyond 64 bits or more than NESTING_MAX levels
   */
  pack(value: unknown, mode = 0): Uint8Array {
    pos = 0
    levelsLeft = NESTING_MAX
    writeValue(value)
    if ((mode & REUSE_BUFFER_MODE) === 0) return target.slice(0, pos)
    target.start = 0
    target.end = pos
    return target
  }
}

function writeValue(value: unknown): void {
  makeRoom(9)
  switch (typeof value) {
    case 'string':
      writeText(value)
      break
    case 'number':
      writeNumber(value)
      break
    case 'boolean':
      target[pos++] = value ? 0xc3 : 0xc2
      break
    case 'bigint':
      writeBigInt(value)
      break
    case 'undefined':
      target[pos++] = 0xc0
      break
    case 'object':
      if (value === null) target[pos++] = 0xc0
      else if (Object.getPrototypeOf(value) === Object.prototype) writePlain(value as Record<string, unknown>)
      else writeObject(value)
      break
    default:
      throw new TypeError(`a ${typeof value} cannot be packed`)
  }
}

function writeNumber(value: number): void {
  if (value >>> 0 === value) {
    if (value < 0x80) target[pos++] = value
    else if (value < 0x100) writeSized(0xcc, 1, value)
    else if (value < 0x10000) writeSized(0xcd, 2, value)
    else writeSized(0xce, 4, value)
  } else if (value >> 0 === value) {
    if (value >= -0x20) target[pos++] = value
    else if (value >= -0x80) writeSized(0xd0, 1, value)
    else if (value >= -0x8000) writeSized(0xd1, 2, value)
    else writeSized(0xd2, 4, value)
  } else {
    target[pos] = 0xcb
    view.setFloat64(pos + 1, value)
    pos += 9
  }
}

/** A lead byte and an integer of 1, 2 or 4 bytes, most significant first. */
function writeSized(lead: number, width: number, value: number): void {
  target[pos++] = lead
  for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) target[pos++] = value >> shift
}

function writeBigInt(value: bigint): void {
  const isSigned = value === BigInt.asIntN(64, value)
  if (!isSigned && value !== BigInt.asUintN(64, value)) {
    throw new RangeError('a bigint beyond 64 bits cannot be packed')
  }
  target[pos] = isSigned ? 0xd3 : 0xcf
  view.setBigUint64(pos + 1, BigInt.asUintN(64, value))
  pos += 9
}

function writeText(text: string): void {
  const start = pos
  const { length } = text
  if (length <= SHORT_TEXT) {
    makeRoom(length + 1)
    target[pos++] = 0xa0 | length
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) break
      target[pos++] = unit
    }
    if (i === length) return
    pos = start
  }
  // UTF-8 takes at most three bytes a unit; the length is known afterwards, so the lead is kept at five and closed up.
  makeRoom(5 + 3 * length)
  const { written } = encoder.encodeInto(text, target.subarray(start + 5))
  writeLead(written, 0xa0, 31, 0xd9)
  target.copyWithin(pos, start + 5, start + 5 + written)
  pos += written
}

/** Lead of a string or a bin: fix form up to `fixMax`, then 8, 16 or 32 bits of length from `lead8` on. */
function writeLead(length: number, fix: number, fixMax: number, lead8: number): void {
  if (length <= fixMax) target[pos++] = fix | length
  else if (length < 0x100) writeSized(lead8, 1, length)
  else if (length < 0x10000) writeSized(lead8 + 1, 2, length)
  else writeSized(lead8 + 2, 4, length)
}

/** Lead of an array or a map, which have no 8-bit form. */
function writeCount(count: number, fix: number, lead16: number): void {
  if (count < 16) target[pos++] = fix | count
  else if (count < 0x10000) writeSized(lead16, 2, count)
  else writeSized(lead16 + 1, 4, count)
}

function writeObject(value: object): void {
  if (Array.isArray(value)) {
    descend(value.length)
    writeCount(value.length, 0x90, 0xdc)
    for (const item of value) writeValue(item)
    levelsLeft++
  } else if (value instanceof Uint8Array) writeBytes(value)
  else if (value instanceof ArrayBuffer) writeBytes(new Uint8Array(value))
  else if (ArrayBuffer.isView(value)) writeBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  else if (value instanceof Map) {
    descend(value.size)
    writeCount(value.size, 0x80, 0xde)
    for (const [key, item] of value) {
      writeValue(key)
      writeValue(item)
    }
    levelsLeft++
  } else if (value instanceof Set) writeObject([...value])
  else if (value instanceof Error) writeObject({ name: value.name, message: value.message })
  else if (value instanceof RegExp) writeText(String(value))
  else writePlain(value as Record<string, unknown>)
}

/** Most objects, found by their prototype before it is asked what else one may be. */
function writePlain(value: Record<string, unknown>): void {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    writeValue(value.toJSON())
    return
  }
  const keys = Object.keys(value)
  descend(keys.length)
  writeCount(keys.length, 0x80, 0xde)
  for (const key of keys) {
    makeRoom(5)
    writeText(key)
    writeValue(value[key])
  }
  levelsLeft++
}

/** Goes into an array or a map; an empty one is no level. */
function descend(count: number): void {
  if (count > 0 && levelsLeft === 0) throw new RangeError('the value is nested too deeply')
  levelsLeft--
}

function writeBytes(bytes: Uint8Array): void {
  makeRoom(5 + bytes.length)
  writeLead(bytes.length, 0, -1, 0xc4)
  target.set(bytes, pos)
  pos += bytes.length
}

let source: Uint8Array = new Uint8Array(0)
let at = 0
let limit = 0
let bigAsNumber = false

/** Numbers of more than four bytes are read here: a view of each message would cost more. */
const number = new Uint8Array(8)
const numberView = new DataView(number.buffer)

/** Texts seen lately, and keys of maps: most come again, and comparing costs less than making another. Of keys, the very strings that objects have. */
const TEXTS = 512
const texts: string[] = new Array(TEXTS).fill('')
const keys: string[] = new Array(TEXTS).fill('')

export class Unpackr {
  private readonly bigAsNumber: boolean

  constructor(options: { int64AsType?: string } = {}) {
    this.bigAsNumber = options.int64AsType === 'number'
  }

  /**
   * The one value that fills bytes[start, end). Nothing beyond is looked at, and nothing is made of a length that lies.
   * @throws Error when it does not fill them, is no msgpack, has ext types, or more than NESTING_MAX levels
   */
  unpack(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
    source = bytes
    at = start
    limit = end
    bigAsNumber = this.bigAsNumber
    const value = readValue(NESTING_MAX)
    if (at !== end) fail()
    return value
  }
}

function fail(): never {
  throw new Error('more or less than one msgpack value, or one that is not taken')
}

/** @param levels how many more there may be below */
function readValue(levels: number): unknown {
  if (at >= limit) fail()
  const lead = source[at++]
  if (lead < 0x80) return lead
  if (lead < 0x90) return readMap(lead & 15, levels)
  if (lead < 0xa0) return readArray(lead & 15, levels)
  if (lead < 0xc0) return readText(lead & 31, texts)
  if (lead >= 0xe0) return lead - 0x100
  switch (lead) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return readBytes(readUint(1 << (lead - 0xc4)))
    case 0xca:
      return readNumber(4).getFloat32(0)
    case 0xcb:
      return readNumber(8).getFloat64(0)
    case 0xcc:
    case 0xcd:
    case 0xce:
      return readUint(1 << (lead - 0xcc))
    case 0xcf:
      return fromBig(readNumber(8).getBigUint64(0))
    case 0xd0:
      return (readUint(1) << 24) >> 24
    case 0xd1:
      return (readUint(2) << 16) >> 16
    case 0xd2:
      return readUint(4) >> 0
    case 0xd3:
      return fromBig(readNumber(8).getBigInt64(0))
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readText(readUint(1 << (lead - 0xd9)), texts)
    case 0xdc:
    case 0xdd:
      return readArray(readUint(2 << (lead - 0xdc)), levels)
    case 0xde:
    case 0xdf:
      return readMap(readUint(2 << (lead - 0xde)), levels)
    default:
      return fail()
  }
}

/** Goes on behind so many bytes. @returns where they begin */
function pass(length: number): number {
  const start = at
  if (length > limit - start) fail()
  at = start + length
  return start
}

function readUint(width: number): number {
  const start = pass(width)
  if (width === 1) return source[start]
  const high = (source[start] << 8) | source[start + 1]
  return width === 2 ? high : high * 0x10000 + ((source[start + 2] << 8) | source[start + 3])
}

function readNumber(width: number): DataView {
  const start = pass(width)
  for (let i = 0; i < width; i++) number[i] = source[start + i]
  return numberView
}

function fromBig(value: bigint): number | bigint {
  return bigAsNumber || (value <= SAFE && value >= -SAFE) ? Number(value) : value
}

function readBytes(length: number): Uint8Array {
  const start = pass(length)
  return source.subarray(start, at)
}

function readText(length: number, seen: string[]): string {
  const start = pass(length)
  if (length === 0) return ''
  if (length <= SHORT_TEXT) {
    const slot = (length * 31 + source[start] * 7 + source[at - 1] * 13 + source[start + (length >> 1)]) % TEXTS
    if (isAt(seen[slot], start, length)) return seen[slot]
    const text = shortText(start, at)
    if (text !== null) {
      seen[slot] = seen === keys ? asKey(text) : text
      return seen[slot]
    }
  }
  return decoder.decode(source.subarray(start, at))
}

function isAt(text: string, start: number, length: number): boolean {
  if (text.length !== length) return false
  let i = 0
  while (i < length && text.charCodeAt(i) === source[start + i]) i++
  return i === length
}

/** Null when it is not all ASCII. Four characters at a time, since each call has its price. */
function shortText(start: number, end: number): string | null {
  let bits = 0
  for (let i = start; i < end; i++) bits |= source[i]
  if (bits >= 0x80) return null
  let text = ''
  let i = start
  for (; i + 4 <= end; i += 4) text += String.fromCharCode(source[i], source[i + 1], source[i + 2], source[i + 3])
  for (; i < end; i++) text += String.fromCharCode(source[i])
  return text
}

/** The string itself that is the name of a property: another one of the same characters would be looked up at each use. */
function asKey(text: string): string {
  return Object.keys({ [text]: 0 })[0]
}

function readArray(count: number, levels: number): unknown[] {
  checkCount(count, levels)
  const array = new Array(count)
  for (let i = 0; i < count; i++) array[i] = readValue(levels - 1)
  return array
}

function readMap(count: number, levels: number): Record<string, unknown> {
  checkCount(2 * count, levels)
  const map: Record<string, unknown> = {}
  for (; count > 0; count--) {
    const key = readKey(levels - 1)
    // As msgpackr: a peer must not reach the prototype.
    map[key === '__proto__' ? '__proto_' : key] = readValue(levels - 1)
  }
  return map
}

function readKey(levels: number): string {
  const lead = source[at]
  if (at < limit && (lead & 0xe0) === 0xa0) {
    at++
    return readText(lead & 31, keys)
  }
  const key = readValue(levels)
  if (typeof key === 'object' && key !== null) throw new Error('a map key that is no text')
  return String(key)
}

/** Each of so many values takes a byte at least. */
function checkCount(values: number, levels: number): void {
  if (values > limit - at || (values > 0 && levels === 0)) fail()
}
