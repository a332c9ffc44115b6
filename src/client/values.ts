import { METADATA_BYTES_MAX } from '../protocol/limits.js'
import { type Metadata, MetadataReader } from '../protocol/metadata.js'
import { skipValue } from '../protocol/skip.js'
import { DecodeError } from './errors.js'
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from './msgpack-lite.js'

/**
 * Our own in Node too: msgpackr writes the elements of a typed array into as many bytes as it has in memory, what lay there before after them, and has
 * no say in what an Error or an object with toJSON becomes. It is no faster, and slower to read: what it is given has to be looked through before.
 */
const packr = new Packr()
const unpackr = new Unpackr({ int64AsType: 'auto' })
const metadataReader = new MetadataReader()
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes that hold until the next call of packValue. */
export interface Packed {
  bytes: Uint8Array
  start: number
  end: number
}

const packed: Packed = { bytes: new Uint8Array(0), start: 0, end: 0 }

/**
 * A value as payload bytes: msgpack without ext types, or what the media type asks for. What msgpack cannot say is said as JSON would: a Date as ISO
 * text, what has a toJSON as that; undefined as nil, a Set as an array, a typed array as its bytes.
 * @throws TypeError for what cannot be said, RangeError for nesting beyond the protocol's limit or an integer beyond 64 bits
 */
export function packValue(value: unknown, type: string | undefined): Packed {
  if (type !== undefined) return whole(encodeAs(value, type))
  const buffer = packr.pack(value, REUSE_BUFFER_MODE | RESET_BUFFER_MODE)
  const { start, end } = buffer as Uint8Array & { start: number; end: number }
  packed.bytes = buffer
  packed.start = start
  packed.end = end
  return packed
}

function whole(bytes: Uint8Array): Packed {
  packed.bytes = bytes
  packed.start = 0
  packed.end = bytes.length
  return packed
}

function encodeAs(value: unknown, type: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (isJson(type)) {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError('the value has no JSON text')
    return encoder.encode(text)
  }
  if (typeof value === 'string') return encoder.encode(value)
  throw new TypeError(`a payload of type ${type} is given as a string or as bytes`)
}

/**
 * The value of the payload in bytes[start, end): one msgpack value, or what the media type says: a string for `text/…`, the parsed text for
 * `application/json`, the bytes themselves for others.
 * @throws DecodeError
 */
export function unpackValue(bytes: Uint8Array, start: number, end: number, type: string | undefined): unknown {
  try {
    if (type === undefined) return unpackr.unpack(bytes, start, end)
    const payload = bytes.subarray(start, end)
    if (isJson(type)) return JSON.parse(decoder.decode(payload))
    return type.startsWith('text/') ? decoder.decode(payload) : payload
  } catch (cause) {
    throw new DecodeError(`the payload is not ${type ?? 'one msgpack value'}`, { cause })
  }
}

/** `application/json`, with or without parameters. */
function isJson(type: string): boolean {
  return /^application\/json\s*(;|$)/i.test(type)
}

/** @throws TypeError or RangeError for metadata that the daemon would refuse */
export function packMetadata(metadata: Metadata): Uint8Array {
  const bytes = packr.pack(metadata)
  if (bytes.length > METADATA_BYTES_MAX) {
    throw new RangeError(`metadata of ${bytes.length} bytes, at most ${METADATA_BYTES_MAX}`)
  }
  const map = (bytes[0] & 0xf0) === 0x80 || bytes[0] === 0xde
  const plain = map && skipValue(bytes, 0, bytes.length) === bytes.length
  if (!plain || metadataReader.read(bytes, 0, bytes.length) !== 0) {
    throw new TypeError(
      'metadata: ttl is 1 to 2,419,200,000 ms; id, type, key and reply are strings of at most 255 bytes',
    )
  }
  return bytes
}

/** The metadata map in bytes[start, end), which the scanner has found well formed; empty when there is none. */
export function unpackMetadata(bytes: Uint8Array, start: number, end: number): Metadata {
  return start === end ? {} : (unpackr.unpack(bytes, start, end) as Metadata)
}
