import { Unpackr } from 'msgpackr'
import { Code } from '../../../src/protocol/codes.js'
import { NESTING_MAX } from '../../../src/protocol/limits.js'
import { EventScanner, frameEnd } from '../../../src/protocol/scan.js'
import { CUT, skipValue, skipValueOfStream } from '../../../src/protocol/skip.js'
import { hashOf, must } from '../target.js'

/** Where the daemon looks first at bytes of msgpack: the ends of frames, and the parts of events. */

const REFUSALS: ReadonlySet<number> = new Set([
  -Code.MALFORMED,
  -Code.TOO_DEEP,
  -Code.BAD_ARGUMENTS,
  -Code.BAD_FLAGS,
  -Code.BAD_METADATA,
])
/** One of so many inputs is read through something that counts, which is slow. */
const COUNTED_ONE_IN = 64
const COUNTED_BYTES_MAX = 4096
/** What stands behind the end must not matter. */
const MARGIN_BYTES = 16

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false })
const scanner = new EventScanner()
type Parts = Omit<EventScanner, 'scan' | 'scanPayload'>
const framed = Buffer.alloc((64 << 10) + 2 * MARGIN_BYTES)

export const words = ['a.b', '$sys', 'ttl', 'key', '\xc1'].concat(
  [
    '9401',
    '9501',
    'c400',
    'c50000',
    'c600000000',
    'd9',
    'da',
    'dc',
    'dd',
    'de',
    'df',
    'ffffffff',
    '81a161',
    '9191',
  ].map((hex) => Buffer.from(hex, 'hex').toString('latin1')),
)

export function handle(input: Buffer): unknown {
  const end = input.length
  return [scanner.scan(input, 0, end), frameEnd(input, 0, end), skipValueOfStream(input, 0, end)]
}

export function fuzz(input: Buffer): void {
  const bytes = framed.subarray(0, input.length + 2 * MARGIN_BYTES)
  bytes.fill(0x91)
  bytes.set(input, MARGIN_BYTES)
  const start = MARGIN_BYTES
  const end = start + input.length
  const scanned = scanner.scan(bytes, start, end)
  const fields = { ...scanner }
  const framedEnd = frameEnd(bytes, start, end)
  const skipped = skipValue(bytes, start, end)
  for (const result of [scanned, framedEnd, skipped]) {
    must(REFUSALS.has(result) || (result > start && result <= end), 'an end within the bytes, or a code', result)
  }
  must(framedEnd < 0 || framedEnd === skipped, 'a frame ends where its value does', framedEnd, skipped)
  if (scanned > 0) checkEvent(bytes, start, scanned, fields, framedEnd)
  if (skipped > 0) checkValue(bytes, start, skipped)
  bytes.fill(0xc1, end)
  must(scanner.scan(bytes, start, end) === scanned, 'nothing behind the end is looked at by scan')
  must(skipValue(bytes, start, end) === skipped, 'nothing behind the end is looked at by skipValue')
  if (hashOf(input) % COUNTED_ONE_IN === 0 && input.length <= COUNTED_BYTES_MAX) countReads(input)
}

function checkEvent(bytes: Buffer, start: number, end: number, fields: Parts, framedEnd: number): void {
  const { topicStart, topicEnd, lane, payloadStart, payloadEnd, metadataStart, metadataEnd } = fields
  must(framedEnd === end, 'an event ends where the frame does', framedEnd, end)
  must(start < topicStart && topicStart <= topicEnd && topicEnd < payloadStart, 'the topic stands before the payload')
  must(payloadStart <= payloadEnd && payloadEnd === metadataStart, 'the metadata follows the payload')
  must(metadataStart <= metadataEnd && metadataEnd === end, 'the frame ends with the metadata')
  must(lane >= 0 && lane <= 7, 'a lane', lane)
  const [op, topic, flags, payload, ...more] = unpackr.unpack(bytes.subarray(start, end)) as [
    number,
    string,
    number,
    Buffer,
    ...unknown[],
  ]
  must(op === 1 && flags === lane, 'op and lane are those that msgpackr reads', op, flags)
  must(topic === bytes.toString('utf8', topicStart, topicEnd), 'the topic is the one that msgpackr reads', topic)
  must(bytes.subarray(payloadStart, payloadEnd).equals(payload), 'the payload is the one that msgpackr reads')
  must(more.length === (metadataEnd > metadataStart ? 1 : 0), 'there is metadata where msgpackr reads some')
}

function checkValue(bytes: Buffer, start: number, end: number): void {
  // Throws when it does not end there.
  unpackr.unpack(bytes.subarray(start, end))
  const length = end - start
  const cut = start + (hashOf(bytes.subarray(start, end)) % length)
  must(skipValueOfStream(bytes, start, cut) === CUT, 'the beginning of a value is cut', cut - start)
}

/** The time that skipping takes is bounded by what it reads: each byte once, but for lengths, which are read with their lead. */
function countReads(input: Buffer): void {
  let reads = 0
  const counting = new Proxy(input, {
    get(target, key) {
      if (key in target && typeof key === 'string' && /^[0-9]+$/.test(key)) reads++
      return Reflect.get(target, key, target)
    },
  })
  skipValue(counting, 0, input.length)
  must(reads <= input.length + NESTING_MAX, 'each byte is read once', reads, input.length)
}
