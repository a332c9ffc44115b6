import { Code } from '../../protocol/codes.js'
import { JsonValuePacker } from '../../protocol/json-pack.js'
import { METADATA_BYTES_MAX, METADATA_TEXT_BYTES_MAX, TTL_MS_MAX } from '../../protocol/limits.js'
import { checkTopic } from '../../protocol/topic.js'
import { badParameter, unknownParameter } from './parameters.js'
import { Problem } from './problem.js'
import { OWN_PREFIX, type RequestHead } from './request-head.js'

/** What follows this in a field's name is the name of a header of the event. */
const HEADER_PREFIX = 'header-'
const KNOWN = ['id', 'ttl', 'reply', 'key']
/** For people, in errors. */
export const METADATA_FIELDS = [...KNOWN, `${HEADER_PREFIX}NAME`].map((name) => `${OWN_PREFIX}${name}`)

/** Transports differ in what they make of bytes that are not ASCII, so there are none in what we carry on. */
const PRINTABLE = /^[\x20-\x7e]*$/

const packer = new JsonValuePacker()
const headerPacker = new JsonValuePacker()

/** What came of the last request that had a content type and no fields of ours: the next is likely to be one of the same kind. */
let lastType = ''
let lastMetadata: Uint8Array | null = null

/**
 * The metadata map of an event that header fields describe, as msgpack.
 * @param type media type of the payload; null when it is one msgpack value
 * @returns null when there is no metadata. The bytes may be those of other events, too.
 */
export function packMetadata(head: RequestHead, type: string | null): Uint8Array | null | Problem {
  if (head.own.length > 0) return pack(head, type)
  if (type === null || type === lastType) return type === null ? null : lastMetadata
  const metadata = pack(head, type)
  if (metadata instanceof Problem) return metadata
  lastType = type
  lastMetadata = metadata
  return metadata
}

function pack(head: RequestHead, type: string | null): Uint8Array | Problem {
  packer.shrink(METADATA_BYTES_MAX)
  headerPacker.shrink(METADATA_BYTES_MAX)
  const seen = new Set<string>()
  let headers = 0
  // The lead of the map, whose number of pairs is known in the end.
  packer.pos = 1
  for (const { name, value } of head.own) {
    const field = OWN_PREFIX + name
    if (!PRINTABLE.test(value)) return badParameter(field, 'has printable ASCII only')
    if (seen.has(name)) return badParameter(field, 'may be given once only')
    seen.add(name)
    if (name.startsWith(HEADER_PREFIX) && name.length > HEADER_PREFIX.length) {
      headers++
      headerPacker.packString(name.slice(HEADER_PREFIX.length))
      headerPacker.packString(value)
      continue
    }
    const problem = packKnown(name, field, value)
    if (problem !== null) return problem
  }
  let pairs = seen.size - headers
  if (type !== null) {
    if (!PRINTABLE.test(type) || type.length > METADATA_TEXT_BYTES_MAX) {
      return badParameter('content-type', `is at most ${METADATA_TEXT_BYTES_MAX} characters of printable ASCII`)
    }
    packer.packString('type')
    packer.packString(type)
    pairs++
  }
  if (headers > 0) {
    packer.packString('headers')
    packer.packLength(headers, 0x80, 0xde)
    packer.append(headerPacker.bytes, headerPacker.pos)
    pairs++
  }
  if (packer.pos > METADATA_BYTES_MAX) {
    return new Problem(Code.FRAME_TOO_LARGE, `metadata has at most ${METADATA_BYTES_MAX} bytes, this has ${packer.pos}`)
  }
  packer.bytes[0] = 0x80 | pairs
  return new Uint8Array(packer.bytes.subarray(0, packer.pos))
}

function packKnown(name: string, field: string, value: string): Problem | null {
  if (!KNOWN.includes(name)) return unknownParameter(field, METADATA_FIELDS, 'header field')
  packer.packString(name)
  if (name === 'ttl') {
    const ttl = /^[0-9]{1,10}$/.test(value) ? Number(value) : 0
    if (ttl < 1 || ttl > TTL_MS_MAX) return badParameter(field, `is an integer from 1 to ${TTL_MS_MAX}: milliseconds`)
    packer.pack(ttl)
    return null
  }
  if (value === '' || value.length > METADATA_TEXT_BYTES_MAX) {
    return badParameter(field, `has 1 to ${METADATA_TEXT_BYTES_MAX} characters`)
  }
  if (name === 'reply' && checkTopic(Buffer.from(value), 0, value.length) !== 0)
    return badParameter(field, 'is a topic')
  packer.packString(value)
  return null
}
