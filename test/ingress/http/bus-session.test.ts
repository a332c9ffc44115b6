import fc from 'fast-check'
import t from 'tap'
import { Written } from '../../../src/core/link.js'
import { Code } from '../../../src/protocol/codes.js'
import { Op } from '../../../src/protocol/ops.js'
import { controlFrame, eventFrame, readFrames } from '../../helpers/core-frames.js'
import { ApiHarness } from '../../helpers/http-api.js'
import type { TestExchange } from '../../helpers/http-exchange.js'
import { isProblem } from '../../helpers/http-problem.js'

const MEDIA_FRAMES = 'application/vnd.sluice.frames'
const MEDIA_NDJSON = 'application/x-ndjson'

function open(api: ApiHarness, media = MEDIA_FRAMES, accept = media): TestExchange {
  return api.open({ method: 'POST', target: '/v1/events', headers: { 'content-type': media, accept }, isDuplex: true })
}

const sync = (request: number) => controlFrame({ op: Op.SYNC, request })
const subscribe = (pattern: string) => controlFrame({ op: Op.SUBSCRIBE, request: 1, pattern, options: {} })

t.test('the answer begins at once and streams what the session is sent', async (t) => {
  const api = new ApiHarness()
  const exchange = open(api)
  t.equal(exchange.status, 200)
  t.match(exchange.answerHeaders, { 'content-type': MEDIA_FRAMES, 'cache-control': 'no-store' })
  t.match(readFrames(exchange.take()), [{ op: Op.WELCOME }])
  exchange.chunk(Buffer.concat([eventFrame('a', '1'), eventFrame('a..b', '2'), sync(5)]))
  t.match(readFrames(exchange.take()), [
    { op: Op.ERROR, code: Code.BAD_TOPIC, details: { count: 1 } },
    { op: Op.SYNCED, request: 5, accepted: 1, refused: 1 },
  ])
  exchange.chunk(Buffer.concat([subscribe('b.>'), eventFrame('b.c', '3')]))
  api.core.turns()
  t.match(readFrames(exchange.take()), [
    { op: Op.OK, request: 1 },
    { op: 1, topic: 'b.c', payload: '3' },
  ])
  exchange.end()
  t.notOk(exchange.ended, 'who is subscribed may go on hearing when all is said')
  api.post('/v1/topics/b.d', { 'content-type': 'application/json' }, '4')
  api.core.turns()
  t.match(readFrames(exchange.take()), [{ op: 1, topic: 'b.d' }])
  exchange.cut()
  t.equal(api.api.requests.size, 0)
  t.equal(api.api.sessions.size, 0)
  t.equal(api.core.router.sessions.size, 1)
  t.equal(api.received().length, 3)
  t.strictSame(api.core.broken, [])
})

t.test('lines as well, in either direction', async (t) => {
  const api = new ApiHarness()
  const exchange = open(api, MEDIA_NDJSON)
  t.match(exchange.answerHeaders, { 'content-type': MEDIA_NDJSON })
  t.match(exchange.takeText(), /^\["welcome",\{.*\}\]\n$/)
  exchange.chunk('["event","a",3,{"id":1}]\n["sync",').chunk('5]\nnonsense\n["event","a",3')
  api.core.turns()
  t.match(exchange.takeText(), /^\["synced",5,1,0\]\n\["error",0,4516,".*",\{"count":1\}\]\n$/)
  exchange.end(',2]')
  t.ok(exchange.ended)
  t.equal(exchange.take().length, 0)
  const mixed = open(api, MEDIA_NDJSON, MEDIA_FRAMES)
  mixed.end('["sync",1]')
  t.match(readFrames(mixed.take()), [{ op: Op.WELCOME }, { op: Op.SYNCED, request: 1, accepted: 0 }])
  t.equal(api.received().length, 2)
  t.strictSame(api.core.broken, [])
})

t.test('a body that ends ends the answer, after all that was said', async (t) => {
  const api = new ApiHarness()
  const exchange = open(api)
  exchange.take()
  exchange.answer = Written.BUFFERED
  exchange.end(Buffer.concat([eventFrame('a..b', '1'), sync(1), sync(2)]))
  t.notOk(exchange.ended, 'the transport has not passed on all of it')
  exchange.thaw()
  t.match(readFrames(exchange.take()), [
    { op: Op.ERROR, code: Code.BAD_TOPIC },
    { op: Op.SYNCED, request: 1 },
    { op: Op.SYNCED, request: 2 },
  ])
  t.ok(exchange.ended)
  t.equal(api.core.router.sessions.size, 1)
})

t.test('an error that ends the session ends the answer', async (t) => {
  const api = new ApiHarness()
  for (const [body, code] of [
    [Buffer.from([0xc1]), Code.MALFORMED],
    [eventFrame('a', '1').subarray(0, 5), Code.MALFORMED],
    [controlFrame({ op: Op.HELLO, info: { version: 9 } }), Code.UNSUPPORTED_VERSION],
    [eventFrame('a', 'x'.repeat(70_000)), Code.PAYLOAD_TOO_LARGE],
  ] as const) {
    const exchange = open(api)
    exchange.take()
    exchange.end(Buffer.concat([eventFrame('a', '1'), body]))
    t.match(readFrames(exchange.take()), [{ op: Op.ERROR, code }])
    t.ok(exchange.ended)
  }
  const lines = open(api, MEDIA_NDJSON)
  lines.take()
  lines.chunk('[,]\n'.repeat(200))
  t.match(lines.takeText(), /"error",0,4516/)
  t.ok(lines.ended)
  t.equal(api.api.requests.size, 0)
  t.equal(api.received().length, 4)
  t.strictSame(api.core.broken, [])
})

t.test('who says and hears nothing is ended, who is subscribed or speaks is not', async (t) => {
  const api = new ApiHarness({ bodyTimeoutMs: 5000, heartbeatMs: 60_000 })
  const silent = open(api)
  const talking = open(api)
  const listening = open(api).chunk(subscribe('x'))
  for (let now = 1000; now <= 12_000; now += 1000) {
    talking.chunk(sync(now))
    api.api.tick(now)
  }
  t.ok(silent.ended)
  t.match(readFrames(silent.take()), [{ op: Op.WELCOME }, { op: Op.ERROR, code: Code.REQUEST_TIMEOUT }])
  t.notOk(talking.ended)
  t.notOk(listening.ended)
})

t.test('a silent answer has a heartbeat', async (t) => {
  const api = new ApiHarness({ heartbeatMs: 3000 })
  const frames = open(api).chunk(subscribe('x'))
  const lines = open(api, MEDIA_NDJSON).chunk('["subscribe",0,"x"]\n')
  frames.take()
  lines.take()
  for (let now = 1000; now <= 9000; now += 1000) api.api.tick(now)
  t.match(readFrames(frames.take())[0], { op: Op.PONG })
  t.match(lines.takeText(), /^\n+$/)
})

t.test('who does not read is a slow consumer', async (t) => {
  const api = new ApiHarness({}, { outboxControlBytesMax: 1000 })
  const deaf = open(api)
  deaf.answer = Written.BUFFERED
  deaf.chunk(sync(0))
  for (let i = 1; i < 200; i++) deaf.chunk(sync(i))
  api.core.turns()
  t.notOk(deaf.ended)
  api.api.tick(1000)
  api.api.tick(20_000)
  t.ok(deaf.aborted, 'cut off after a while')
  t.equal(api.core.router.meters.slowConsumers, 1)

  const behind = open(api)
  behind.chunk(subscribe('b')).take()
  behind.answer = Written.BUFFERED
  for (let i = 0; i < 100; i++) {
    api.post('/v1/topics/b', { 'content-type': 'text/plain' }, `${i}`)
    api.core.turns()
  }
  behind.thaw()
  const seen = readFrames(behind.take()).filter((frame) => frame.op === 1)
  t.equal(seen.length, 100, 'what waited comes when it reads')
  t.strictSame(api.core.broken, [])
})

t.test('the daemon stops', async (t) => {
  const api = new ApiHarness()
  const exchange = open(api)
  exchange.take()
  const [session] = [...api.core.router.sessions.values()].slice(1)
  api.core.router.sayGoodbye(session, 500)
  t.match(readFrames(exchange.take()), [{ op: Op.GOAWAY, code: Code.SHUTTING_DOWN }])
  api.api.close()
  t.ok(exchange.ended)
  t.equal(exchange.take().length, 0, 'it was told why already')
  isProblem(t, open(api), Code.SHUTTING_DOWN)
  t.equal(api.core.router.sessions.size, 1)
})

t.test('on HTTP/1.1 there is no such answer', async (t) => {
  const api = new ApiHarness()
  const headers = { 'content-type': MEDIA_FRAMES, accept: MEDIA_FRAMES }
  const exchange = api.open({ method: 'POST', target: '/v1/events', headers })
  t.match(isProblem(t, exchange, Code.NOT_ACCEPTABLE).detail, /HTTP\/2/)
})

t.test('frames go through a request as they came, however they are cut', async (t) => {
  const event = fc
    .tuple(fc.constantFrom('a', 'a.b', 'c'.repeat(60)), fc.uint8Array({ maxLength: 400 }), fc.boolean())
    .map(([topic, payload, hasMetadata]) => eventFrame(topic, payload, 3, hasMetadata ? { id: 'x' } : undefined))
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (events, seeds) => {
        const api = new ApiHarness()
        const exchange = open(api).chunk(subscribe('>'))
        api.core.turns()
        exchange.take()
        const body = Buffer.concat(events)
        let pos = 0
        for (const cut of [...seeds.map((seed) => seed % body.length).sort((a, b) => a - b), body.length]) {
          exchange.chunk(body.subarray(pos, cut))
          pos = cut
        }
        api.core.turns()
        t.ok(exchange.take().equals(body))
        exchange.end()
      },
    ),
    { numRuns: 100 },
  )
})
