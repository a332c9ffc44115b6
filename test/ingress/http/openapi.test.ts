import { readFileSync } from 'node:fs'
import t from 'tap'
import { Door } from '../../../src/ingress/door.js'
import { TOPIC_PARAMETERS } from '../../../src/ingress/http/event-request.js'
import { METADATA_FIELDS } from '../../../src/ingress/http/metadata-headers.js'
import { statusOf } from '../../../src/ingress/http/problem.js'
import { ANSWER_MEDIA, BODY_MEDIA, METHODS, type Route, routeOf } from '../../../src/ingress/http/routes.js'
import { STREAM_MEDIA, SUBSCRIBE_PARAMETERS } from '../../../src/ingress/http/subscribe-request.js'
import { Origins } from '../../../src/ingress/origins.js'
import { CODES, Code } from '../../../src/protocol/codes.js'
import { METADATA_TEXT_BYTES_MAX, TOPIC_BYTES_MAX, TTL_MS_MAX } from '../../../src/protocol/limits.js'
import { LANE_DEFAULT, LANES, POLICIES } from '../../../src/protocol/ops.js'
import { eventFrame } from '../../helpers/core-frames.js'
import { FakeGate, somebody } from '../../helpers/fake-gate.js'
import { ApiHarness, HTTP_OPTIONS } from '../../helpers/http-api.js'
import type { ExchangeRequest, TestExchange } from '../../helpers/http-exchange.js'
import { repositoryPath } from '../../helpers/repository.js'
import { until } from '../../helpers/until.js'

interface Schema {
  $ref?: string
  enum?: unknown[]
  minimum?: number
  maximum?: number
  maxLength?: number
  default?: unknown
  required?: string[]
  properties?: Record<string, Schema>
}
interface Parameter {
  name: string
  in: string
  schema: Schema
}
interface Answer {
  $ref?: string
  content?: Record<string, { schema: Schema }>
  headers?: Record<string, unknown>
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, Answer>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; responses: Record<string, Answer> }
}

const text = readFileSync(repositoryPath('docs', 'openapi.json'), 'utf8')
const document = JSON.parse(text) as Document
const VERBS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'])

function resolve<T extends { $ref?: string }>(thing: T): T {
  if (thing.$ref === undefined) return thing
  let found: unknown = document
  for (const step of thing.$ref.slice(2).split('/')) found = (found as Record<string, unknown>)[step]
  return found as T
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([verb]) => VERBS.has(verb))
    .map(([verb, operation]) => ({ path, verb, operation })),
)
const byId = new Map(operations.map(({ operation }) => [operation.operationId, operation]))

function parameters(id: string, where: string): string[] {
  return (byId.get(id)?.parameters ?? [])
    .filter((parameter) => parameter.in === where)
    .map(({ name }) => name)
    .sort()
}

t.test('the document is served as it is, and all that it points to is in it', async (t) => {
  const exchange = new ApiHarness().open({ target: '/v1/openapi.json' })
  t.equal(exchange.takeText(), text)
  const pointers = [...text.matchAll(/"\$ref": "(#[^"]+)"/g)].map(([, pointer]) => pointer)
  t.ok(pointers.length > 0)
  for (const $ref of pointers) t.ok(resolve({ $ref }), $ref)
  t.equal(byId.size, operations.length, 'each operation has an id of its own')
})

t.test('paths and methods', async (t) => {
  const documented = new Map<Route, string[]>()
  for (const { path, verb } of operations) {
    const route = routeOf(path.replace('{topic}', 'a'))
    t.not(route, null, path)
    if (route !== null) documented.set(route, [...(documented.get(route) ?? []), verb.toUpperCase()].sort())
  }
  t.strictSame(
    Object.fromEntries(documented),
    Object.fromEntries(Object.entries(METHODS).map(([route, methods]) => [route, [...methods].sort()])),
  )
})

t.test('parameters, header fields and media types', async (t) => {
  const names = ({ single, repeated }: { single: readonly string[]; repeated: readonly string[] }) =>
    [...single, ...repeated].sort()
  t.strictSame(parameters('publish', 'query'), names(TOPIC_PARAMETERS))
  t.strictSame(parameters('publishMany', 'query'), [])
  t.strictSame(parameters('subscribe', 'query'), names(SUBSCRIBE_PARAMETERS))
  t.strictSame(parameters('subscribeHead', 'query'), names(SUBSCRIBE_PARAMETERS))
  t.strictSame(
    parameters('publish', 'header').filter((name) => name.startsWith('sluice-')),
    [...METADATA_FIELDS].sort(),
  )
  const content = (holder: { content?: object } | undefined) => Object.keys(holder?.content ?? {}).sort()
  t.strictSame(content(byId.get('publishMany')?.requestBody), [...BODY_MEDIA].sort())
  t.strictSame(content(byId.get('publishMany')?.responses['200']), [...ANSWER_MEDIA].sort())
  t.strictSame(content(byId.get('subscribe')?.responses['200']), [...STREAM_MEDIA].sort())
  const policy = byId.get('subscribe')?.parameters?.find(({ name }) => name === 'policy')
  t.strictSame(policy?.schema.enum, POLICIES)
  const ttl = byId.get('publish')?.parameters?.find(({ name }) => name === 'sluice-ttl')
  t.match(ttl?.schema, { minimum: 1, maximum: TTL_MS_MAX })
  const { Lane, Topic, MetadataText } = document.components.schemas
  t.match(Lane, { minimum: 0, maximum: LANES - 1, default: LANE_DEFAULT })
  t.equal(Topic.maxLength, TOPIC_BYTES_MAX)
  t.equal(MetadataText.maxLength, METADATA_TEXT_BYTES_MAX)
})

const JSON_TYPE = { 'content-type': 'application/json' }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const FRAMES = 'application/vnd.sluice.frames'
const LINE = '["event","a",3,1]'

interface Try extends ExchangeRequest {
  body?: string | Uint8Array
  is?: 'late' | 'stopped' | 'overloaded' | 'unknown' | 'fast'
}

const topic = (headers: Record<string, string>, body: string, path = 'a'): Try => ({
  method: 'POST',
  target: `/v1/topics/${path}`,
  headers,
  body,
})
const many = (headers: Record<string, string>, body: string | Uint8Array): Try => ({
  method: 'POST',
  target: '/v1/events',
  headers,
  body,
})
const get = (target: string, headers: Record<string, string> = {}, method = 'GET'): Try => ({ method, target, headers })
const origin = { origin: 'https://elsewhere.example' }
const large = { 'content-length': '99999999' }

/** For each operation, requests that between them are answered with every status that it has. */
const TRIES: Record<string, Try[]> = {
  publish: [
    topic({ ...NDJSON, prefer: 'wait' }, '1\n2'),
    topic(JSON_TYPE, '1'),
    topic(NDJSON, '1\n2'),
    topic({ ...JSON_TYPE, prefer: 'wait' }, '1'),
    topic(JSON_TYPE, '{'),
    topic(NDJSON, '{'),
    topic(JSON_TYPE, '1', 'a..b'),
    topic(JSON_TYPE, '1', '$sys.a'),
    topic({ ...JSON_TYPE, ...origin }, '1'),
    { ...topic(JSON_TYPE, ''), is: 'late' },
    { ...topic(NDJSON, ''), is: 'late' },
    topic({ ...JSON_TYPE, ...large }, ''),
    topic({ ...NDJSON, ...large }, ''),
    topic({ 'content-type': FRAMES }, ''),
    { ...topic(JSON_TYPE, '1'), is: 'unknown' },
    { ...topic(JSON_TYPE, '1'), is: 'fast' },
    { ...topic(JSON_TYPE, '1'), is: 'overloaded' },
    { ...topic(JSON_TYPE, '1'), is: 'stopped' },
  ],
  publishMany: [
    many(NDJSON, LINE),
    many({ ...NDJSON, prefer: 'wait' }, LINE),
    { ...many({ 'content-type': FRAMES, accept: FRAMES }, eventFrame('a', '1')), isDuplex: true },
    { ...many({ ...NDJSON, accept: 'application/x-ndjson' }, LINE), isDuplex: true },
    many(NDJSON, '{'),
    many(NDJSON, LINE.replace('a', '$sys')),
    many({ ...NDJSON, ...origin }, LINE),
    many({ ...NDJSON, accept: 'text/html' }, LINE),
    { ...many(NDJSON, ''), is: 'late' },
    many({ ...NDJSON, ...large }, ''),
    many(JSON_TYPE, '1'),
    { ...many(NDJSON, LINE), is: 'unknown' },
    { ...many(NDJSON, LINE), is: 'fast' },
    { ...many(NDJSON, LINE), is: 'overloaded' },
    { ...many(NDJSON, LINE), is: 'stopped' },
  ],
  subscribe: [
    get('/v1/events?topic=a'),
    get('/v1/events?topic=a', { accept: FRAMES }),
    get('/v1/events?topic=a', { accept: 'application/x-ndjson' }),
    get('/v1/events'),
    get('/v1/events?topic=a', origin),
    get('/v1/events?topic=a', { accept: 'text/html' }),
    { ...get('/v1/events?topic=a'), is: 'unknown' },
    { ...get('/v1/events?topic=a'), is: 'fast' },
    { ...get('/v1/events?topic=a'), is: 'stopped' },
  ],
  subscribeHead: [
    get('/v1/events?topic=a', {}, 'HEAD'),
    get('/v1/events', {}, 'HEAD'),
    get('/v1/events?topic=a', origin, 'HEAD'),
    get('/v1/events?topic=a', { accept: 'text/html' }, 'HEAD'),
    { ...get('/v1/events?topic=a', {}, 'HEAD'), is: 'unknown' },
    { ...get('/v1/events?topic=a', {}, 'HEAD'), is: 'stopped' },
  ],
}
for (const [id, target] of [
  ['openapi', '/v1/openapi.json'],
  ['index', '/'],
]) {
  for (const [name, method] of [
    [id, 'GET'],
    [`${id}Head`, 'HEAD'],
  ]) {
    TRIES[name] = [
      get(target, {}, method),
      get(`${target}?x=1`, {}, method),
      get(target, origin, method),
      { ...get(target, {}, method), is: 'stopped' },
    ]
  }
}

/** For whoever says who they are, or for somebody who has had their share. */
function guarded(is: 'unknown' | 'fast'): ApiHarness {
  const gate = new FakeGate()
  gate.admitsAnonymous = is === 'fast'
  gate.anonymous = somebody('', { rateLimits: { eventsPerSecond: 1, bytesPerSecond: 0 } })
  const api = new ApiHarness({}, {}, new Door(gate, new Origins([])))
  if (is === 'fast') {
    api.post('/v1/topics/a', JSON_TYPE, '1')
    gate.refusal = Code.TOO_MANY_OF_USER
  }
  return api
}

async function answerOf(attempt: Try): Promise<TestExchange> {
  const api = attempt.is === 'unknown' || attempt.is === 'fast' ? guarded(attempt.is) : new ApiHarness()
  if (attempt.is === 'overloaded') api.core.router.delivery.overloadedFrom = 0
  if (attempt.is === 'stopped') api.api.close()
  const exchange = api.open(attempt)
  if (attempt.is === 'late') {
    api.api.tick(0)
    api.api.tick(HTTP_OPTIONS.bodyTimeoutMs + 1)
    api.api.tick(2 * HTTP_OPTIONS.bodyTimeoutMs + 2)
  } else exchange.end(attempt.body ?? '')
  api.core.turns()
  await until('an answer', () => exchange.status > 0)
  return exchange
}

t.test('every status that is documented is answered, and none that is not', async (t) => {
  for (const { path, verb, operation } of operations) {
    const seen = new Set<string>()
    for (const attempt of TRIES[operation.operationId]) {
      const exchange = await answerOf(attempt)
      const status = String(exchange.status)
      seen.add(status)
      const answer = operation.responses[status]
      t.ok(answer, `${verb} ${path} answers ${status}`)
      if (answer === undefined) continue
      const { content, headers } = resolve(answer)
      const media = exchange.answerHeaders['content-type']
      if (media === undefined) continue
      if (verb !== 'head') t.ok(media in (content ?? {}), `${verb} ${path} answers ${status} as ${media}`)
      for (const name of Object.keys(headers ?? {})) {
        if (name !== 'preference-applied') t.ok(name in exchange.answerHeaders, `${status} has ${name}`)
      }
      if (media !== 'application/problem+json') continue
      const { required, properties } = document.components.schemas.Problem
      const problem = exchange.takeJson()
      for (const member of required ?? []) t.ok(member in problem, `a problem has ${member}`)
      t.strictSame(
        Object.keys(problem).filter((member) => !(member in (properties ?? {}))),
        [],
        'and nothing that is not documented',
      )
    }
    // 405 is the answer to methods that this operation is not.
    t.strictSame(
      [...seen].sort(),
      Object.keys(operation.responses)
        .filter((status) => status !== '405')
        .sort(),
      `${verb} ${path}`,
    )
  }
})

t.test('every code has a status that is an error', async (t) => {
  for (const { code, name, tryAgain } of CODES) {
    const status = statusOf(code)
    t.ok(status >= 400 && status < 600, name)
    // With a new token.
    if (name === 'token_expired') t.equal(status, 401)
    else t.equal(tryAgain, [408, 429, 503].includes(status), `${name} may be tried again, or not`)
  }
})
