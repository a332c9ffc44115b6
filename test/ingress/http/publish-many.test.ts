import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Code, type Code as CodeNumber } from '../../../src/protocol/codes.js'
import { BROKEN_LINES_MAX, framesToText, TextReader } from '../../../src/protocol/json.js'
import { Op } from '../../../src/protocol/ops.js'
import { controlFrame, eventFrame, packed, type Seen } from '../../helpers/core-frames.js'
import { ApiHarness } from '../../helpers/http-api.js'
import type { TestExchange } from '../../helpers/http-exchange.js'
import { isProblem } from '../../helpers/http-problem.js'
import { until } from '../../helpers/until.js'

const FRAMES = { 'content-type': 'application/vnd.sluice.frames' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const EVENTS = '/v1/events'

/** Sends a body in pieces that end at these positions, and in the end. */
function sendCut(exchange: TestExchange, body: Uint8Array, cuts: readonly number[]): TestExchange {
  let pos = 0
  for (const cut of [...cuts, body.length]) {
    if (cut > pos) exchange.chunk(body.subarray(pos, cut))
    pos = Math.max(pos, cut)
  }
  return exchange.end()
}

function outcome(api: ApiHarness, exchange: TestExchange): { status: number; answer: unknown; events: Seen[] } {
  return { status: exchange.status, answer: exchange.takeJson(), events: api.received() }
}

t.test('frames and lines: all accepted', async (t) => {
  const api = new ApiHarness()
  const frames = Buffer.concat([
    eventFrame('a.b', 'one'),
    eventFrame('a.c', 'two', 0),
    eventFrame('a.c', 'x', 7, { id: 'i' }),
  ])
  const exchange = api.post(EVENTS, FRAMES, frames)
  t.equal(exchange.status, 202)
  t.strictSame(exchange.answerHeaders, { 'content-type': 'application/json' })
  t.strictSame(exchange.takeJson(), { accepted: 3, refused: 0 })
  t.match(api.received(), [
    { topic: 'a.c', lane: 0, payload: 'two' },
    { topic: 'a.b', lane: 3, payload: 'one' },
    { topic: 'a.c', lane: 7, payload: 'x' },
  ])
  const text = framesToText(frames, 0, frames.length)
  for (const body of [text, `${text}\n`, `\n\n${text.replaceAll('\n', '\r\n\r\n')}\r\n`]) {
    const lines = api.post(EVENTS, NDJSON, body)
    t.equal(lines.status, 202)
    t.strictSame(lines.takeJson(), { accepted: 3, refused: 0 })
    t.match(api.received(), [{ payload: 'two' }, { payload: 'one' }, { payload: 'x' }])
  }
  for (const headers of [FRAMES, NDJSON]) {
    t.strictSame(api.post(EVENTS, headers, '').takeJson(), { accepted: 0, refused: 0 }, 'nothing is nothing')
  }
  t.strictSame(api.core.broken, [])
  t.equal(api.core.router.sessions.size, 1, 'only the subscriber')
  t.equal(api.api.requests.size, 0)
})

t.test('payloads a line, on one topic', async (t) => {
  const api = new ApiHarness()
  const exchange = api.post('/v1/topics/orders?lane=1', NDJSON, '{"id":1}\n\n {"id":2}\r\n"x"')
  t.equal(exchange.status, 202)
  t.strictSame(exchange.takeJson(), { accepted: 3, refused: 0 })
  t.match(api.received(), [
    { topic: 'orders', lane: 1 },
    { topic: 'orders', lane: 1 },
    { topic: 'orders', lane: 1 },
  ])
  t.equal(api.core.router.meters.runs, 1, 'one run')
  const withKey = api.post('/v1/topics/orders', { ...NDJSON, 'sluice-key': 'k', priority: 'u=0' }, '1\n2')
  t.strictSame(withKey.takeJson(), { accepted: 2, refused: 0 })
  t.match(api.received(), [{ lane: 0 }, { lane: 0 }])
  t.match(
    isProblem(t, api.post('/v1/topics/a', { ...NDJSON, 'sluice-id': 'i' }, '1'), Code.BAD_PARAMETER).detail,
    /one event/,
  )
  const mixed = isProblem(t, api.post('/v1/topics/orders', NDJSON, '1\n{\n2\n[1\n"\\ud800"'), Code.BAD_BODY)
  t.match(mixed, {
    accepted: 2,
    refused: 3,
    detail: /^line 2: /,
    errors: [{ code: Code.BAD_BODY, name: 'bad_body', count: 3, line: 2 }],
  })
  const topic = isProblem(t, api.post('/v1/topics/a..b', NDJSON, '1\n2'), Code.BAD_TOPIC)
  t.match(topic, { accepted: 0, refused: 2, errors: [{ code: Code.BAD_TOPIC, count: 2, topic: 'a..b' }] })
  t.equal(api.received().length, 2)
  t.strictSame(api.core.broken, [])
})

t.test('what is refused is told by code; the rest is accepted', async (t) => {
  const api = new ApiHarness()
  const { payloadBytesMax } = api.core.router.options
  const frames = Buffer.concat([
    eventFrame('good', '1'),
    eventFrame('bad..topic', '2'),
    eventFrame('good', '3'),
    eventFrame('$sys.x', '4'),
    eventFrame('worse..topic', '5'),
    eventFrame('big', 'x'.repeat(payloadBytesMax + 1)),
    controlFrame({ op: Op.SUBSCRIBE, request: 7, pattern: 'a', options: {} }),
    controlFrame({ op: Op.SYNC, request: 8 }),
    controlFrame({ op: Op.PING, token: 9 }),
    packed([99, 1]),
    eventFrame('good', '6'),
  ])
  const problem = isProblem(t, api.post(EVENTS, FRAMES, frames), Code.UNKNOWN_OP)
  t.strictSame(problem.accepted, 3)
  t.strictSame(problem.refused, 4)
  t.strictSame(problem.errors, [
    { code: Code.UNKNOWN_OP, name: 'unknown_op', count: 1 },
    { code: Code.BAD_TOPIC, name: 'bad_topic', count: 2, topic: 'bad..topic' },
    { code: Code.RESERVED_TOPIC, name: 'reserved_topic', count: 1, topic: '$sys.x' },
    { code: Code.PAYLOAD_TOO_LARGE, name: 'payload_too_large', count: 1, topic: 'big' },
    { code: Code.PUBLISH_ONLY, name: 'publish_only', count: 1 },
  ])
  t.match(api.received(), [{ payload: '1' }, { payload: '3' }, { payload: '6' }])
  const lines = [
    '["event","good",3,1]',
    '["event","good",9,2]',
    'nonsense',
    '["event","good",3,3]',
    '["event","bad..topic",3,4]',
    '["subscribe",1,"a"]',
    '["event","good",3,{"$bin":5}]',
  ]
  const told = isProblem(t, api.post(EVENTS, NDJSON, lines.join('\n')), Code.BAD_ARGUMENTS)
  t.match(told, { accepted: 2, refused: 3, detail: /^line 7: / })
  t.strictSame(told.errors, [
    { code: Code.BAD_ARGUMENTS, name: 'bad_arguments', count: 1, topic: 'good', line: 7 },
    { code: Code.BAD_TOPIC, name: 'bad_topic', count: 1, topic: 'bad..topic' },
    { code: Code.BAD_FLAGS, name: 'bad_flags', count: 1, topic: 'good', line: 2 },
    { code: Code.BAD_JSON, name: 'bad_json', count: 1, line: 3 },
    { code: Code.PUBLISH_ONLY, name: 'publish_only', count: 1 },
  ])
  t.equal(api.received().length, 2)
  t.strictSame(api.core.broken, [])
})

t.test('what would fail again names the answer, what may be tried again does not', async (t) => {
  const api = new ApiHarness()
  api.core.router.delivery.overloadedFrom = 3
  const frames = Buffer.concat([eventFrame('a', '1'), eventFrame('b', '2', 0), eventFrame('c..d', '3', 0)])
  const both = isProblem(t, api.post(EVENTS, FRAMES, frames), Code.BAD_TOPIC)
  t.match(both, {
    accepted: 1,
    refused: 2,
    retryAfterMs: 1000,
    errors: [{ code: Code.BAD_TOPIC }, { code: Code.OVERLOADED }],
  })
  api.core.router.delivery.overloadedFrom = 3
  const one = api.post(EVENTS, FRAMES, frames.subarray(0, eventFrame('a', '1').length))
  t.match(isProblem(t, one, Code.OVERLOADED), { accepted: 0, refused: 1, retryAfterMs: 1000 })
  t.equal(one.answerHeaders['retry-after'], '1')
})

t.test('bytes that leave nothing to go on with end the body', async (t) => {
  const good = eventFrame('a', '1')
  const nested = Buffer.concat([Buffer.from([0x92, 12]), Buffer.alloc(40, 0x91), Buffer.from([0])])
  const cases: [string, Uint8Array, CodeNumber][] = [
    ['no frame', Buffer.from([0xc1]), Code.MALFORMED],
    ['a map', Buffer.from([0x81, 1, 1]), Code.MALFORMED],
    ['no op', Buffer.from([0x91, 0xa1, 0x61]), Code.MALFORMED],
    ['cut short', good.subarray(0, good.length - 1), Code.MALFORMED],
    ['a length that lies', Buffer.from([0x92, 8, 0xdd, 0xff, 0xff, 0xff, 0xff]), Code.MALFORMED],
    ['an ext type', Buffer.from([0x92, 10, 0xd4, 1, 1]), Code.BAD_ARGUMENTS],
    ['a deep one', nested, Code.TOO_DEEP],
    ['a long control frame', packed([2, { name: 'x'.repeat(5000) }]), Code.FRAME_TOO_LARGE],
    ['another version', controlFrame({ op: Op.HELLO, info: { version: 2 } }), Code.UNSUPPORTED_VERSION],
    ['a frame over the limit', eventFrame('a', 'x'.repeat(70_000)), Code.PAYLOAD_TOO_LARGE],
    ['much metadata', eventFrame('a', '', 3, { id: 'x'.repeat(5000) }), Code.FRAME_TOO_LARGE],
  ]
  for (const [what, bad, code] of cases) {
    for (const cuts of [[], [good.length], [good.length + 1], [5, good.length + Math.floor(bad.length / 2)]]) {
      const api = new ApiHarness()
      const exchange = api.open({ method: 'POST', target: EVENTS, headers: FRAMES })
      sendCut(
        exchange,
        Buffer.concat(
          [good, bad, what === 'cut short' || what === 'a length that lies' ? '' : good].map((part) =>
            Buffer.from(part),
          ),
        ),
        cuts,
      )
      const problem = isProblem(t, exchange, code, what)
      t.match(problem, { accepted: 1, refused: 0, errors: [{ code, count: 1 }] })
      t.equal(api.received().length, 1, 'what came before it is an event')
      t.strictSame(api.core.broken, [])
      t.equal(api.core.router.sessions.size, 1)
      t.equal(api.api.requests.size, 0)
    }
  }
})

t.test('lines that are no text, too long, or too many that are no JSON', async (t) => {
  const api = new ApiHarness()
  const { messageBytesMax } = api.core.router.options
  const line = '["event","a",3,1]\n'
  const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const torn = isProblem(
    t,
    api.post(EVENTS, NDJSON, bytes(line, [0xff, 0x0a], line, '["event","a",3,"', [0xc3], '"]\n', line)),
    Code.BAD_JSON,
  )
  t.match(torn, { accepted: 3, refused: 2, errors: [{ code: Code.BAD_JSON, count: 2, line: 2 }], detail: /UTF-8/ })
  const payloads = isProblem(t, api.post('/v1/topics/a', NDJSON, bytes('1\n', [0xff, 0x0a], '2')), Code.BAD_BODY)
  t.match(payloads, { accepted: 2, refused: 1, errors: [{ line: 2 }] })
  for (const target of [EVENTS, '/v1/topics/a']) {
    const good = target === EVENTS ? line : '1\n'
    const long = `${' '.repeat(messageBytesMax)}\n`
    const problem = isProblem(
      t,
      api.post(target, NDJSON, good + long + good + long.trimEnd() + 'x'.repeat(messageBytesMax + 1)),
      Code.PAYLOAD_TOO_LARGE,
    )
    t.match(problem, { accepted: 2, refused: 2, errors: [{ code: Code.PAYLOAD_TOO_LARGE, count: 2, line: 2 }] })
    const broken = `${'[,]\n'.repeat(BROKEN_LINES_MAX)}`
    const code = target === EVENTS ? Code.BAD_JSON : Code.BAD_BODY
    t.match(isProblem(t, api.post(target, NDJSON, broken + good), code), {
      accepted: 1,
      errors: [{ count: BROKEN_LINES_MAX }],
    })
    t.match(isProblem(t, api.post(target, NDJSON, `${broken}[,]\n${good}`), code), { accepted: 0 })
  }
  t.strictSame(api.core.broken, [])
})

t.test('bounds of the body', async (t) => {
  const api = new ApiHarness({ bodyBytesMax: 1000, bodyTimeoutMs: 5000 })
  const line = '["event","a",3,1]\n'
  const early = api.open({ method: 'POST', target: EVENTS, headers: { ...NDJSON, 'content-length': '1001' } })
  t.notOk(early.wantsBody)
  isProblem(t, early, Code.BODY_TOO_LARGE)
  for (const length of ['x', '-1', '1e99']) {
    const exchange = api.open({ method: 'POST', target: EVENTS, headers: { ...NDJSON, 'content-length': length } })
    if (length !== '-1') isProblem(t, exchange, Code.BODY_TOO_LARGE, length)
  }
  const long = api.open({ method: 'POST', target: EVENTS, headers: NDJSON }).chunk(line.repeat(50))
  t.notOk(long.ended)
  long.chunk(line.repeat(50))
  t.match(isProblem(t, long, Code.BODY_TOO_LARGE), { accepted: 50, refused: 0 })

  const slow = api.open({ method: 'POST', target: EVENTS, headers: NDJSON }).chunk(line)
  api.api.tick(1000)
  slow.chunk(line)
  api.api.tick(5999)
  t.notOk(slow.ended)
  api.api.tick(6000)
  t.match(isProblem(t, slow, Code.REQUEST_TIMEOUT), { accepted: 2, refused: 0 })

  const gone = api.open({ method: 'POST', target: EVENTS, headers: NDJSON }).chunk(line)
  gone.cut()
  const half = api.open({ method: 'POST', target: EVENTS, headers: FRAMES }).chunk(eventFrame('a', '1'))
  api.api.close()
  t.match(isProblem(t, half, Code.SHUTTING_DOWN), { accepted: 1 })
  t.equal(api.meters.aborted, 1)
  t.equal(api.api.requests.size, 0)
  t.equal(api.core.router.sessions.size, 1)
  t.equal(api.received().length, 54)
})

t.test('an answer after routing', async (t) => {
  const api = new ApiHarness()
  const exchange = api.post(EVENTS, { ...NDJSON, prefer: 'wait' }, '["event","a",7,1]\n["event","b",0,2]')
  t.notOk(exchange.ended)
  api.core.turns()
  await until('the answer', () => exchange.ended)
  t.equal(exchange.status, 200)
  t.strictSame(exchange.answerHeaders, { 'content-type': 'application/json', 'preference-applied': 'wait' })
  t.strictSame(exchange.takeJson(), { accepted: 2, refused: 0 })
  isProblem(t, api.post(EVENTS, { ...NDJSON, prefer: 'wait' }, '["event","a..b",7,1]'), Code.BAD_TOPIC)
})

t.test('heads that are refused', async (t) => {
  const api = new ApiHarness()
  const cases: [string, Record<string, string>, CodeNumber, RegExp][] = [
    [EVENTS, {}, Code.UNSUPPORTED_MEDIA_TYPE, /x-ndjson/],
    [EVENTS, { 'content-type': 'application/json' }, Code.UNSUPPORTED_MEDIA_TYPE, /one JSON value/],
    [EVENTS, { 'content-type': 'application/x-ndjson; charset=latin1' }, Code.UNSUPPORTED_MEDIA_TYPE, /x-ndjson/],
    [EVENTS, { ...NDJSON, 'content-encoding': 'gzip' }, Code.UNSUPPORTED_MEDIA_TYPE, /gzip/],
    [EVENTS, { ...NDJSON, 'sluice-id': '1' }, Code.BAD_PARAMETER, /sluice-id/],
    [EVENTS, { ...NDJSON, accept: 'text/html' }, Code.NOT_ACCEPTABLE, /application\/json/],
    [EVENTS, { ...NDJSON, accept: 'text/event-stream' }, Code.NOT_ACCEPTABLE, /GET/],
    [EVENTS, { ...NDJSON, accept: 'application/x-ndjson' }, Code.NOT_ACCEPTABLE, /HTTP\/2.*WebSocket/],
    [`${EVENTS}?lane=1`, NDJSON, Code.UNKNOWN_PARAMETER, /lane/],
  ]
  for (const [target, headers, code, detail] of cases) {
    const exchange = api.open({ method: 'POST', target, headers })
    t.notOk(exchange.wantsBody)
    t.equal(
      exchange.answerHeaders.accept,
      code === Code.UNSUPPORTED_MEDIA_TYPE ? 'application/x-ndjson, application/vnd.sluice.frames' : undefined,
    )
    t.match(isProblem(t, exchange, code, `${target} ${JSON.stringify(headers)}`).detail, detail)
  }
  for (const accept of ['*/*', 'application/*', 'application/json', 'application/x-ndjson, */*;q=0.1']) {
    t.equal(api.post(EVENTS, { ...NDJSON, accept }, '').status, 202, accept)
  }
})

/** Frames of every kind that may stand in a body, good and bad. */
const anyFrame = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'b.c', 'x'.repeat(40)), fc.string({ maxLength: 300 }), fc.nat(7))
      .map(([topic, payload, lane]) => eventFrame(topic, payload, lane)),
  },
  {
    weight: 1,
    arbitrary: fc.nat(5).map((n) => eventFrame('meta', 'm', 3, { id: 'i'.repeat(n * 20), ttl: 1 + n * 1000 })),
  },
  { weight: 1, arbitrary: fc.nat(3).map((n) => eventFrame(['a..b', '$sys', '*', ''][n], 'x')) },
  { weight: 1, arbitrary: fc.nat(700).map((n) => eventFrame('long', 'y'.repeat(n * 100))) },
  { weight: 1, arbitrary: fc.nat(3).map((request) => controlFrame({ op: Op.SYNC, request })) },
  { weight: 1, arbitrary: fc.nat(300).map((n) => packed([n % 3 === 0 ? 2 : 77, { name: 'n'.repeat(n) }])) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      packed([1, 'a', 9, Buffer.from('x')]),
      packed([1, 'a', 3, 'no bytes']),
      packed([1]),
      packed([1, 2, 3, 4, 5, 6]),
    ),
  },
)

t.test('a body cut anywhere is the body', async (t) => {
  let accepted = 0
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.nat(10),
      (frames, seeds, torn) => {
        const whole = Buffer.concat(frames)
        const body = torn === 0 ? whole.subarray(0, Math.floor(whole.length / 2)) : whole
        // In what order lanes are served depends on what they were served before: each has a core of its own.
        const uncut = new ApiHarness()
        const expected = outcome(uncut, uncut.post(EVENTS, FRAMES, body))
        const api = new ApiHarness()
        const cuts = seeds.map((seed) => (body.length === 0 ? 0 : seed % body.length)).sort((a, b) => a - b)
        const exchange = sendCut(api.open({ method: 'POST', target: EVENTS, headers: FRAMES }), body, cuts)
        deepStrictEqual(outcome(api, exchange), expected)
        deepStrictEqual(api.core.broken, [])
        accepted += api.core.router.meters.accepted
      },
    ),
    { numRuns: 200 },
  )
  t.ok(accepted > 0)
})

t.test('a body cut at every byte is the body', async (t) => {
  const long = 'z'.repeat(300)
  const text = `["event","a",3,{"id":1}]\n["event","a",3,"€ ${long}"]\n\nbroken\n["event","b..c",3,1]\r\n["event","a",0,[]]`
  const reader = new TextReader()
  reader.read(text)
  const frames = Buffer.concat([
    Buffer.from(reader.bytes.subarray(0, reader.length)),
    eventFrame('m', 'x', 3, { id: 'i' }),
    controlFrame({ op: Op.SYNC, request: 1 }),
    eventFrame('l'.repeat(50), 'x'),
  ])
  for (const [target, headers, body] of [
    [EVENTS, FRAMES, frames],
    [EVENTS, NDJSON, Buffer.from(text)],
    ['/v1/topics/a', NDJSON, Buffer.from('{"a":"ü"}\n[\n1\r\n')],
  ] as const) {
    const api = new ApiHarness()
    const expected = outcome(api, api.post(target, headers, body))
    for (let cut = 0; cut <= body.length; cut++) {
      const exchange = sendCut(api.open({ method: 'POST', target, headers }), body, [cut])
      deepStrictEqual(outcome(api, exchange), expected, `${target} cut at ${cut}`)
    }
    const every = sendCut(api.open({ method: 'POST', target, headers }), body, Array.from(body.keys()))
    t.strictSame(outcome(api, every), expected, 'byte by byte')
    t.strictSame(api.core.broken, [])
  }
})

t.test('a body of megabytes in large chunks', async (t) => {
  const api = new ApiHarness({ bodyBytesMax: 64 << 20 })
  const batch = Buffer.concat(
    Array.from({ length: 6400 }, (_, i) => eventFrame('fire.hose', String(i % 10).repeat(128))),
  )
  const exchange = api.open({ method: 'POST', target: EVENTS, headers: FRAMES })
  let events = 0
  let received = 0
  for (let round = 0; round < 5; round++) {
    for (let pos = 0; pos < batch.length; pos += 300_000) exchange.chunk(batch.subarray(pos, pos + 300_000))
    events += 6400
    received += api.received().length
  }
  exchange.end()
  t.strictSame(exchange.takeJson(), { accepted: events, refused: 0 })
  t.equal(received, events)
  t.strictSame(api.core.broken, [])
})

t.test('whatever comes is answered, and nothing is left behind', async (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    anyFrame,
    fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(`["event","a",3,${text}]\n`)),
  )
  const api = new ApiHarness()
  fc.assert(
    fc.property(
      fc.constantFrom(FRAMES, NDJSON),
      fc.constantFrom(EVENTS, '/v1/topics/a.b'),
      fc.array(piece, { maxLength: 12 }),
      (headers, target, pieces) => {
        const exchange = api.open({ method: 'POST', target, headers })
        for (const bytes of pieces) exchange.chunk(bytes)
        exchange.end()
        ok(exchange.ended && exchange.status >= 200 && exchange.status < 500, `answered ${exchange.status}`)
        api.received()
        deepStrictEqual(api.core.broken, [])
        deepStrictEqual([api.core.held.runs, api.api.requests.size, api.api.held.used], [0, 0, 0])
        equal(api.core.router.sessions.size, 1)
      },
    ),
    { numRuns: 300 },
  )
  t.ok(api.core.router.meters.accepted > 0)
})
