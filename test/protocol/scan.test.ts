import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { decodeControl } from '../../src/protocol/control.js'
import { framesToText } from '../../src/protocol/json.js'
import { MetadataReader } from '../../src/protocol/metadata.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { skipValue } from '../../src/protocol/skip.js'
import { concat, RandomMsgpack, randomText, SeededRandom } from '../helpers/msgpack-random.js'

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false })
const encoder = new TextEncoder()
const scanner = new EventScanner()

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const scan = (bytes: Uint8Array) => scanner.scan(bytes, 0, bytes.length)

/** A lawful EVENT frame in any of the encodings that the protocol allows for it. */
function randomEvent(random: SeededRandom): Uint8Array {
  const values = new RandomMsgpack(random)
  let topic = values.string(randomText(random).slice(0, 300))
  // str 32 is no topic.
  while (topic[0] === 0xdb) topic = values.string('a.b')
  const payload = values.bin(random.bytes(random.oneIn(500) ? 70_000 : random.oneIn(20) ? 300 : random.below(40)))
  const frame = [topic, Uint8Array.of(random.below(8)), payload]
  if (random.oneIn(2)) return concat(hex('94 01'), ...frame)
  const pairs = Array.from(
    { length: random.oneIn(50) ? 20 : random.below(4) },
    (_, i) => [values.string(`key ${i}`), values.value(2)] as const,
  )
  return concat(hex('95 01'), ...frame, values.map(pairs))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

t.test('finds the fields that msgpackr decodes, over 10^5 frames in every encoding', async (t) => {
  let cases = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const bytes = concat(...Array.from({ length: 100 }, () => randomEvent(random)))
      const expected: [unknown, number, number][] = []
      unpackr.unpackMultiple(bytes, (...[value, start, end]: unknown[]) => {
        expected.push([value, start as number, end as number])
      })
      let pos = 0
      for (const [value, start, frameStop] of expected) {
        const [op, topic, flags, payload, metadata] = value as [number, string, number, Uint8Array, unknown]
        const end = scanner.scan(bytes, pos, bytes.length)
        if (pos !== start || end !== frameStop || frameEnd(bytes, pos, bytes.length) !== end) {
          throw new Error(`frame from ${pos} to ${end}, msgpackr: ${start} to ${frameStop}`)
        }
        const { topicStart, topicEnd, lane, payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
        const agrees =
          op === 1 &&
          sameBytes(bytes.subarray(topicStart, topicEnd), encoder.encode(topic)) &&
          lane === flags &&
          sameBytes(bytes.subarray(payloadStart, payloadEnd), payload) &&
          metadataEnd === end &&
          metadataStart === end - (metadata === undefined ? 0 : metadataLength(bytes, metadataStart, end, metadata))
        if (!agrees) throw new Error(`other fields than msgpackr's: ${JSON.stringify(scanner)}`)
        pos = end
        cases++
      }
    }),
    { numRuns: 1000 },
  )
  t.equal(cases, 100_000)
})

/** Length of the map at start if msgpackr reads there what it read in the frame, NaN values aside. */
function metadataLength(bytes: Uint8Array, start: number, end: number, expected: unknown): number {
  const alone = unpackr.unpack(bytes.subarray(start, end))
  const write = (value: unknown): string =>
    value instanceof Map
      ? `{${[...value].map(([k, v]) => `${write(k)}:${write(v)}`)}}`
      : Array.isArray(value)
        ? `[${value.map(write)}]`
        : String(value)
  return write(alone) === write(expected) ? end - start : Number.NaN
}

/** Positions and answer, given the bytes up to `end` only: three fillings behind it must not tell in them. */
function scanUnderPoison(bytes: Uint8Array, start: number, end: number): number {
  const answer = scanner.scan(bytes, start, end)
  const fields = answer > 0 ? JSON.stringify(scanner) : ''
  const frame = frameEnd(bytes, start, end)
  for (const poison of [0x00, 0xc1, 0xff]) {
    const poisoned = Uint8Array.from(bytes)
    poisoned.fill(poison, end)
    const again = scanner.scan(poisoned, start, end)
    const sameFields = answer <= 0 || JSON.stringify(scanner) === fields
    if (again !== answer || !sameFields || frameEnd(poisoned, start, end) !== frame) {
      throw new Error(`read past the end: ${answer} became ${again}`)
    }
  }
  return answer
}

t.test('a frame cut at any byte is malformed, whatever follows', async (t) => {
  let cuts = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const before = random.below(3)
      const frame = randomEvent(random)
      const bytes = concat(random.bytes(before), frame, random.bytes(8))
      const step = frame.length > 1000 ? 211 : 1
      for (let cut = 0; cut < frame.length; cut += step) {
        const answer = scanUnderPoison(bytes, before, before + cut)
        if (answer !== -Code.MALFORMED) throw new Error(`cut at ${cut} of ${frame.length}: ${answer}`)
        if (frameEnd(bytes, before, before + cut) !== -Code.MALFORMED) throw new Error('frameEnd took a cut frame')
        cuts++
      }
      if (scanUnderPoison(bytes, before, before + frame.length) !== before + frame.length) throw new Error('whole')
    }),
    { numRuns: 600 },
  )
  t.ok(cuts > 20_000, `${cuts} cuts`)
})

t.test('no byte at or behind the end is even looked at', async (t) => {
  let cases = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const frame = randomEvent(random)
      const step = frame.length > 200 ? 211 : 1
      for (let end = 0; end <= frame.length; end += step) {
        const watched = new Proxy(frame, {
          get(bytes, index) {
            const at = Number(index)
            if (!(at < end)) throw new Error(`looked at ${String(index)}, end ${end} of ${frame.length}`)
            return bytes[at]
          },
        })
        scanner.scan(watched, 0, end)
        frameEnd(watched, 0, end)
        skipValue(watched, 0, end)
        cases++
      }
    }),
    { numRuns: 1000 },
  )
  t.ok(cases > 20_000, `${cases} cuts`)
})

t.test('refusals have their codes', async (t) => {
  const cases: [string, number][] = [
    ['', Code.MALFORMED],
    ['94', Code.MALFORMED],
    ['93 01 a1 61 03', Code.BAD_ARGUMENTS],
    ['96 01 a1 61 03 c4 00 80 80', Code.BAD_ARGUMENTS],
    ['94 02 a1 61 03 c4 00', Code.BAD_ARGUMENTS],
    ['94 01 01 03 c4 00', Code.BAD_ARGUMENTS],
    ['94 01 c4 01 61 03 c4 00', Code.BAD_ARGUMENTS],
    ['94 01 db 00000001 61 03 c4 00', Code.BAD_ARGUMENTS],
    ['94 01 a1 61 08 c4 00', Code.BAD_FLAGS],
    ['94 01 a1 61 7f c4 00', Code.BAD_FLAGS],
    ['94 01 a1 61 ff c4 00', Code.BAD_ARGUMENTS],
    ['94 01 a1 61 cc 03 c4 00', Code.BAD_ARGUMENTS],
    ['94 01 a1 61 03 a1 61', Code.BAD_ARGUMENTS],
    ['94 01 a1 61 03 01', Code.BAD_ARGUMENTS],
    ['94 01 a1 61 03 c4 05 00', Code.MALFORMED],
    ['94 01 a1 61 03 c6 ffffffff 00', Code.MALFORMED],
    ['94 01 da ffff 61 03 c4 00', Code.MALFORMED],
    ['95 01 a1 61 03 c4 00', Code.MALFORMED],
    ['95 01 a1 61 03 c4 00 c0', Code.BAD_METADATA],
    ['95 01 a1 61 03 c4 00 90', Code.BAD_METADATA],
    ['95 01 a1 61 03 c4 00 81 01', Code.MALFORMED],
    ['95 01 a1 61 03 c4 00 df ffffffff 00', Code.MALFORMED],
    ['95 01 a1 61 03 c4 00 81 01 d4 01 00', Code.BAD_ARGUMENTS],
    [`95 01 a1 61 03 c4 00 81 01 ${'91'.repeat(40)}`, Code.TOO_DEEP],
  ]
  for (const [bytes, code] of cases) t.equal(scan(hex(bytes)), -code, bytes || 'nothing')
})

t.test('frameEnd takes a fixarray that begins with a positive fixint, no other', async (t) => {
  const end = (text: string) => frameEnd(hex(text), 0, hex(text).length)
  t.equal(end('92 06 01'), 3)
  t.equal(end('92 06 01 92 06 02'), 3, 'the first of two')
  t.equal(end('91 7f'), 2, 'an op nobody knows has an end too')
  for (const bad of [
    '',
    '92',
    '90 00',
    '81 01 02',
    'dc 0001 06',
    '92 cc 06',
    '92 ff 00',
    '92 a1 61 00',
    '92 06',
    'c1 c1',
  ]) {
    t.equal(end(bad), -Code.MALFORMED, bad || 'nothing')
  }
  t.equal(end(`92 06 ${'91'.repeat(40)}`), -Code.TOO_DEEP)
  t.equal(end('92 06 d4 01 00'), -Code.BAD_ARGUMENTS)
})

/** Lawful frames with a few bytes changed, or noise that begins as a frame does. */
function hostile(random: SeededRandom, into: Uint8Array, templates: readonly Uint8Array[]): number {
  if (random.oneIn(3)) {
    const length = random.below(48)
    for (let i = 0; i < length; i++) into[i] = random.below(256)
    if (random.oneIn(2)) into[0] = 0x94 + random.below(2)
    if (random.oneIn(2)) into[1] = random.below(14)
    return length
  }
  const template = random.pick(templates)
  into.set(template)
  for (let i = random.below(4); i >= 0; i--) into[random.below(template.length)] = random.below(256)
  return random.oneIn(3) ? random.below(template.length) : template.length
}

t.test('10^6 hostile inputs: no exception, no position beyond the end, no byte read behind it', async (t) => {
  const random = new SeededRandom(20_240_607)
  const templates = Array.from({ length: 200 }, () => randomEvent(random)).filter((frame) => frame.length < 400)
  templates.push(hex('93 04 01 a4 61 2e 62 2e'), hex('94 04 01 a1 61 81 a6 706f6c696379 a8 636f6e666c617465'))
  const bytes = new Uint8Array(512)
  const reader = new MetadataReader()
  const answers = new Map<number, number>()
  const trouble: string[] = []
  const check = (name: string, answer: number, end: number) => {
    if (answer > end || (answer <= 0 && !(-answer >= 4500 && -answer < 4600)))
      trouble.push(`${name}: ${answer} of ${end}`)
  }
  for (let i = 0; i < 1_000_000; i++) {
    const end = hostile(random, bytes, templates)
    // The rest of the buffer keeps what earlier inputs left there: poison enough, and the same input must give the same answer.
    const answer = scanner.scan(bytes, 0, end)
    check('scan', answer, end)
    answers.set(Math.min(answer, 0), (answers.get(Math.min(answer, 0)) ?? 0) + 1)
    if (answer > 0) {
      const { topicStart, topicEnd, payloadStart, payloadEnd, metadataStart, metadataEnd } = scanner
      const ordered =
        topicStart <= topicEnd && topicEnd < payloadStart && payloadStart <= payloadEnd && payloadEnd === metadataStart
      if (!ordered || metadataEnd !== answer) trouble.push(`fields out of order: ${JSON.stringify(scanner)}`)
      if (metadataEnd > metadataStart) {
        const code = reader.read(bytes, metadataStart, metadataEnd)
        if (code !== 0 && code !== Code.BAD_METADATA) trouble.push(`metadata: ${code}`)
        if (reader.keyEnd > metadataEnd || reader.keyStart > reader.keyEnd) trouble.push('key out of the metadata')
      }
    }
    const frame = frameEnd(bytes, 0, end)
    if (frame !== 0) check('frameEnd', frame, end)
    if (end > 0) check('skipValue', skipValue(bytes, 0, end), end)
    if (i % 10 === 0) scanUnderPoison(bytes, 0, end)
    if (i % 20 === 0) {
      decodeControl(bytes, 0, end)
      if (frame > 0 && (bytes[1] !== 1 || answer > 0)) framesToText(bytes, 0, bytes[1] === 1 ? answer : frame)
    }
    if (trouble.length > 5) break
  }
  t.same(trouble, [])
  for (const code of [0, Code.MALFORMED, Code.BAD_ARGUMENTS, Code.BAD_FLAGS, Code.BAD_METADATA]) {
    t.ok((answers.get(-code) ?? 0) > 100, `${code} was among the answers ${answers.get(-code)} times`)
  }
})
