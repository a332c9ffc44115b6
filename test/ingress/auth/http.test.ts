import t from 'tap'
import { Access } from '../../../src/core/access.js'
import { Rules } from '../../../src/core/rules.js'
import { Door } from '../../../src/ingress/door.js'
import { Origins } from '../../../src/ingress/origins.js'
import { Code } from '../../../src/protocol/codes.js'
import { allowing, FakeGate, somebody } from '../../helpers/fake-gate.js'
import { ApiHarness } from '../../helpers/http-api.js'
import type { TestExchange } from '../../helpers/http-exchange.js'
import { isProblem } from '../../helpers/http-problem.js'
import { until } from '../../helpers/until.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const GOOD = { authorization: 'Bearer good' }
const LINES = '["event","a",3,1]\n["event","secret",3,2]\n'

function world(): { gate: FakeGate; api: ApiHarness } {
  const gate = new FakeGate()
  gate.known.set('token good', somebody('shop', { access: allowing('shop', ['a', 'b.>'], ['b.>'], 2) }))
  gate.known.set('password ann secret', somebody('ann'))
  return { gate, api: new ApiHarness({}, {}, new Door(gate, new Origins([]))) }
}

const answered = (exchange: TestExchange) => until('an answer', () => exchange.status !== 0)

for (const isSlow of [false, true]) {
  const when = isSlow ? 'later' : 'at once'
  t.test(`every request says who sends it; the answer comes ${when}`, async (t) => {
    const { gate, api } = world()
    gate.isSlow = isSlow
    const requests = [
      { method: 'POST', target: '/v1/topics/a', headers: JSON_TYPE, body: '1' },
      { method: 'POST', target: '/v1/topics/a', headers: NDJSON, body: '1\n2\n' },
      { method: 'POST', target: '/v1/events', headers: NDJSON, body: '["event","a",3,1]' },
      { method: 'GET', target: '/v1/events?topic=b.c', headers: {}, body: '' },
      { method: 'HEAD', target: '/v1/events?topic=b.c', headers: {}, body: '' },
      { method: 'GET', target: '/v1/events?topic=b.c', headers: { accept: 'application/x-ndjson' }, body: '' },
    ]
    for (const { body, ...request } of requests) {
      const as = async (authorization: string) => {
        const headers = { ...request.headers, ...(authorization !== '' && { authorization }) }
        const exchange = api.open({ ...request, headers }).end(body)
        await answered(exchange)
        return exchange
      }
      const what = `${request.method} ${request.target}`
      t.ok((await as('Bearer good')).status < 300, what)
      t.ok((await as(`bAsIc ${btoa('ann:secret')}`)).status < 300, what)
      const none = await as('')
      isProblem(t, none, Code.UNAUTHENTICATED, what)
      t.match(none.answerHeaders['www-authenticate'], /^Bearer realm="sluice", Basic/)
      for (const bad of [
        'Bearer bad',
        `Basic ${btoa('ann:wrong')}`,
        'Basic !',
        'Digest x',
        'Bearer',
        'Bearer a b',
        'x',
      ]) {
        const refused = await as(bad)
        isProblem(t, refused, Code.BAD_CREDENTIALS, `${what} ${bad}`)
        t.match(refused.answerHeaders['www-authenticate'], /error="invalid_token"/)
      }
    }
    for (const target of ['/v1/topics/a?token=good', '/v1/events?access_token=good&topic=a']) {
      const exchange = api.open({ method: 'POST', target, headers: { ...JSON_TYPE, ...GOOD } }).end('1')
      isProblem(t, exchange, Code.BAD_PARAMETER)
    }
    t.equal(api.open({ target: '/' }).status, 200)
    t.equal(api.open({ target: '/v1/openapi.json' }).status, 200)
    t.equal(api.open({ method: 'OPTIONS', target: '/v1/topics/a' }).status, 204)
  })
}

t.test('what somebody may not is refused with 403', async (t) => {
  const { api } = world()
  const post = (target: string) => api.post(target, { ...JSON_TYPE, ...GOOD }, '1')
  t.equal(post('/v1/topics/b.c').status, 202)
  isProblem(t, post('/v1/topics/secret'), Code.NOT_PERMITTED)
  isProblem(t, post('/v1/topics/a?lane=1'), Code.LANE_NOT_PERMITTED)
  const many = api.post('/v1/events', { ...NDJSON, ...GOOD }, LINES)
  t.equal(many.status, 403)
  t.match(many.takeJson(), { accepted: 1, refused: 1, name: 'not_permitted' })
  isProblem(t, api.open({ target: '/v1/events?topic=a', headers: GOOD }), Code.NOT_PERMITTED)
  t.equal(api.core.router.sessions.size, 1, 'nothing is left of what was refused')
})

t.test('the body of a request that is looked at waits', async (t) => {
  const { gate, api } = world()
  gate.hold()
  const request = { method: 'POST', target: '/v1/topics/a', headers: { ...JSON_TYPE, ...GOOD } }
  const whole = api.open(request).end('[1,2]')
  const slow = api.open(request).chunk('[3')
  const gone = api.open(request).chunk('[5')
  const unfit = api.open({ ...request, target: '/v1/topics/a?x=1' }).end('7')
  t.ok(whole.paused && slow.paused)
  t.equal(gate.waiting, 4)
  gone.cut()
  gate.release()
  await answered(whole)
  t.equal(whole.status, 202)
  t.notOk(slow.paused)
  slow.end(',4]')
  t.equal(slow.status, 202)
  isProblem(t, unfit, Code.UNKNOWN_PARAMETER)
  t.equal(gone.status, 0)
  t.equal(api.core.router.meters.accepted, 2)
})

t.test('a page is told what became of its request, also when that took a while', async (t) => {
  const { gate } = world()
  gate.isSlow = true
  const origin = 'https://app.example'
  const api = new ApiHarness({}, {}, new Door(gate, new Origins([origin])))
  for (const [authorization, status] of [
    ['Bearer good', 202],
    ['Bearer bad', 401],
  ] as const) {
    const headers = { ...JSON_TYPE, origin, authorization }
    const exchange = api.open({ method: 'POST', target: '/v1/topics/a', headers }).end('1')
    await answered(exchange)
    t.equal(exchange.status, status)
    t.match(exchange.answerHeaders, { 'access-control-allow-origin': origin, vary: 'origin' })
    t.match(exchange.answerHeaders['access-control-expose-headers'], /www-authenticate/)
  }
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const preflight = api.open({ method: 'OPTIONS', target: '/v1/topics/a', headers: { origin, ...asked } })
  t.equal(preflight.answerHeaders['access-control-allow-headers'], 'authorization')
  t.notOk('access-control-allow-credentials' in preflight.answerHeaders)
})

t.test('too many requests that are looked at', async (t) => {
  const { gate, api } = world()
  gate.hold()
  const open = () => api.open({ method: 'POST', target: '/v1/topics/a', headers: { ...JSON_TYPE, ...GOOD } })
  const exchanges = Array.from({ length: 1025 }, open)
  isProblem(t, exchanges[1024], Code.AUTH_UNAVAILABLE)
  api.api.close()
  gate.release()
  await answered(exchanges[1023])
  isProblem(t, exchanges[0], Code.SHUTTING_DOWN)
})

t.test('a rate is that of a user, whatever the request', async (t) => {
  const { gate, api } = world()
  const access = new Access('slow', new Rules(['>'], []), null, 0)
  const slow = { access, rateLimits: { eventsPerSecond: 2, bytesPerSecond: 0 } }
  gate.known.set('token slow', somebody('slow', slow))
  gate.known.set('token other', somebody('other', slow))
  const post = (token: string) => api.post('/v1/topics/a', { ...JSON_TYPE, authorization: `Bearer ${token}` }, '1')
  t.equal(post('slow').status, 202)
  t.equal(post('slow').status, 202)
  const refused = post('slow')
  t.match(refused.answerHeaders['retry-after'], /^\d+$/)
  t.equal(refused.status, 429)
  t.match(refused.takeJson(), { name: 'rate_limited', retryAfterMs: Number })
  t.equal(api.post('/v1/events', { ...NDJSON, authorization: 'Bearer slow' }, '["event","a",3,1]').status, 429)
  t.equal(post('other').status, 202)
  t.equal(post('good').status, 202)
})

t.test('what has a session is watched, and ends when it is told to', async (t) => {
  const { gate, api } = world()
  const { router } = api.core
  const headers = { ...NDJSON, ...GOOD }
  const many = api.open({ method: 'POST', target: '/v1/events', headers }).chunk('["event","a",3,1]\n')
  t.equal(gate.opened_.at(-1)?.who?.user, 'shop')
  router.fail(gate.opened_[gate.opened_.length - 1].session, Code.TOKEN_EXPIRED)
  await answered(many)
  t.equal(many.status, 401)
  t.match(many.takeJson(), { name: 'token_expired', accepted: 1 })

  gate.refusal = Code.TOO_MANY_OF_USER
  const refused = [
    api.post('/v1/events', headers, '["event","a",3,1]'),
    api.open({
      method: 'POST',
      target: '/v1/events',
      headers: { ...headers, accept: 'application/x-ndjson' },
      isDuplex: true,
    }),
    api.open({ target: '/v1/events?topic=b.c', headers: GOOD }),
    api.open({ target: '/v1/events?topic=b.c', headers: { ...GOOD, accept: 'application/x-ndjson' } }),
  ]
  for (const exchange of refused) isProblem(t, exchange, Code.TOO_MANY_OF_USER)
  t.equal(router.sessions.size, 1)
})

t.test('a session over one request may say who it is in its first frame', async (t) => {
  const { gate, api } = world()
  gate.guard(api.core.router)
  const request = { method: 'POST', target: '/v1/events', headers: { ...NDJSON, accept: 'application/x-ndjson' } }
  isProblem(t, api.open(request).end(), Code.NOT_ACCEPTABLE)
  const exchange = api.open({ ...request, isDuplex: true })
  t.equal(exchange.status, 200)
  t.equal(gate.opened_.at(-1)?.who, null)
  exchange.chunk('["event","a",3,1]\n["auth",1,{"token":"good"}]\n')
  await until('ok', () => {
    api.core.turns()
    return Buffer.concat(exchange.writes).includes('["ok",1')
  })
  exchange.chunk('["event","a",3,1]\n["sync",2]\n')
  api.core.turns()
  t.match(exchange.takeText(), /\["synced",2,1,1\]/)
})

t.test('a stream is taken up again only by its own user', async (t) => {
  const { gate, api } = world()
  gate.known.set('token new', somebody('shop'))
  const renewed: string[] = []
  const renew = (_session: unknown, { user }: { user: string }): number => {
    renewed.push(user)
    return 0
  }
  Object.assign(gate, { renewed: renew })
  const open = (authorization: string, id = '') =>
    api.open({ target: '/v1/events?topic=b.c', headers: { authorization, ...(id !== '' && { 'last-event-id': id }) } })
  const first = open('Bearer good')
  const [, id] = /^id: (\S+)$/m.exec(first.takeText()) ?? ['', '']
  first.cut()
  const ann = `Basic ${btoa('ann:secret')}`
  t.match(open(ann, id).takeText(), /\["gap","b\.c",0,"closed"\]/, 'for another user there is no such stream')
  t.notMatch(open('Bearer new', id).takeText(), /gap/)
  t.same(renewed, ['shop'])
  t.equal(api.meters.resumed, 1)
})
