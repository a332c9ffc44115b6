import { pack } from 'msgpackr'
import t from 'tap'
import { Code, type Code as CodeNumber } from '../../../src/protocol/codes.js'
import { framesToText } from '../../../src/protocol/json.js'
import { TTL_MS_MAX } from '../../../src/protocol/limits.js'
import { ApiHarness } from '../../helpers/http-api.js'
import { isProblem } from '../../helpers/http-problem.js'
import { until } from '../../helpers/until.js'

const JSON_TYPE = { 'content-type': 'application/json' }

/** What a subscriber of the JSON subprotocol gets. */
function lines(api: ApiHarness): unknown[] {
  api.core.turns()
  const frames = Buffer.concat(api.peer.link.writes.splice(0))
  if (frames.length === 0) return []
  return framesToText(frames, 0, frames.length)
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

t.test('each content type becomes an event', async (t) => {
  const text = '{"id":1,"ü":"é"}'
  const type = (media: string) => ({ 'content-type': media })
  const cases: [string, Record<string, string>, string | Uint8Array, unknown[]][] = [
    ['JSON', JSON_TYPE, text, [{ id: 1, ü: 'é' }]],
    ['JSON with its charset', type('Application/JSON; charset="UTF-8"'), '[1, 2]', [[1, 2]]],
    ['JSON scalars', JSON_TYPE, ' -1.5e3\n', [-1500]],
    ['JSON with an escape', JSON_TYPE, '{"$bin":"AAE="}', [{ $bin: 'AAE=' }]],
    ['msgpack', type('application/vnd.msgpack'), pack({ a: [1, 'x', null] }), [{ a: [1, 'x', null] }]],
    ['msgpack by other names', type('application/x-msgpack'), pack(7), [7]],
    ['msgpack, the third name', type('application/msgpack'), pack('s'), ['s']],
    ['text', type('text/plain'), 'hello', ['hello', { type: 'text/plain' }]],
    ['bytes', type('image/png'), Buffer.from([1, 2]), [{ $raw: 'AQI=' }, { type: 'image/png' }]],
    ['no type', {}, 'x', [{ $raw: 'eA==' }, { type: 'application/octet-stream' }]],
    ['nothing', type('text/plain'), '', ['', { type: 'text/plain' }]],
    ['a form', type('application/x-www-form-urlencoded'), 'a=1', [{ $raw: 'YT0x' }, { type: String }]],
    ['JSON of another kind', type('application/ld+json'), '{}', [{ $raw: 'e30=' }, { type: 'application/ld+json' }]],
  ]
  for (const [what, headers, body, expected] of cases) {
    const whole = typeof body === 'string' ? Buffer.from(body) : body
    for (const withLength of [true, false]) {
      const api = new ApiHarness()
      const exchange = api.post(
        '/v1/topics/orders.eu',
        withLength ? { ...headers, 'content-length': String(whole.length) } : headers,
        whole,
      )
      t.equal(exchange.status, 202, what)
      t.ok(exchange.ended)
      t.equal(exchange.take().length, 0, 'no body')
      t.match(lines(api), [['event', 'orders.eu', 3, ...expected]], what)
      t.strictSame(api.core.broken, [])
      t.equal(api.meters.answered.get(202), 1)
      t.equal(api.core.router.meters.accepted, 1)
    }
  }
})

t.test('a body cut at every byte is the same event', async (t) => {
  const api = new ApiHarness()
  const body = Buffer.from('{"name":"größe","list":[1,2,3]}')
  for (let cut = 0; cut <= body.length; cut++) {
    const exchange = api.open({
      method: 'POST',
      target: '/v1/topics/a',
      headers: { ...JSON_TYPE, 'content-length': String(body.length) },
    })
    exchange.chunk(body.subarray(0, cut)).chunk(body.subarray(cut)).end()
    t.equal(exchange.status, 202, `cut at ${cut}`)
    t.strictSame(lines(api), [['event', 'a', 3, { name: 'größe', list: [1, 2, 3] }]])
  }
  const exchange = api.open({ method: 'POST', target: '/v1/topics/a', headers: JSON_TYPE })
  for (const byte of body) exchange.chunk(Uint8Array.of(byte))
  exchange.end()
  t.strictSame(lines(api), [['event', 'a', 3, { name: 'größe', list: [1, 2, 3] }]])
})

t.test('consecutive events of one topic move as one run, whatever their body', async (t) => {
  const api = new ApiHarness()
  for (let i = 0; i < 20; i++) {
    const isJson = i % 2 === 0
    const headers = isJson ? JSON_TYPE : { 'content-type': 'application/vnd.msgpack' }
    api.post('/v1/topics/orders.eu', headers, isJson ? JSON.stringify({ i }) : pack({ i }))
  }
  api.core.turns()
  t.equal(api.core.router.meters.runs, 1)
  t.equal(lines(api).length, 20)
})

t.test('topics', async (t) => {
  const api = new ApiHarness()
  const long = 'é'.repeat(40)
  const names = ['a', 'a.b.c', 'ö.€', 'a/b', 'a+b', '100%', 'x'.repeat(31), 'x'.repeat(32), long, 'x'.repeat(255)]
  for (const topic of names) {
    for (const headers of [JSON_TYPE, { 'content-type': 'text/plain' }]) {
      api.post(`/v1/topics/${encodeURIComponent(topic)}`, headers, '1')
      t.match(lines(api), [['event', topic, 3]], topic)
    }
  }
  const bad: [string, CodeNumber][] = [
    ['', Code.BAD_TOPIC],
    ['a..b', Code.BAD_TOPIC],
    ['a.*', Code.BAD_TOPIC],
    ['a.%3E', Code.BAD_TOPIC],
    ['a%20b', Code.BAD_TOPIC],
    ['%zz', Code.BAD_TOPIC],
    ['%ff', Code.BAD_TOPIC],
    ['a%', Code.BAD_TOPIC],
    ['ö', Code.BAD_TOPIC],
    ['%00', Code.BAD_TOPIC],
    ['x'.repeat(256), Code.TOPIC_TOO_LONG],
    ['%C3%A9'.repeat(128), Code.TOPIC_TOO_LONG],
    [`${'a.'.repeat(16)}a`, Code.TOPIC_TOO_LONG],
    ['$sys.x', Code.RESERVED_TOPIC],
    ['%24sys', Code.RESERVED_TOPIC],
  ]
  for (const [topic, code] of bad) {
    for (const headers of [JSON_TYPE, { 'content-type': 'text/plain' }]) {
      const refusedBefore = api.core.router.meters.refused.get(code) ?? 0
      isProblem(t, api.post(`/v1/topics/${topic}`, headers, '1'), code, topic)
      t.equal(api.core.router.meters.refused.get(code), refusedBefore + 1)
    }
  }
  t.strictSame(lines(api), [])
  t.strictSame(api.core.broken, [])
})

t.test('lanes', async (t) => {
  const api = new ApiHarness()
  const laneOf = (query: string, priority?: string) => {
    const exchange = api.post(
      `/v1/topics/a${query}`,
      priority === undefined ? JSON_TYPE : { ...JSON_TYPE, priority },
      '1',
    )
    const [line] = lines(api) as [unknown[]?]
    return exchange.status === 202 ? line?.[2] : exchange.status
  }
  t.equal(laneOf(''), 3)
  for (let lane = 0; lane < 8; lane++) {
    t.equal(laneOf(`?lane=${lane}`), lane)
    t.equal(laneOf('', `u=${lane}`), lane)
    t.equal(laneOf('', `i, u=${lane}`), lane)
    t.equal(laneOf(`?lane=${lane}`, 'u=6'), lane, 'the query goes first')
  }
  t.equal(laneOf('', 'u=8'), 3, 'ignored, as RFC 9218 wants it')
  t.equal(laneOf('', 'urgent!'), 3)
  t.equal(laneOf('?'), 3)
  for (const bad of ['8', '-1', '1.5', '', 'x', '0x1', '3 ', '%33%', '+1', '1e0'])
    t.equal(laneOf(`?lane=${bad}`), 400, bad)
  const twice = isProblem(t, api.post('/v1/topics/a?lane=1&lane=1', JSON_TYPE, '1'), Code.BAD_PARAMETER)
  t.match(twice.detail, /once/)
  const typo = isProblem(t, api.post('/v1/topics/a?lan=1', JSON_TYPE, '1'), Code.UNKNOWN_PARAMETER)
  t.match(typo, { nearest: 'lane', detail: /"lan".*did you mean lane\?.*known are lane/ })
})

t.test('metadata', async (t) => {
  const api = new ApiHarness()
  const send = (headers: Record<string, string>, type = 'application/json') =>
    api.post('/v1/topics/a', { 'content-type': type, ...headers }, '1')
  const all = {
    'sluice-id': 'e-1',
    'sluice-ttl': '5000',
    'sluice-reply': 'answers.here',
    'sluice-key': 'k',
    'sluice-header-trace-id': 'abc',
    'sluice-header-$bin': 'not an escape',
  }
  const metadata = {
    id: 'e-1',
    ttl: 5000,
    reply: 'answers.here',
    key: 'k',
    headers: { 'trace-id': 'abc', $bin: 'not an escape' },
  }
  t.equal(send(all).status, 202)
  t.match(lines(api), [['event', 'a', 3, 1, metadata]])
  t.equal(send(all, 'text/plain').status, 202)
  t.match(lines(api), [['event', 'a', 3, '1', { ...metadata, type: 'text/plain' }]])
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`sluice-header-h${i}`, `${i}`]))
  send(many)
  t.match(lines(api), [
    ['event', 'a', 3, 1, { headers: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`h${i}`, `${i}`])) }],
  ])
  send({ 'sluice-header-$bin': 'x' })
  t.match(lines(api), [['event', 'a', 3, 1, { headers: { $map: [['$bin', 'x']] } }]])

  const bad: [Record<string, string>, CodeNumber, RegExp][] = [
    [{ 'sluice-ttl': '0' }, Code.BAD_PARAMETER, /sluice-ttl/],
    [{ 'sluice-ttl': '1.5' }, Code.BAD_PARAMETER, /sluice-ttl/],
    [{ 'sluice-ttl': String(TTL_MS_MAX + 1) }, Code.BAD_PARAMETER, /sluice-ttl/],
    [{ 'sluice-id': '' }, Code.BAD_PARAMETER, /sluice-id/],
    [{ 'sluice-id': 'x'.repeat(256) }, Code.BAD_PARAMETER, /sluice-id/],
    [{ 'sluice-id': 'é' }, Code.BAD_PARAMETER, /ASCII/],
    [{ 'sluice-reply': 'a..b' }, Code.BAD_PARAMETER, /topic/],
    [{ 'sluice-header-x': 'é' }, Code.BAD_PARAMETER, /ASCII/],
    [{ 'sluice-header-x': 'y'.repeat(4100) }, Code.FRAME_TOO_LARGE, /4096/],
    [{ 'sluice-tll': '1' }, Code.UNKNOWN_PARAMETER, /sluice-tll.*did you mean sluice-ttl\?/],
    [{ 'sluice-lane': '1' }, Code.UNKNOWN_PARAMETER, /known are sluice-id/],
    [{ 'sluice-header-': '1' }, Code.UNKNOWN_PARAMETER, /sluice-header-NAME/],
    [{ 'sluice-': '1' }, Code.UNKNOWN_PARAMETER, /there is no header field/],
  ]
  for (const [headers, code, detail] of bad) {
    t.match(isProblem(t, send(headers), code, JSON.stringify(headers).slice(0, 60)).detail, detail)
  }
  for (const type of [`text/${'x'.repeat(260)}`, 'text/pläin']) isProblem(t, send({}, type), Code.BAD_PARAMETER)
  t.strictSame(lines(api), [])
  t.strictSame(api.core.broken, [])
})

t.test('an event that nobody may have any more', async (t) => {
  const api = new ApiHarness()
  api.post('/v1/topics/a', { ...JSON_TYPE, 'sluice-ttl': '10' }, '1')
  api.core.host.ms += 11
  t.strictSame(lines(api), [])
  t.equal(api.core.router.meters.expiredUnrouted, 1)
})

t.test('bodies that are not what they are said to be', async (t) => {
  const api = new ApiHarness()
  const deep = '['.repeat(200) + ']'.repeat(200)
  const cases: [string, string | Uint8Array, CodeNumber][] = [
    ['application/json', '', Code.BAD_BODY],
    ['application/json', '{"a":', Code.BAD_BODY],
    ['application/json', "{'a':1}", Code.BAD_BODY],
    ['application/json', '{} {}', Code.BAD_BODY],
    ['application/json', '1e999', Code.BAD_BODY],
    ['application/json', '"\\ud800"', Code.BAD_BODY],
    ['application/json', '{"$bin":1}', Code.BAD_BODY],
    ['application/json', '\ufeff1', Code.BAD_BODY],
    ['application/json', Buffer.from([0x22, 0xff, 0x22]), Code.BAD_BODY],
    ['application/json', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), Code.BAD_BODY],
    ['application/json', deep, Code.TOO_DEEP],
    ['application/json', '['.repeat(40) + ']'.repeat(40), Code.TOO_DEEP],
    ['application/json; charset=latin1', '1', Code.UNSUPPORTED_MEDIA_TYPE],
    ['application/vnd.msgpack', '', Code.BAD_BODY],
    ['application/vnd.msgpack', Buffer.from([1, 2]), Code.BAD_BODY],
    ['application/vnd.msgpack', Buffer.from([0x92, 1]), Code.BAD_BODY],
    ['application/vnd.msgpack', Buffer.from([0xc1]), Code.BAD_BODY],
    ['application/vnd.msgpack', Buffer.from([0xd4, 1, 1]), Code.BAD_BODY],
    ['application/vnd.sluice.frames', '', Code.UNSUPPORTED_MEDIA_TYPE],
  ]
  for (const [type, body, code] of cases) {
    const exchange = api.post('/v1/topics/a', { 'content-type': type }, body)
    isProblem(t, exchange, code, `${type} ${body.toString().slice(0, 20)}`)
    t.ok((api.core.router.meters.refused.get(code) ?? 0) > 0, 'it is counted')
  }
  isProblem(t, api.post('/v1/topics/a', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '1'), Code.UNSUPPORTED_MEDIA_TYPE)
  t.strictSame(lines(api), [])
  t.equal(api.core.router.meters.accepted, 0)
  t.equal(api.post('/v1/topics/a', { ...JSON_TYPE, 'content-encoding': 'identity' }, '1').status, 202)
})

t.test('sizes', async (t) => {
  const api = new ApiHarness()
  const { payloadBytesMax, messageBytesMax } = api.core.router.options
  const text = { 'content-type': 'text/plain' }
  t.equal(api.post('/v1/topics/a', text, Buffer.alloc(payloadBytesMax)).status, 202)
  t.equal(api.received().length, 1)
  for (const announced of [true, false]) {
    const send = (headers: Record<string, string>, length: number) => {
      const exchange = api.open({
        method: 'POST',
        target: '/v1/topics/a',
        headers: announced ? { ...headers, 'content-length': String(length) } : headers,
      })
      t.equal(exchange.wantsBody, !announced, 'what says that it is too long is not waited for')
      return exchange.chunk(Buffer.alloc(length - 1, 0x20)).end(' ')
    }
    isProblem(t, send(text, payloadBytesMax + 1), Code.PAYLOAD_TOO_LARGE)
    isProblem(t, send(JSON_TYPE, messageBytesMax + 1), Code.BODY_TOO_LARGE)
  }
  const spaced = `${' '.repeat(messageBytesMax - 10)}1`
  t.equal(api.post('/v1/topics/a', JSON_TYPE, spaced).status, 202, 'JSON may be longer than what it says')
  isProblem(t, api.post('/v1/topics/a', JSON_TYPE, `"${'x'.repeat(payloadBytesMax)}"`), Code.PAYLOAD_TOO_LARGE)
  const longer = `[${Array(messageBytesMax / 4 - 1)
    .fill('1.5')
    .join()}]`
  isProblem(t, api.post('/v1/topics/a', JSON_TYPE, longer), Code.PAYLOAD_TOO_LARGE, 'longer as msgpack')
  t.equal(api.received().length, 1)
  t.strictSame(api.core.broken, [])
})

t.test('out of memory for events', async (t) => {
  const api = new ApiHarness()
  // As when the budget is reached and nothing less urgent waits.
  api.core.router.delivery.overloadedFrom = 6
  const refused = api.post('/v1/topics/a?lane=6', JSON_TYPE, '1')
  t.match(isProblem(t, refused, Code.OVERLOADED), { retryAfterMs: 1000, topic: 'a' })
  t.equal(refused.answerHeaders['retry-after'], '1')
  t.equal(api.post('/v1/topics/a?lane=5', JSON_TYPE, '1').status, 202)
  t.strictSame(api.core.broken, [])
})

t.test('an answer after routing', async (t) => {
  const api = new ApiHarness()
  for (const prefer of ['wait', 'respond-async, Wait=10', 'wait; x=1', 'handling=strict , wait']) {
    const exchange = api.post('/v1/topics/a', { ...JSON_TYPE, prefer }, '1')
    t.notOk(exchange.ended, 'the event is in its lane')
    api.core.turns()
    await until('the answer', () => exchange.ended)
    t.equal(exchange.status, 204)
    t.equal(exchange.answerHeaders['preference-applied'], 'wait')
  }
  for (const prefer of ['respond-async', 'no-wait', 'waiting', 'x=wait']) {
    t.equal(api.post('/v1/topics/a', { ...JSON_TYPE, prefer }, '1').status, 202, prefer)
  }
  const routed = new ApiHarness({}, { inlineDrainFrames: 1 })
  t.equal(routed.post('/v1/topics/a', { ...JSON_TYPE, prefer: 'wait' }, '1').status, 204, 'routed when it was accepted')
  const gone = api.post('/v1/topics/a', { ...JSON_TYPE, prefer: 'wait' }, '1')
  gone.cut()
  const refused = api.post('/v1/topics/a..b', { ...JSON_TYPE, prefer: 'wait' }, '1')
  isProblem(t, refused, Code.BAD_TOPIC)
  api.core.turns()
  const next = api.post('/v1/topics/a', { ...JSON_TYPE, prefer: 'wait' }, '1')
  api.core.turns()
  await until('the next answer', () => next.ended)
  t.notOk(gone.ended)
  t.equal(api.api.requests.size, 0)
})

t.test('bodies that do not come', async (t) => {
  const api = new ApiHarness({ bodyTimeoutMs: 5000 })
  const slow = api.open({ method: 'POST', target: '/v1/topics/a', headers: JSON_TYPE }).chunk('{')
  const gone = api.open({ method: 'POST', target: '/v1/topics/a', headers: JSON_TYPE })
  const late = api.post('/v1/topics/a', { ...JSON_TYPE, prefer: 'wait' }, '1')
  api.api.tick(1000)
  api.api.tick(5000)
  t.notOk(slow.ended)
  gone.cut()
  slow.chunk('}')
  api.api.tick(6000)
  isProblem(t, slow, Code.REQUEST_TIMEOUT)
  t.notOk(gone.ended)
  t.equal(api.meters.aborted, 1)
  t.equal(late.status, 202, 'accepted, if not routed yet')
  t.equal(api.api.requests.size, 0)
  t.equal(api.received().length, 1)
})

t.test('the daemon stops', async (t) => {
  const api = new ApiHarness()
  const half = api.open({ method: 'POST', target: '/v1/topics/a', headers: JSON_TYPE }).chunk('1')
  const waiting = api.post('/v1/topics/a', { ...JSON_TYPE, prefer: 'wait' }, '1')
  api.core.router.drainAll()
  api.api.close()
  isProblem(t, half, Code.SHUTTING_DOWN)
  t.equal(waiting.status, 204)
  isProblem(t, api.post('/v1/topics/a', JSON_TYPE, '1'), Code.SHUTTING_DOWN)
  t.equal(api.api.requests.size, 0)
  api.api.close()
})

t.test('what was refused of one request is told to no other', async (t) => {
  const api = new ApiHarness()
  const first = api.open({ method: 'POST', target: '/v1/topics/a..b', headers: JSON_TYPE })
  const second = api.open({ method: 'POST', target: '/v1/topics/b', headers: JSON_TYPE })
  first.chunk('1')
  second.end('2')
  first.end()
  t.equal(second.status, 202)
  isProblem(t, first, Code.BAD_TOPIC)
  api.core.turns()
  t.equal(api.post('/v1/topics/b', JSON_TYPE, '3').status, 202)
  t.equal(api.core.router.sessions.size, 1, 'nobody but the subscriber has a session')
})
