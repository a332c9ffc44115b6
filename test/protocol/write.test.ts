import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import t from 'tap'
import { TOPIC_BYTES_MAX } from '../../src/protocol/limits.js'
import { Op } from '../../src/protocol/ops.js'
import { EventScanner } from '../../src/protocol/scan.js'
import { EVENT_OVERHEAD_MAX, encodeEvent, encodeEventHead, writeBinLead } from '../../src/protocol/write.js'

const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false })
const scanner = new EventScanner()

t.test('what is encoded is what msgpackr decodes and the scanner finds', async (t) => {
  const topic = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => Buffer.byteLength(text) <= TOPIC_BYTES_MAX)
  const sizes = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(0, 255, 256, 65535, 65536))
  const metadata = fc.option(fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), { nil: undefined })
  let cases = 0
  fc.assert(
    fc.property(topic, fc.nat({ max: 7 }), sizes, metadata, (topic, lane, size, metadata) => {
      const payload = new Uint8Array(size).map((_, i) => i)
      const packed = metadata === undefined ? undefined : packr.pack(metadata)
      const frame = encodeEvent(topic, lane, payload, packed)
      const decoded = unpackr.unpack(frame) as unknown[]
      const same =
        decoded[0] === Op.EVENT &&
        decoded[1] === topic &&
        decoded[2] === lane &&
        Buffer.compare(decoded[3] as Uint8Array, payload) === 0 &&
        decoded.length === (metadata === undefined ? 4 : 5)
      if (!same) throw new Error(JSON.stringify(decoded))
      if (metadata !== undefined) {
        const found = frame.subarray(scanner.scan(frame, 0, frame.length) && scanner.metadataStart, scanner.metadataEnd)
        if (Buffer.compare(found, packed as Uint8Array) !== 0) throw new Error('other metadata')
      }
      if (scanner.scan(frame, 0, frame.length) !== frame.length || scanner.lane !== lane)
        throw new Error('scanned otherwise')
      const overhead = frame.length - Buffer.byteLength(topic) - size - (packed?.length ?? 0)
      if (overhead > EVENT_OVERHEAD_MAX) throw new Error(`overhead of ${overhead}`)
      cases++
    }),
    { numRuns: 1000 },
  )
  t.equal(cases, 1000)
})

t.test('the head is what stands before the payload', async (t) => {
  for (const length of [1, 31, 32, TOPIC_BYTES_MAX]) {
    const topic = 'x'.repeat(length)
    const head = encodeEventHead(topic, 5, false)
    const frame = encodeEvent(topic, 5, Uint8Array.of(1, 2))
    t.same(frame.subarray(0, head.length), head, `${length} bytes`)
    t.same([...frame.subarray(head.length)], [0xc4, 2, 1, 2])
    t.equal(encodeEventHead(topic, 5, true)[0], 0x95)
  }
  t.throws(() => encodeEventHead('x'.repeat(TOPIC_BYTES_MAX + 1), 0, false), RangeError)
  t.throws(() => encodeEventHead('é'.repeat(128), 0, false), RangeError, 'bytes count')
})

t.test('the lead of a bin is the shortest', async (t) => {
  const lead = (length: number) => {
    const target = new Uint8Array(8)
    return Buffer.from(target.subarray(1, writeBinLead(target, 1, length))).toString('hex')
  }
  t.equal(lead(0), 'c400')
  t.equal(lead(255), 'c4ff')
  t.equal(lead(256), 'c50100')
  t.equal(lead(65535), 'c5ffff')
  t.equal(lead(65536), 'c600010000')
  t.equal(lead(0xfedcba98), 'c6fedcba98')
})
