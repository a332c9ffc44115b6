import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import {
  arrayToControl,
  type ControlFrame,
  controlToArray,
  decodeControl,
  encodeControl,
} from '../../src/protocol/control.js'
import { CONTROL_BYTES_MAX, CONTROL_VALUES_MAX, NESTING_MAX, REQUEST_MAX } from '../../src/protocol/limits.js'
import { DROP_REASONS, OP_NAMES, Op, POLICIES } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })

const decode = (bytes: Uint8Array) => decodeControl(bytes, 0, bytes.length)
const decodeArray = (array: unknown[]) => decode(packr.pack(array))
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

const request = fc.maxSafeNat()
const text = fc.string({ unit: 'binary', maxLength: 40 })
const code = fc.nat({ max: 4999 })
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

/** Without the keys whose value is undefined, as a frame on the wire has none. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T
}

const options = fc
  .record({
    policy: optional(fc.constantFrom(...POLICIES)),
    bytesMax: optional(fc.integer({ min: 1 })),
    eventsMax: optional(fc.integer({ min: 1, max: REQUEST_MAX })),
  })
  .map(present)

const limits = fc.record({
  messageBytesMax: request,
  payloadBytesMax: request,
  topicBytesMax: request,
  topicTokensMax: request,
  controlBytesMax: request,
  subscriptionsMax: request,
})

const frames = fc
  .oneof(
    fc.record({
      op: fc.constant(Op.HELLO),
      info: fc.record({ version: optional(request), name: optional(text) }).map(present),
    }),
    fc.record({
      op: fc.constant(Op.WELCOME),
      info: fc.record({ version: request, server: text, session: request, software: text, limits }),
    }),
    fc.record({ op: fc.constant(Op.SUBSCRIBE), request, pattern: text, options }),
    fc.record({ op: fc.constant(Op.UNSUBSCRIBE), request, pattern: text }),
    fc.record({ op: fc.constantFrom(Op.OK, Op.SYNC), request }),
    fc.record({
      op: fc.constant(Op.OK),
      request,
      info: fc.record({ user: optional(text), expiresInMs: optional(request) }).map(present),
    }),
    fc.record({
      op: fc.constant(Op.AUTH),
      request,
      credentials: fc.oneof(fc.record({ token: text }), fc.record({ user: text, password: text })),
    }),
    fc.record({
      op: fc.constant(Op.ERROR),
      request,
      code,
      message: text,
      details: fc
        .record({ count: optional(request), topic: optional(text), retryAfterMs: optional(request) })
        .map(present),
    }),
    fc.record({ op: fc.constant(Op.SYNCED), request, accepted: request, refused: request }),
    fc.record({ op: fc.constantFrom(Op.PING, Op.PONG), token: request }),
    fc.record({ op: fc.constant(Op.GAP), pattern: text, count: request, reason: fc.constantFrom(...DROP_REASONS) }),
    fc.record({ op: fc.constant(Op.GOAWAY), code, retryAfterMs: request, reason: text }),
  )
  .map((frame) => structuredClone(frame)) as fc.Arbitrary<ControlFrame>

t.test('every control frame comes back as it went', async (t) => {
  const seen = new Set<number>()
  fc.assert(
    fc.property(frames, (frame) => {
      const bytes = encodeControl(frame)
      if (frameEnd(bytes, 0, bytes.length) !== bytes.length) throw new Error('not one frame')
      if (!isDeepStrictEqual(decode(bytes), frame)) throw new Error(`came back as ${JSON.stringify(decode(bytes))}`)
      seen.add(frame.op)
    }),
    { numRuns: 500 },
  )
  t.strictSame(
    [...seen].sort((a, b) => a - b),
    Object.keys(OP_NAMES)
      .map(Number)
      .filter((op) => op !== Op.EVENT),
  )
})

t.test('a control frame cut at any byte is malformed; one byte more is too', async (t) => {
  const trouble: string[] = []
  fc.assert(
    fc.property(frames, (frame) => {
      const bytes = encodeControl(frame)
      for (let cut = 0; cut < bytes.length; cut++) {
        if (decodeControl(bytes, 0, cut) !== Code.MALFORMED) trouble.push(`${cut} of ${JSON.stringify(frame)}`)
      }
      if (decode(Buffer.concat([bytes, Buffer.of(0)])) !== Code.MALFORMED)
        trouble.push(`longer: ${JSON.stringify(frame)}`)
    }),
    { numRuns: 100 },
  )
  t.strictSame(trouble, [])
})

const WELL_FORMED: readonly ControlFrame[] = [
  { op: Op.HELLO, info: {} },
  { op: Op.WELCOME, info: {} as never },
  { op: Op.SUBSCRIBE, request: 1, pattern: 'a', options: { policy: 'conflate' } },
  { op: Op.UNSUBSCRIBE, request: 1, pattern: 'a' },
  { op: Op.OK, request: 1 },
  { op: Op.ERROR, request: 1, code: 4500, message: 'm', details: {} },
  { op: Op.SYNC, request: 1 },
  { op: Op.SYNCED, request: 1, accepted: 2, refused: 3 },
  { op: Op.PING, token: 1 },
  { op: Op.PONG, token: 1 },
  { op: Op.GAP, pattern: 'a', count: 1, reason: 'memory' },
  { op: Op.GOAWAY, code: 4000, retryAfterMs: 1, reason: 'r' },
  { op: Op.AUTH, request: 1, credentials: { token: 't' } },
]

t.test('every wrong number of elements is refused', async (t) => {
  for (const frame of WELL_FORMED) {
    const array = controlToArray(frame)
    t.equal(decodeArray([...array, 0]), Code.BAD_ARGUMENTS, `${OP_NAMES[frame.op]} and one more`)
    for (let length = 1; length < array.length; length++) {
      // The options of a subscription may be left out.
      if (frame.op === Op.SUBSCRIBE && length === 3) continue
      t.equal(decodeArray(array.slice(0, length)), Code.BAD_ARGUMENTS, `${OP_NAMES[frame.op]} of ${length}`)
    }
  }
})

t.test('every element of a wrong type is refused', async (t) => {
  const NOT: Record<string, unknown[]> = {
    number: [
      null,
      true,
      'a',
      '1',
      [],
      {},
      Buffer.from('a'),
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      2n ** 63n,
      -5n,
    ],
    string: [null, true, 1, [], {}, Buffer.from('a')],
    object: [null, true, 1, 'a', [], Buffer.from('a'), Buffer.alloc(0)],
  }
  for (const frame of WELL_FORMED) {
    const array = controlToArray(frame)
    for (let i = 1; i < array.length; i++) {
      for (const wrong of NOT[typeof array[i]]) {
        const code = decodeArray(array.with(i, wrong))
        t.equal(code, Code.BAD_ARGUMENTS, `${OP_NAMES[frame.op]}, element ${i}: ${typeof wrong} ${String(wrong)}`)
      }
    }
  }
})

t.test('options: a typo is not a silent default', async (t) => {
  const bad = [
    { polcy: 'conflate' },
    { policy: 'drop' },
    { policy: 1 },
    { bytesMax: 0 },
    { bytesMax: -1 },
    { bytesMax: 1.5 },
    { eventsMax: '5' },
    { eventsMax: null },
    { toString: 1 },
    { constructor: 1 },
    JSON.parse('{"__proto__":{"policy":"conflate"}}'),
    JSON.parse('{"policy":"conflate","__proto__":null}'),
    new Map([[1, 2]]),
  ]
  for (const options of bad) {
    t.equal(decodeArray([Op.SUBSCRIBE, 1, 'a', options]), Code.BAD_ARGUMENTS, JSON.stringify(options))
  }
  t.equal(arrayToControl([Op.SUBSCRIBE, 1, 'a', JSON.parse('{"__proto__":1}')]), Code.BAD_ARGUMENTS, 'from JSON too')
})

t.test('prototypes stay as they are', async (t) => {
  const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  decodeArray([Op.HELLO, evil])
  decodeArray([Op.WELCOME, evil])
  decodeArray([Op.ERROR, 0, 4500, 'm', evil])
  t.equal(({} as { polluted?: number }).polluted, undefined)
  t.strictSame(
    decodeArray([Op.HELLO, JSON.parse('{"__proto__":{"version":7}}')]),
    { op: Op.HELLO, info: {} },
    'nothing is inherited',
  )
})

t.test('hello: unknown keys are for later versions, known ones have types', async (t) => {
  t.strictSame(decodeArray([Op.HELLO, { version: 1, later: true }]), { op: Op.HELLO, info: { version: 1 } })
  for (const info of [{ version: '1' }, { version: -1 }, { name: 5 }, { name: 'n'.repeat(129) }]) {
    t.equal(decodeArray([Op.HELLO, info]), Code.BAD_ARGUMENTS, JSON.stringify(info))
  }
})

t.test('what is no control frame', async (t) => {
  t.equal(decodeArray([15]), Code.UNKNOWN_OP)
  t.equal(decodeArray([127, 1, 2]), Code.UNKNOWN_OP)
  t.equal(decodeArray([0]), Code.UNKNOWN_OP)
  t.equal(decodeArray([Op.EVENT, 'a', 3, Buffer.of(1)]), Code.UNKNOWN_OP, 'events are not decoded here')
  for (const other of ['c0', '01', '80', '90', 'a1 61', 'c4 01 61', '91 a1 61', '91 c0', 'c1', '91 c1', '']) {
    t.equal(decode(hex(other)), Code.MALFORMED, other || 'nothing')
  }
  t.equal(decode(hex('92 06 d4 01 00')), Code.BAD_ARGUMENTS, 'ext')
  t.equal(decode(hex('92 0a d6 ff 00000000')), Code.BAD_ARGUMENTS, 'a timestamp')
  t.equal(decode(hex(`92 06 ${'91'.repeat(NESTING_MAX)} c0`)), Code.TOO_DEEP)
  const name = 'n'.repeat(CONTROL_BYTES_MAX)
  t.equal(decodeArray([Op.UNSUBSCRIBE, 1, name]), Code.FRAME_TOO_LARGE)
  t.equal(decode(hex('93 04 00 db ffffffff')), Code.MALFORMED, 'a length that lies')
})

t.test('text that is not UTF-8 is not taken for other text', async (t) => {
  for (const text of ['a1ff', 'a2c328', 'a3eda080', 'd902c080', 'da000261ff', 'db0000000261ff']) {
    t.equal(decode(hex(`93 04 00 ${text}`)), Code.BAD_PATTERN, `subscribe ${text}`)
    t.equal(decode(hex(`93 05 00 ${text}`)), Code.BAD_PATTERN, `unsubscribe ${text}`)
    t.equal(decode(hex(`92 02 81 a4 6e616d65 ${text}`)), Code.BAD_ARGUMENTS, `a name ${text}`)
    t.equal(decode(hex(`92 02 81 ${text} 01`)), Code.BAD_ARGUMENTS, `a key ${text}`)
    t.equal(decode(hex(`93 0e 01 81 a5 746f6b656e ${text}`)), Code.BAD_ARGUMENTS, `a token ${text}`)
  }
  t.match(decode(hex('93 04 00 a3 efbfbd')), { pattern: '\ufffd' }, 'U+FFFD itself is a character like others')
})

t.test('many small values are not decoded', async (t) => {
  const hello = (keys: number) => [Op.HELLO, Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, []]))]
  // The frame, its op and the map are values, too.
  const most = (CONTROL_VALUES_MAX - 3) >> 1
  t.match(decodeArray(hello(most)), { op: Op.HELLO })
  t.equal(decodeArray(hello(most + 1)), Code.FRAME_TOO_LARGE)
  t.equal(decode(hex(`92 02 dc 0fa0 ${'90'.repeat(4000)}`)), Code.FRAME_TOO_LARGE)
})
