import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import t from 'tap'
import { Code, codeMessage } from '../../src/protocol/codes.js'
import { decodeControl, encodeControl } from '../../src/protocol/control.js'
import { framesToText, TextReader } from '../../src/protocol/json.js'
import { JSON_NESTING_MAX } from '../../src/protocol/json-escapes.js'
import { NESTING_MAX } from '../../src/protocol/limits.js'
import { Op } from '../../src/protocol/ops.js'
import { EventScanner } from '../../src/protocol/scan.js'
import { skipValue } from '../../src/protocol/skip.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { concat, RandomMsgpack, SeededRandom } from '../helpers/msgpack-random.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })
// The declared type lacks 'auto': a number up to 2^53, a bigint beyond.
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'auto' as 'number' })
/** From a Buffer, so that bins are Buffers on either side of a comparison. */
const unpack = (bytes: Uint8Array): unknown => unpackr.unpack(Buffer.from(bytes))
const reader = new TextReader()
const scanner = new EventScanner()

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Payload bytes of the one event that the line is. */
function payloadOf(line: string): Buffer {
  reader.read(line)
  if (reader.refused.length > 0)
    throw new Error(`${reader.refused[0].code} ${reader.refused[0].message}: ${line.slice(0, 200)}`)
  if (scanner.scan(reader.bytes, 0, reader.length) !== reader.length)
    throw new Error(`not one event: ${line.slice(0, 200)}`)
  return Buffer.from(reader.bytes.subarray(scanner.payloadStart, scanner.payloadEnd))
}

/** The payload as it stands in the line that a JSON session gets. */
function payloadText(payload: Uint8Array, metadata?: object): string {
  const frame = encodeEvent('a', 3, payload, metadata && packr.pack(metadata))
  const line = framesToText(frame, 0, frame.length)
  const end = metadata === undefined ? ']' : `,${JSON.stringify(metadata)}]`
  if (!line.startsWith('["event","a",3,') || !line.endsWith(end)) throw new Error(line)
  return line.slice('["event","a",3,'.length, -end.length)
}

const event = (payload: string, metadata?: object) =>
  `["event","a",3,${payload}${metadata === undefined ? '' : `,${JSON.stringify(metadata)}`}]`

const codesOf = (text: string) => {
  reader.read(text)
  return reader.refused.map(({ code }) => code)
}

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '', '0'),
)
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 5 })
      .map((pairs) => JSON.parse(`{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`)}}`)),
  ),
})).value

/** JSON.stringify loses the sign of -0. */
function write(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(write)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.keys(value).map((k) => `${JSON.stringify(k)}:${write((value as Record<string, unknown>)[k])}`)}}`
}

/** As msgpackr decodes it: maps for objects. */
function maps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maps)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.keys(value).map((k) => [k, maps((value as Record<string, unknown>)[k])]))
}

t.test('any JSON value: msgpackr decodes an equal one, and it comes back equal', async (t) => {
  let cases = 0
  fc.assert(
    fc.property(json, (value) => {
      const payload = payloadOf(event(write(value)))
      if (!isDeepStrictEqual(unpack(payload), maps(value))) throw new Error(`msgpackr: ${payload.toString('hex')}`)
      const back = payloadText(payload)
      if (!isDeepStrictEqual(JSON.parse(back), value)) throw new Error(`came back as ${back}`)
      cases++
    }),
    { numRuns: 4000 },
  )
  t.equal(cases, 4000)
})

t.test('any msgpack value: the text is one line of JSON, and it comes back equal', async (t) => {
  let cases = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const values = new RandomMsgpack(random)
      for (let i = 0; i < 20; i++) {
        const value = values.value(random.oneIn(20) ? 8 : 3)
        const text = payloadText(value)
        if (text.includes('\n')) throw new Error('a line end')
        const back = payloadOf(event(text))
        if (!isDeepStrictEqual(unpack(back), unpack(value))) {
          throw new Error(`${Buffer.from(value).toString('hex')} as ${text} came back as ${back.toString('hex')}`)
        }
        if (payloadText(back) !== text && !hasReorderedKeys(text))
          throw new Error(`${text} came back as ${payloadText(back)}`)
        cases++
      }
    }),
    { numRuns: 500 },
  )
  t.equal(cases, 10_000)
})

/** JSON.parse puts keys that look like array indexes first, and keeps one of doubles. */
function hasReorderedKeys(text: string): boolean {
  return JSON.stringify(JSON.parse(text)) !== text.replaceAll('-0.0', '0')
}

t.test('any bytes as payload: never an exception; $raw brings back the bytes, a value an equal one', async (t) => {
  let raw = 0
  let decoded = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), (payload) => {
      const text = payloadText(payload)
      const back = payloadOf(event(text))
      if (text.startsWith('{"$raw"')) {
        raw++
        if (Buffer.compare(back, payload) !== 0) throw new Error(text)
      } else {
        decoded++
        if (skipValue(payload, 0, payload.length) !== payload.length) throw new Error(`not one value: ${text}`)
        if (!isDeepStrictEqual(unpack(back), unpack(payload))) throw new Error(text)
      }
    }),
    { numRuns: 5000 },
  )
  t.ok(raw > 500 && decoded > 100, `${raw} raw, ${decoded} decoded`)
})

t.test('what JSON cannot say', async (t) => {
  const both: [string, string][] = [
    ['c4 03 01ff00', '{"$bin":"Af8A"}'],
    ['c4 00', '{"$bin":""}'],
    ['cb 7ff8000000000000', '{"$float":"NaN"}'],
    ['cb 7ff0000000000000', '{"$float":"Infinity"}'],
    ['cb fff0000000000000', '{"$float":"-Infinity"}'],
    ['cb 8000000000000000', '-0.0'],
    ['cf 0020000000000000', '{"$int":"9007199254740992"}'],
    ['cf ffffffffffffffff', '{"$int":"18446744073709551615"}'],
    ['d3 8000000000000000', '{"$int":"-9223372036854775808"}'],
    ['d3 ffe0000000000000', '{"$int":"-9007199254740992"}'],
    ['cb 43e0000000000000', '9223372036854776000'],
    ['cb 4340000000000000', '9007199254740992'],
    ['81 01 02', '{"$map":[[1,2]]}'],
    ['82 a1 61 01 c0 02', '{"$map":[["a",1],[null,2]]}'],
    ['81 81 01 02 03', '{"$map":[[{"$map":[[1,2]]},3]]}'],
    ['81 a4 2462696e a4 41663841', '{"$map":[["$bin","Af8A"]]}'],
    ['81 a4 246d6170 90', '{"$map":[["$map",[]]]}'],
    ['82 a4 2462696e a4 41663841 a1 61 01', '{"$bin":"Af8A","a":1}'],
    ['81 a9 5f5f70726f746f5f5f 81 a1 61 01', '{"__proto__":{"a":1}}'],
    ['a3 efbbbf', JSON.stringify('\ufeff')],
  ]
  for (const [bytes, text] of both) {
    t.equal(payloadText(hex(bytes)), text)
    t.strictSame(payloadOf(event(text)).toString('hex'), bytes.replaceAll(' ', ''), text)
  }
  t.equal(({} as { a?: number }).a, undefined)
})

t.test('what is understood besides', async (t) => {
  const read: [string, string][] = [
    ['{"$float":"-0"}', 'cb8000000000000000'],
    ['-0', 'cb8000000000000000'],
    ['{"$int":"5"}', '05'],
    ['{"$int":"-5"}', 'fb'],
    ['{"$int":"4294967296"}', 'cf0000000100000000'],
    ['{"$map":[["a",1]]}', '81a16101'],
    ['{"$map":[]}', '80'],
    ['{"a":1,"a":2}', '81a16102'],
    ['[127,128,255,256,65535,65536,4294967295]', '977fcc80ccffcd0100cdffffce00010000ceffffffff'],
    ['[-1,-32,-33,-128,-129,-32768,-32769,-2147483648]', '98ffe0d0dfd080d1ff7fd18000d2ffff7fffd280000000'],
    ['4294967296', 'cb41f0000000000000'],
    ['{"$raw":""}', ''],
    ['{"$raw":"wQ=="}', 'c1'],
  ]
  for (const [text, bytes] of read) t.equal(payloadOf(event(text)).toString('hex'), bytes, text)
})

t.test('payloads that are not one valid value are raw', async (t) => {
  const raw = [
    '',
    'c1',
    '01 02',
    'a2 61',
    'a1 ff',
    'a3 eda080',
    '81 a1 ff 01',
    '92 a1 61 a2 c328',
    'd4 01 00',
    'c7 00 01',
    'dd ffffffff',
  ]
  raw.push(`${'91'.repeat(NESTING_MAX + 1)}01`)
  for (const bytes of raw) {
    const base64 = Buffer.from(hex(bytes)).toString('base64')
    t.equal(payloadText(hex(bytes)), `{"$raw":"${base64}"}`, bytes || 'nothing')
  }
})

t.test('the media type says what the payload is', async (t) => {
  const bytes = (text: string) => Buffer.from(text)
  const both: [string, Buffer, string][] = [
    ['application/json', bytes('{"a": [1, 2.50]}'), '{"a": [1, 2.50]}'],
    ['application/json', bytes('{"n":123456789012345678901234567890}'), '{"n":123456789012345678901234567890}'],
    ['Application/JSON; charset=utf-8', bytes('"é"'), '"é"'],
    ['application/json', bytes('[1,\r\n 2]\n'), '[1,   2] '],
    ['application/json', bytes('{"$bin":5}'), '{"$bin":5}'],
    ['application/json', bytes('{"$raw":"AA=="}'), `{"$raw":"${bytes('{"$raw":"AA=="}').toString('base64')}"}`],
    ['application/json', bytes('{'), '{"$raw":"ew=="}'],
    ['application/json', bytes(''), '{"$raw":""}'],
    ['application/json', bytes('\ufeff1'), '{"$raw":"77u/MQ=="}'],
    ['application/json', Buffer.of(0x22, 0xff, 0x22), '{"$raw":"Iv8i"}'],
    ['text/plain', bytes('line 1\nline "2"'), '"line 1\\nline \\"2\\""'],
    ['text/plain', bytes(''), '""'],
    ['TEXT/csv; charset="UTF-8"', bytes('é'), '"é"'],
    ['text/plain', bytes('\ufeff'), '"\ufeff"'],
    ['text/plain', Buffer.of(0xff), '{"$raw":"/w=="}'],
    ['text/plain; charset=utf-16le', bytes('ab'), '{"$raw":"YWI="}'],
    ['image/png', bytes('ab'), '{"$raw":"YWI="}'],
    ['', bytes('ab'), '{"$raw":"YWI="}'],
  ]
  for (const [type, payload, text] of both) t.equal(payloadText(payload, { type }), text, `${type}: ${text}`)
  for (const [type, payload, text] of both) {
    const back = payloadOf(event(text, { type }))
    const same = type.toLowerCase().startsWith('application/json') && !text.startsWith('{"$raw"')
    if (same) t.strictSame(JSON.parse(back.toString()), JSON.parse(payload.toString()), `${type}: ${text}`)
    else t.strictSame(back, payload, `${type}: ${text}`)
  }
  t.equal(
    payloadText(bytes(`${'['.repeat(200)}${']'.repeat(200)}`), { type: 'application/json' }).slice(0, 8),
    '{"$raw":',
  )
  t.strictSame(codesOf(event('"text"', { type: 'image/png' })), [Code.BAD_ARGUMENTS])
  t.strictSame(codesOf(event('5', { type: 'text/plain' })), [Code.BAD_ARGUMENTS])
  t.strictSame(codesOf(event('{"$raw":"?"}', { type: 'image/png' })), [Code.BAD_ARGUMENTS])
  t.strictSame(codesOf(event('"\\ud800"', { type: 'text/plain' })), [Code.BAD_JSON])
  t.strictSame(codesOf(event('"\\ud800"', { type: 'application/json' })), [], 'JSON text can hold it, escaped')
})

t.test('metadata', async (t) => {
  const roundTrip = (metadata: Uint8Array) => {
    const frame = encodeEvent('a', 3, Uint8Array.of(0xc0), metadata)
    const line = framesToText(frame, 0, frame.length)
    reader.read(line)
    t.strictSame(reader.refused, [])
    scanner.scan(reader.bytes, 0, reader.length)
    const back = Buffer.from(reader.bytes.subarray(scanner.metadataStart, scanner.metadataEnd))
    t.strictSame(unpack(back), unpack(metadata), line)
    return line
  }
  roundTrip(packr.pack({ id: 'x', ttl: 5, headers: { a: 'b' }, other: [1, { b: null }] }))
  roundTrip(packr.pack({ other: Buffer.from('bin'), big: 2n ** 63n }))
  roundTrip(packr.pack({}))
  t.match(roundTrip(hex('81 01 02')), '{"$map":[[1,2]]}')
  t.match(roundTrip(hex('81 a4 2462696e a1 61')), '{"$map":[["$bin","a"]]}')
  t.match(roundTrip(hex('81 a1 61 a1 ff')), '{"$raw":"gaFhof8="}', 'not UTF-8')
  // The type is found among keys that are not strings too, and in a map of raw bytes.
  const typed = `["event","a",3,"text",{"$map":[["type","text/plain"],[1,2]]}]`
  t.equal(payloadOf(typed).toString(), 'text')
  const raw = Buffer.from(packr.pack({ type: 'text/plain' })).toString('base64')
  t.equal(payloadOf(`["event","a",3,"text",{"$raw":"${raw}"}]`).toString(), 'text')
  for (const bad of [
    'null',
    '[]',
    '5',
    '"a"',
    '{"$bin":"AA=="}',
    '{"$raw":"AA=="}',
    '{"$raw":"gQ=="}',
    '{"$raw":5}',
    '{"$int":"5"}',
  ]) {
    t.strictSame(codesOf(`["event","a",3,1,${bad}]`), [Code.BAD_METADATA], bad)
  }
  t.strictSame(codesOf('["event","a",3,1,{"a":{"$bin":1}}]'), [Code.BAD_ARGUMENTS])
})

t.test('control frames both ways', async (t) => {
  const lines: [string, unknown][] = [
    ['["hello",{"version":1,"name":"n"}]', { op: Op.HELLO, info: { version: 1, name: 'n' } }],
    ['["subscribe",1,"orders.>"]', { op: Op.SUBSCRIBE, request: 1, pattern: 'orders.>', options: {} }],
    [
      '["subscribe",1,"a",{"policy":"conflate","bytesMax":10}]',
      { op: Op.SUBSCRIBE, request: 1, pattern: 'a', options: { policy: 'conflate', bytesMax: 10 } },
    ],
    ['["unsubscribe",2,"a"]', { op: Op.UNSUBSCRIBE, request: 2, pattern: 'a' }],
    ['["ok",9007199254740991]', { op: Op.OK, request: 9007199254740991 }],
    [
      '["error",0,4503,"no \\"topic\\"",{"count":2,"topic":"a b"}]',
      { op: Op.ERROR, request: 0, code: 4503, message: 'no "topic"', details: { count: 2, topic: 'a b' } },
    ],
    ['["sync",3]', { op: Op.SYNC, request: 3 }],
    ['["synced",3,10,1]', { op: Op.SYNCED, request: 3, accepted: 10, refused: 1 }],
    ['["ping",7]', { op: Op.PING, token: 7 }],
    ['["pong",7]', { op: Op.PONG, token: 7 }],
    ['["gap","a.*",5,"memory"]', { op: Op.GAP, pattern: 'a.*', count: 5, reason: 'memory' }],
    ['["goaway",4000,250,"stop"]', { op: Op.GOAWAY, code: 4000, retryAfterMs: 250, reason: 'stop' }],
  ]
  for (const [line, frame] of lines) {
    reader.read(line)
    t.strictSame(reader.refused, [], line)
    t.strictSame(decodeControl(reader.bytes, 0, reader.length), frame)
    const bytes = encodeControl(frame as Parameters<typeof encodeControl>[0])
    t.equal(framesToText(concat(Uint8Array.of(0xc1), bytes), 1, 1 + bytes.length), line)
  }
  const all = lines.map(([line]) => line).join('\n')
  reader.read(all)
  t.equal(framesToText(reader.bytes, 0, reader.length), all, 'back to back')
})

t.test('each bad line has its code', async (t) => {
  const deep = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
  const bad: [string, number][] = [
    ['x', Code.BAD_JSON],
    ['{"op":"event"}', Code.BAD_JSON],
    ['[]', Code.BAD_JSON],
    ['[1,"a",3,1]', Code.BAD_JSON],
    ['["event","a",3,]', Code.BAD_JSON],
    ['["event","a",3,1', Code.BAD_JSON],
    ['["event","a",3,1] ["sync",1]', Code.BAD_JSON],
    ['["event","a",3,1e999]', Code.BAD_JSON],
    ['["event","a",3,["\\ud800"]]', Code.BAD_JSON],
    ['["event","a",3,{"\\udc00":1}]', Code.BAD_JSON],
    ['["events","a",3,1]', Code.UNKNOWN_OP],
    ['["toString",1]', Code.UNKNOWN_OP],
    ['["__proto__",1]', Code.UNKNOWN_OP],
    ['["event"]', Code.BAD_ARGUMENTS],
    ['["event","a",3]', Code.BAD_ARGUMENTS],
    ['["event","a",3,1,{},1]', Code.BAD_ARGUMENTS],
    ['["event",5,3,1]', Code.BAD_ARGUMENTS],
    ['["event","a","3",1]', Code.BAD_ARGUMENTS],
    ['["event","a",1.5,1]', Code.BAD_ARGUMENTS],
    ['["event","a",null,1]', Code.BAD_ARGUMENTS],
    ['["event","a",8,1]', Code.BAD_FLAGS],
    ['["event","a",-1,1]', Code.BAD_FLAGS],
    ['["event","\\ud800",3,1]', Code.BAD_TOPIC],
    [`["event","${'x'.repeat(256)}",3,1]`, Code.TOPIC_TOO_LONG],
    [`["event","${'é'.repeat(128)}",3,1]`, Code.TOPIC_TOO_LONG],
    [event(deep(NESTING_MAX + 1)), Code.TOO_DEEP],
    [event(deep(JSON_NESTING_MAX)), Code.TOO_DEEP],
    [event(`${'{"a":'.repeat(NESTING_MAX + 1)}1${'}'.repeat(NESTING_MAX + 1)}`), Code.TOO_DEEP],
    [event(`${'{"$map":[[1,'.repeat(NESTING_MAX + 1)}1${']]}'.repeat(NESTING_MAX + 1)}`), Code.TOO_DEEP],
    ['['.repeat(65536), Code.TOO_DEEP],
    [event('{"$bin":"a"}'), Code.BAD_ARGUMENTS],
    [event('{"$bin":"YQ"}'), Code.BAD_ARGUMENTS],
    [event('{"$bin":"YR=="}'), Code.BAD_ARGUMENTS],
    [event('{"$bin":null}'), Code.BAD_ARGUMENTS],
    [event('{"$int":5}'), Code.BAD_ARGUMENTS],
    [event('{"$int":"1.5"}'), Code.BAD_ARGUMENTS],
    [event('{"$int":"18446744073709551616"}'), Code.BAD_ARGUMENTS],
    [event('{"$int":"-9223372036854775809"}'), Code.BAD_ARGUMENTS],
    [event('{"$float":"1.5"}'), Code.BAD_ARGUMENTS],
    [event('{"$float":{}}'), Code.BAD_ARGUMENTS],
    [event('{"$map":{}}'), Code.BAD_ARGUMENTS],
    [event('{"$map":[[1]]}'), Code.BAD_ARGUMENTS],
    [event('{"$map":[1]}'), Code.BAD_ARGUMENTS],
    [event('{"$raw":5}'), Code.BAD_ARGUMENTS],
    [event('[{"$raw":"AA=="}]'), Code.BAD_ARGUMENTS],
    ['["subscribe",1]', Code.BAD_ARGUMENTS],
    ['["subscribe",1,"a",{"polcy":"conflate"}]', Code.BAD_ARGUMENTS],
    ['["subscribe",1,"a",{"__proto__":1}]', Code.BAD_ARGUMENTS],
    ['["subscribe",1,"\\ud800"]', Code.BAD_PATTERN],
    ['["subscribe",-1,"a"]', Code.BAD_ARGUMENTS],
    ['["ping"]', Code.BAD_ARGUMENTS],
    [`["subscribe",1,"${'x'.repeat(5000)}"]`, Code.FRAME_TOO_LARGE],
    [`["welcome",{"a":${deep(40)}}]`, Code.TOO_DEEP],
  ]
  for (const [line, code] of bad) {
    const text = `["ping",1]\n${line}\n["ping",2]\n`
    t.strictSame(codesOf(text), [code], line.slice(0, 80))
    t.equal(framesToText(reader.bytes, 0, reader.length), '["ping",1]\n["ping",2]', 'the lines around it are read')
    t.ok(reader.refused[0].message.startsWith(codeMessage(code)))
  }
})

t.test('as deep as may be is read, and comes back', async (t) => {
  for (const [open, inner, close] of [
    ['[', '1', ']'],
    ['{"a":', '{}', '}'],
    ['{"$map":[[1,', '{"$float":"NaN"}', ']]}'],
  ]) {
    const text = `${open.repeat(NESTING_MAX)}${inner}${close.repeat(NESTING_MAX)}`
    t.equal(payloadText(payloadOf(event(text))), text)
  }
})

t.test('nested maps whose last key is no string cost no more than others', async (t) => {
  // {"a": {"a": …, 1: 1}, 1: 1}: a writer that began each level again would need 2^32 steps.
  const value = concat(...Array(NESTING_MAX).fill(hex('82 a1 61')), hex('c0'), ...Array(NESTING_MAX).fill(hex('01 01')))
  const text = payloadText(value)
  t.equal(text.match(/\$map/g)?.length, NESTING_MAX)
  t.equal(payloadOf(event(text)).toString('hex'), Buffer.from(value).toString('hex'))
})

t.test('refusals say where, which, and how many', async (t) => {
  reader.read(
    [
      'x',
      '["event","a",8,1]',
      '',
      '  \r',
      '["event",5,0,1]',
      '["event","b",8,1]',
      'y',
      '["ping",1]\r',
      'z',
      '["subscribe",7]',
      '["subscribe",8]',
      '["later",9]',
      '["ping",-1]',
    ].join('\n'),
  )
  const frames = encodeControl({ op: Op.PING, token: 1 }).length
  const brief = reader.refused.map(({ code, request, count, events, topic, at }) => [
    code,
    request,
    count,
    events,
    topic,
    at,
  ])
  t.strictSame(brief, [
    [Code.BAD_JSON, 0, 2, 0, null, 0],
    [Code.BAD_FLAGS, 0, 2, 2, 'a', 0],
    [Code.BAD_ARGUMENTS, 0, 1, 1, null, 0],
    [Code.BAD_JSON, 0, 1, 0, null, frames],
    [Code.BAD_ARGUMENTS, 7, 1, 0, null, frames],
    [Code.BAD_ARGUMENTS, 8, 1, 0, null, frames],
    [Code.UNKNOWN_OP, 9, 1, 0, null, frames],
    [Code.BAD_ARGUMENTS, 0, 1, 0, null, frames],
  ])
  reader.read('["ping",1]')
  t.strictSame(reader.refused, [], 'nothing is left of the last text')
  reader.read('')
  t.equal(reader.length, 0)
})

t.test('a large text grows the buffer and is not kept', async (t) => {
  const text = 'x'.repeat(3 << 20)
  t.equal(unpack(payloadOf(event(JSON.stringify(text)))), text)
  reader.read('["ping",1]')
  t.ok(reader.bytes.length < 1 << 20)
  for (const length of [255, 256, 65535, 65536].flatMap((edge) => [edge - 5, edge - 4, edge - 3, edge - 2, edge])) {
    const exact = 'é'.repeat(length / 2)
    t.equal(unpack(payloadOf(event(JSON.stringify(exact)))), exact, `${length}`)
  }
  const wide = Array.from({ length: 70_000 }, (_, i) => i)
  t.strictSame(unpack(payloadOf(event(JSON.stringify(wide)))), wide)
  const keys = Object.fromEntries(wide.map((i) => [`k${i}`, i]))
  t.strictSame(JSON.parse(payloadText(payloadOf(event(JSON.stringify(keys))))), keys)
})
