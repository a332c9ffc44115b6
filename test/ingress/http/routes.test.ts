import fc from 'fast-check'
import t from 'tap'
import { Door, OPEN_DOOR } from '../../../src/ingress/door.js'
import { OPEN_GATE } from '../../../src/ingress/gatekeeper.js'
import { Origins } from '../../../src/ingress/origins.js'
import { Code } from '../../../src/protocol/codes.js'
import { ApiHarness } from '../../helpers/http-api.js'
import { isProblem } from '../../helpers/http-problem.js'

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('what there is, and what not', async (t) => {
  const api = new ApiHarness()
  const index = api.open({ target: '/' })
  t.equal(index.status, 200)
  t.strictSame(index.takeJson(), { software: 'sluice/test', openapi: '/v1/openapi.json' })
  const document = api.open({ target: '/v1/openapi.json' })
  t.equal(document.answerHeaders['content-type'], 'application/json')
  t.match(document.takeJson(), { openapi: '3.1.0' })
  const paths = ['/v1', '/v1/', '/v1/event', '/v1/events/', '/V1/events', '/v1/topics', '/v1/topics/a/b', '//', '*', '']
  for (const path of paths) {
    for (const method of ['GET', 'POST', 'OPTIONS'])
      isProblem(t, api.open({ method, target: path }), Code.NOT_FOUND, path)
  }
  t.match(isProblem(t, api.open({ target: '/v1/topics/a/b' }), Code.NOT_FOUND).detail, /%2F/)
  const long = isProblem(t, api.open({ target: `/${'x'.repeat(5000)}` }), Code.NOT_FOUND)
  t.ok(JSON.stringify(long).length < 1000, 'what is repeated is bounded')
  for (const target of ['/?a=1', '/v1/openapi.json?pretty']) {
    isProblem(t, api.open({ target }), Code.UNKNOWN_PARAMETER)
  }
})

t.test('methods', async (t) => {
  const api = new ApiHarness()
  const allow: Record<string, string> = {
    '/': 'GET, HEAD, OPTIONS',
    '/v1/openapi.json': 'GET, HEAD, OPTIONS',
    '/v1/events': 'GET, HEAD, POST, OPTIONS',
    '/v1/topics/a': 'POST, OPTIONS',
  }
  for (const [target, methods] of Object.entries(allow)) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get', 'QUERY']) {
      if (methods.includes(method)) continue
      const exchange = api.open({ method, target })
      t.equal(exchange.answerHeaders.allow, methods)
      isProblem(t, exchange, Code.METHOD_NOT_ALLOWED, `${method} ${target}`)
    }
    const options = api.open({ method: 'OPTIONS', target })
    t.equal(options.status, 204)
    t.strictSame(options.answerHeaders, { allow: methods })
  }
  t.equal(api.open({ method: 'HEAD', target: '/' }).status, 200)
  t.equal(api.open({ method: 'HEAD', target: '/v1/openapi.json' }).status, 200)
  const stream = api.open({ method: 'HEAD', target: '/v1/events?topic=a' })
  t.equal(stream.status, 200)
  t.match(stream.answerHeaders, { 'content-type': 'text/event-stream' })
  t.ok(stream.ended, 'no stream begins')
  isProblem(t, api.open({ method: 'HEAD', target: '/v1/events?topics=a' }), Code.UNKNOWN_PARAMETER)
  t.equal(api.meters.streams, 0)
  t.equal(api.core.router.sessions.size, 1)
})

t.test('pages of other origins call only where they are listed', async (t) => {
  const origin = 'https://app.example.com'
  const none = new ApiHarness()
  const some = new ApiHarness({}, {}, new Door(OPEN_GATE, new Origins([origin, 'https://other.example.com'])))
  const any = new ApiHarness({}, {}, OPEN_DOOR)
  const publish = (api: ApiHarness, from: string) => api.post('/v1/topics/a', { ...JSON_TYPE, origin: from }, '1')
  for (const from of [origin, 'null', 'http://127.0.0.1:7400']) {
    const refused = publish(none, from)
    t.notOk('access-control-allow-origin' in refused.answerHeaders)
    isProblem(t, refused, Code.ORIGIN_NOT_ALLOWED, from)
  }
  for (const from of ['null', `${origin}.evil.org`, 'http://app.example.com', `${origin}:8443`]) {
    isProblem(t, publish(some, from), Code.ORIGIN_NOT_ALLOWED, from)
  }
  isProblem(t, none.open({ target: '/v1/events?topic=a', headers: { origin } }), Code.ORIGIN_NOT_ALLOWED)
  t.strictSame(none.received(), [])

  const allowed = publish(some, origin)
  t.equal(allowed.status, 202)
  t.match(allowed.answerHeaders, { 'access-control-allow-origin': origin, vary: 'origin' })
  t.match(publish(any, 'null').answerHeaders, { 'access-control-allow-origin': '*' })
  const problem = some.post('/v1/topics/a..b', { ...JSON_TYPE, origin }, '1')
  t.equal(problem.answerHeaders['access-control-allow-origin'], origin, 'a page may read why not')
  isProblem(t, problem, Code.BAD_TOPIC)
  const stream = some.open({ target: '/v1/events?topic=a', headers: { origin } })
  t.match(stream.answerHeaders, { 'access-control-allow-origin': origin, 'content-type': 'text/event-stream' })
  stream.take()
  publish(some, origin)
  some.core.turns()
  t.match(stream.takeText(), /^id: .*\ndata: \["event","a",3,1\]\n\n$/, 'the stream streams')
  stream.cut()

  const preflight = some.open({
    method: 'OPTIONS',
    target: '/v1/topics/a',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,priority,sluice-id',
    },
  })
  t.equal(preflight.status, 204)
  t.match(preflight.answerHeaders, {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type,priority,sluice-id',
    'access-control-max-age': '600',
  })
  const plain = some.open({ method: 'OPTIONS', target: '/v1/topics/a', headers: { origin } })
  t.notOk('access-control-allow-methods' in plain.answerHeaders)
})

t.test('answers are counted', async (t) => {
  const api = new ApiHarness()
  api.open({ target: '/' })
  api.open({ target: '/nothing' })
  api.post('/v1/topics/a', JSON_TYPE, '1')
  api.post('/v1/topics/a', JSON_TYPE, '{')
  api.post('/v1/events', { 'content-type': 'application/x-ndjson' }, '["event","a",3,1]')
  api.post('/v1/events', JSON_TYPE, '1')
  t.strictSame(Object.fromEntries(api.meters.answered), { 200: 1, 202: 2, 400: 1, 404: 1, 415: 1 })
})

t.test('any head is answered, or its body is waited for', async (t) => {
  const text = fc.oneof(
    fc.constantFrom(
      '',
      'wait',
      'u=0',
      'application/json',
      'text/event-stream',
      '*/*',
      'application/x-ndjson',
      '5',
      '%',
      '%ff',
    ),
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const name = fc.constantFrom(
    ...[
      'accept',
      'content-type',
      'content-length',
      'content-encoding',
      'priority',
      'prefer',
      'last-event-id',
      'sluice-id',
    ],
    ...['sluice-ttl', 'sluice-reply', 'sluice-header-x', 'sluice-header-__proto__', 'sluice-x', 'host', '__proto__'],
  )
  const path = fc.oneof(
    fc.constantFrom(
      '/',
      '/v1/events',
      '/v1/openapi.json',
      '/v1/topics/',
      '/v1/topics/a',
      '/v1/topics/%24sys',
      '/v1/topics/__proto__',
    ),
    text.map((topic) => `/v1/topics/${topic}`),
    text,
  )
  const query = fc.oneof(
    fc.constantFrom('', '?', '?lane=1', '?topic=a', '?topic=>', '?topic=a&policy=conflate', '?__proto__=1', '?topic=%'),
    text.map((value) => `?topic=${value}`),
    text.map((value) => `?${value}`),
  )
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'PUT')
  const api = new ApiHarness()
  fc.assert(
    fc.property(
      method,
      path,
      query,
      fc.dictionary(name, text),
      fc.boolean(),
      (verb, where, what, headers, isDuplex) => {
        const exchange = api.open({ method: verb, target: where + what, headers, isDuplex })
        if (exchange.wantsBody) exchange.end('1')
        const isStream = exchange.status === 200 && !exchange.ended
        if (!(exchange.ended || isStream || headers.prefer !== undefined)) throw new Error('no answer')
        exchange.cut()
      },
    ),
    { numRuns: 2000 },
  )
  api.api.close()
  t.equal(api.api.requests.size, 0)
  t.equal(api.api.held.used, 0)
  t.equal(api.core.router.sessions.size, 1)
  t.strictSame(api.core.broken, [])
})
