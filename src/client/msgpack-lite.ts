/**
 * The part of msgpackr that the client uses, in a tenth of its size. Values are packed by this everywhere; for all else it is what the browser bundle
 * takes in msgpackr's place. Same names, same bytes, same values for what msgpack has a type for (a test compares them); the rest is written as JSON would say it.
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

function makeRoom(size: number): void {
  if (pos + size <= target.length) return
  const grown = new Uint8Array(Math.max(2 * target.length, pos + size)) as Shared
  grown.set(target)
  target = grown
  view = new DataView(target.buffer)
}

export class Packr {
  /** The bytes are the caller's own unless REUSE_BUFFER_MODE is asked for; then they hold until the next call. */
  pack(value: unknown, mode = 0): Uint8Array {
    pos = 0
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
    writeCount(value.length, 0x90, 0xdc)
    for (const item of value) writeValue(item)
  } else if (value instanceof Uint8Array) writeBytes(value)
  else if (value instanceof ArrayBuffer) writeBytes(new Uint8Array(value))
  else if (ArrayBuffer.isView(value)) writeBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  else if (value instanceof Map) {
    writeCount(value.size, 0x80, 0xde)
    for (const [key, item] of value) {
      writeValue(key)
      writeValue(item)
    }
  } else if (value instanceof Set) writeObject([...value])
  else if (value instanceof Error) writeObject({ name: value.name, message: value.message })
  else if (value instanceof RegExp) writeText(String(value))
  else if ('toJSON' in value && typeof value.toJSON === 'function') writeValue(value.toJSON())
  else {
    const keys = Object.keys(value)
    writeCount(keys.length, 0x80, 0xde)
    for (const key of keys) {
      makeRoom(5)
      writeText(key)
      writeValue((value as Record<string, unknown>)[key])
    }
  }
}

function writeBytes(bytes: Uint8Array): void {
  makeRoom(5 + bytes.length)
  writeLead(bytes.length, 0, -1, 0xc4)
  target.set(bytes, pos)
  pos += bytes.length
}

let source: Uint8Array = new Uint8Array(0)
let sourceView: DataView = new DataView(source.buffer)
let at = 0
let bigAsNumber = false

export class Unpackr {
  private readonly bigAsNumber: boolean

  constructor(options: { int64AsType?: string } = {}) {
    this.bigAsNumber = options.int64AsType === 'number'
  }

  /** The one value that fills the bytes, which skipValue has found well formed. @throws Error if it does not */
  unpack(bytes: Uint8Array): unknown {
    source = bytes
    sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    at = 0
    bigAsNumber = this.bigAsNumber
    const value = readValue()
    if (at !== bytes.length) throw new Error('more or less than one msgpack value')
    return value
  }
}

function readValue(): unknown {
  const lead = source[at++]
  if (lead < 0x80) return lead
  if (lead < 0x90) return readMap(lead & 15)
  if (lead < 0xa0) return readArray(lead & 15)
  if (lead < 0xc0) return readText(lead & 31)
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
      at += 4
      return sourceView.getFloat32(at - 4)
    case 0xcb:
      at += 8
      return sourceView.getFloat64(at - 8)
    case 0xcc:
    case 0xcd:
    case 0xce:
      return readUint(1 << (lead - 0xcc))
    case 0xcf:
      at += 8
      return fromBig(sourceView.getBigUint64(at - 8))
    case 0xd0:
      return sourceView.getInt8(at++)
    case 0xd1:
      at += 2
      return sourceView.getInt16(at - 2)
    case 0xd2:
      at += 4
      return sourceView.getInt32(at - 4)
    case 0xd3:
      at += 8
      return fromBig(sourceView.getBigInt64(at - 8))
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readText(readUint(1 << (lead - 0xd9)))
    case 0xdc:
    case 0xdd:
      return readArray(readUint(2 << (lead - 0xdc)))
    case 0xde:
    case 0xdf:
      return readMap(readUint(2 << (lead - 0xde)))
    default:
      throw new Error(`msgpack type ${lead}`)
  }
}

function readUint(width: number): number {
  at += width
  if (width === 1) return sourceView.getUint8(at - 1)
  return width === 2 ? sourceView.getUint16(at - 2) : sourceView.getUint32(at - 4)
}

function fromBig(value: bigint): number | bigint {
  return bigAsNumber || (value <= SAFE && value >= -SAFE) ? Number(value) : value
}

function readBytes(length: number): Uint8Array {
  at += length
  return source.subarray(at - length, at)
}

function readText(length: number): string {
  if (length <= SHORT_TEXT) {
    const end = at + length
    let text = ''
    let i = at
    for (; i < end && source[i] < 0x80; i++) text += String.fromCharCode(source[i])
    if (i === end) {
      at = end
      return text
    }
  }
  return decoder.decode(readBytes(length))
}

function readArray(count: number): unknown[] {
  const array = new Array(count)
  for (let i = 0; i < count; i++) array[i] = readValue()
  return array
}

function readMap(count: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (; count > 0; count--) {
    const key = readValue()
    if (typeof key === 'object' && key !== null) throw new Error('a map key that is no text')
    // As msgpackr: a peer must not reach the prototype.
    map[key === '__proto__' ? '__proto_' : String(key)] = readValue()
  }
  return map
}
