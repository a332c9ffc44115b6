import { Unpackr } from 'msgpackr'
import { Code } from '../../../src/protocol/codes.js'
import { METADATA_TEXT_BYTES_MAX, TTL_MS_MAX } from '../../../src/protocol/limits.js'
import { MetadataReader } from '../../../src/protocol/metadata.js'
import { skipValue } from '../../../src/protocol/skip.js'
import { must } from '../target.js'

/** What the daemon itself reads of an event's metadata: time to live and conflation key, and the types of what it knows. */

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'bigint' })
const reader = new MetadataReader()

export const words = [
  ...['id', 'ttl', 'reply', 'type', 'key', 'headers', '__proto__'].map((key) =>
    Buffer.concat([Buffer.of(0xa0 | key.length), Buffer.from(key)]),
  ),
  ...[
    '81',
    '82',
    'de0001',
    'df00000001',
    'd903',
    'da0003',
    'db00000003',
    'cc01',
    'cd0001',
    'ce00000001',
    'd001',
    'd10001',
  ],
  ...['cf0000000000000001', 'd30000000000000001', 'd3ffffffffffffffff', 'ce9033ba00', 'd9ff', 'a0', 'c0', '80', '90'],
].map((word) => (typeof word === 'string' ? Buffer.from(word, 'hex') : word))

const isMap = (lead: number): boolean => (lead & 0xf0) === 0x80 || lead === 0xde || lead === 0xdf

export function handle(input: Buffer): unknown {
  const whole = input.length > 0 && isMap(input[0]) && skipValue(input, 0, input.length) === input.length
  return whole ? reader.read(input, 0, input.length) : -1
}

export function fuzz(input: Buffer): void {
  // The scanner hands on maps that are whole, and nothing else.
  const result = handle(input) as number
  if (result === -1) return
  must(result === 0 || result === Code.BAD_METADATA, 'one of two answers', result)
  const map = unpackr.unpack(input) as Map<unknown, unknown>
  if (result !== 0) return
  // msgpackr takes bytes that are not UTF-8 for others, of which there may be the same twice.
  const isDistinct = new Set(input).size === input.length || map.size === pairsOf(input)
  if (!isDistinct) return
  const ttl = map.get('ttl')
  must(ttl === undefined ? reader.ttl === 0 : Number(ttl) === reader.ttl, 'the ttl is the one that msgpackr reads', ttl)
  must(reader.ttl >= 0 && reader.ttl <= TTL_MS_MAX, 'a ttl within its bounds', reader.ttl)
  const { keyStart, keyEnd } = reader
  must(keyStart <= keyEnd && keyEnd <= input.length, 'a key within the bytes', keyStart, keyEnd)
  const key = map.get('key')
  if (key === undefined) must(keyStart === keyEnd, 'no key where msgpackr reads none')
  else must(key === input.toString('utf8', keyStart, keyEnd), 'the key is the one that msgpackr reads', key)
  for (const name of ['id', 'reply', 'type', 'key']) {
    const text = map.get(name)
    must(text === undefined || typeof text === 'string', 'text', name)
    must(text === undefined || (text as string).length <= METADATA_TEXT_BYTES_MAX, 'text within its limit', name)
  }
  const headers = map.get('headers')
  must(headers === undefined || headers instanceof Map, 'headers are a map')
  for (const [name, value] of (headers as Map<unknown, unknown> | undefined) ?? []) {
    must(typeof name === 'string' && typeof value === 'string', 'headers are text', name, value)
  }
}

function pairsOf(input: Buffer): number {
  if (input[0] === 0xde) return input.readUInt16BE(1)
  return input[0] === 0xdf ? input.readUInt32BE(1) : input[0] & 15
}
