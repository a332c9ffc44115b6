import { Code } from './codes.js'
import { METADATA_TEXT_BYTES_MAX, TTL_MS_MAX } from './limits.js'
import { skipValue, uint32 } from './skip.js'

/** Optional last element of an EVENT frame. Known keys are typed; others are carried untouched. */
export interface Metadata {
  /** Event id, for receivers that want to recognise doubles. */
  id?: string
  /** Time to live in milliseconds from acceptance; an older event is dropped, counted as expired. */
  ttl?: number
  /** Topic on which the publisher listens for an answer. */
  reply?: string
  /** Media type of the payload. Absent: the payload is one msgpack value. */
  type?: string
  /** Conflation key: under the `conflate` policy only the latest event of a key waits. Absent: the topic is the key. */
  key?: string
  headers?: { [name: string]: string }
  [other: string]: unknown
}

const encoder = new TextEncoder()
const TTL = encoder.encode('ttl')
const KEY = encoder.encode('key')
const HEADERS = encoder.encode('headers')
/** Known keys whose values are strings that the daemon only carries. */
const CARRIED_TEXT = ['id', 'type', 'reply'].map((name) => encoder.encode(name))

/**
 * Reads what the daemon itself acts on from the metadata map in bytes[start, end), which skipValue has found well formed. Every msgpack
 * encoding of a string or an integer will do: some encoders never choose the shortest. Of doubles the last counts, all are checked.
 * One reader is made and reused; reading allocates nothing.
 */
export class MetadataReader {
  /** Milliseconds, 0 when absent. */
  ttl = 0
  /** Position of the conflation key's characters; equal when absent. */
  keyStart = 0
  keyEnd = 0

  /** @returns 0 or BAD_METADATA */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.ttl = 0
    this.keyStart = 0
    this.keyEnd = 0
    let pairs = pairCount(bytes, start)
    let pos = pairsStart(bytes, start)
    for (; pairs > 0; pairs--) {
      const name = textStart(bytes, pos)
      const value = skipValue(bytes, pos, end)
      if (value < 0) return Code.BAD_METADATA
      pos = skipValue(bytes, value, end)
      if (pos < 0) return Code.BAD_METADATA
      // A key that is not a string is none of ours.
      if (name >= 0 && !this.readKnown(bytes, name, value, pos)) return Code.BAD_METADATA
    }
    return pos === end ? 0 : Code.BAD_METADATA
  }

  /** Takes the pair whose name is bytes[name, value) and whose value is bytes[value, end). False if its type is wrong. */
  private readKnown(bytes: Uint8Array, name: number, value: number, end: number): boolean {
    if (equals(bytes, name, value, TTL)) {
      this.ttl = readUint(bytes, value)
      return this.ttl >= 1 && this.ttl <= TTL_MS_MAX
    }
    if (equals(bytes, name, value, KEY)) {
      this.keyStart = textStart(bytes, value)
      this.keyEnd = end
      return isText(bytes, value, end)
    }
    if (equals(bytes, name, value, HEADERS)) return isMapOfText(bytes, value, end)
    for (const known of CARRIED_TEXT) if (equals(bytes, name, value, known)) return isText(bytes, value, end)
    return true
  }
}

function equals(bytes: Uint8Array, start: number, end: number, want: Uint8Array): boolean {
  const length = want.length
  if (end - start !== length) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== want[i]) return false
  return true
}

/** Position of the characters of the string at pos, or -1 if no string is there. */
function textStart(bytes: Uint8Array, pos: number): number {
  const type = bytes[pos]
  if ((type & 0xe0) === 0xa0) return pos + 1
  if (type === 0xd9) return pos + 2
  if (type === 0xda) return pos + 3
  return type === 0xdb ? pos + 5 : -1
}

/** A string within the limit. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  const text = textStart(bytes, start)
  return text >= 0 && end - text <= METADATA_TEXT_BYTES_MAX
}

function isMapOfText(bytes: Uint8Array, start: number, end: number): boolean {
  const type = bytes[start]
  if ((type & 0xf0) !== 0x80 && type !== 0xde && type !== 0xdf) return false
  for (let pos = pairsStart(bytes, start); pos < end; pos = skipValue(bytes, pos, end)) {
    if (textStart(bytes, pos) < 0) return false
  }
  return true
}

/** Pairs in the map at pos. */
function pairCount(bytes: Uint8Array, pos: number): number {
  const type = bytes[pos]
  if (type === 0xde) return (bytes[pos + 1] << 8) | bytes[pos + 2]
  return type === 0xdf ? uint32(bytes, pos + 1) : type & 15
}

/** Position of the first pair of the map at pos. */
function pairsStart(bytes: Uint8Array, pos: number): number {
  const type = bytes[pos]
  if (type === 0xde) return pos + 3
  return type === 0xdf ? pos + 5 : pos + 1
}

/** The integer at pos if it is one from 0 to 2^32-1 in any encoding, else -1. */
function readUint(bytes: Uint8Array, pos: number): number {
  const type = bytes[pos]
  if (type < 0x80) return type
  if (type === 0xcc) return bytes[pos + 1]
  if (type === 0xcd) return (bytes[pos + 1] << 8) | bytes[pos + 2]
  if (type === 0xce) return uint32(bytes, pos + 1)
  const isSigned = type >= 0xd0 && type <= 0xd2
  if (isSigned && bytes[pos + 1] >= 0x80) return -1
  if (type === 0xd0) return bytes[pos + 1]
  if (type === 0xd1) return (bytes[pos + 1] << 8) | bytes[pos + 2]
  if (type === 0xd2) return uint32(bytes, pos + 1)
  if (type === 0xcf || type === 0xd3) return uint32(bytes, pos + 1) === 0 ? uint32(bytes, pos + 5) : -1
  return -1
}
