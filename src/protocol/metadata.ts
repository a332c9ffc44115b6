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

const T = 0x74
/**
 * Reads what the daemon itself acts on from the metadata map in bytes[start, end), which skipValue has found well formed.
 * One reader is made and reused.
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
    let pos = start
    const type = bytes[pos++]
    let pairs = type & 15
    if (type === 0xde) {
      pairs = (bytes[pos] << 8) | bytes[pos + 1]
      pos += 2
    } else if (type === 0xdf) {
      pairs = uint32(bytes, pos)
      pos += 4
    }
    for (; pairs > 0; pairs--) {
      const name = bytes[pos]
      // A key that is not a short string is none of ours.
      const length = (name & 0xe0) === 0xa0 ? name & 31 : -1
      const nameStart = pos + 1
      pos = skipValue(bytes, pos, end)
      if (pos < 0) return Code.BAD_METADATA
      const valueStart = pos
      pos = skipValue(bytes, pos, end)
      if (pos < 0) return Code.BAD_METADATA
      if (length === 3 && bytes[nameStart] === T && bytes[nameStart + 1] === T && bytes[nameStart + 2] === 0x6c) {
        this.ttl = readUint(bytes, valueStart)
        if (this.ttl < 1 || this.ttl > TTL_MS_MAX) return Code.BAD_METADATA
      } else if (
        length === 3 &&
        bytes[nameStart] === 0x6b &&
        bytes[nameStart + 1] === 0x65 &&
        bytes[nameStart + 2] === 0x79
      ) {
        if (!isText(bytes, valueStart, pos)) return Code.BAD_METADATA
        this.keyEnd = pos
        this.keyStart = valueStart + ((bytes[valueStart] & 0xe0) === 0xa0 ? 1 : 2)
      } else if (isKnownText(bytes, nameStart, length) && !isText(bytes, valueStart, pos)) {
        return Code.BAD_METADATA
      } else if (isHeaders(bytes, nameStart, length) && !isMap(bytes[valueStart])) {
        return Code.BAD_METADATA
      }
    }
    return pos === end ? 0 : Code.BAD_METADATA
  }
}

const KNOWN_TEXT = ['id', 'type', 'reply'].map((name) => new TextEncoder().encode(name))
const HEADERS = new TextEncoder().encode('headers')

function isKnownText(bytes: Uint8Array, start: number, length: number): boolean {
  for (const name of KNOWN_TEXT) if (equals(bytes, start, length, name)) return true
  return false
}

function isHeaders(bytes: Uint8Array, start: number, length: number): boolean {
  return equals(bytes, start, length, HEADERS)
}

function equals(bytes: Uint8Array, start: number, length: number, want: Uint8Array): boolean {
  if (length !== want.length) return false
  for (let i = 0; i < length; i++) if (bytes[start + i] !== want[i]) return false
  return true
}

function isMap(type: number): boolean {
  return (type & 0xf0) === 0x80 || type === 0xde || type === 0xdf
}

/** A fixstr or str 8 within the limit. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  const type = bytes[start]
  return ((type & 0xe0) === 0xa0 || type === 0xd9) && end - start <= METADATA_TEXT_BYTES_MAX + 2
}

/** The unsigned integer at pos, or -1 if there is none, or one beyond 32 bits. */
function readUint(bytes: Uint8Array, pos: number): number {
  const type = bytes[pos]
  if (type < 0x80) return type
  if (type === 0xcc) return bytes[pos + 1]
  if (type === 0xcd) return (bytes[pos + 1] << 8) | bytes[pos + 2]
  if (type === 0xce) return uint32(bytes, pos + 1)
  return -1
}
