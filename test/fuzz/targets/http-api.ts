import { prefersWait } from '../../../src/ingress/http/routed.js'
import { CODES } from '../../../src/protocol/codes.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { ApiHarness } from '../../helpers/http-api.js'
import type { TestExchange } from '../../helpers/http-exchange.js'
import { cutUp, hashOf, must } from '../target.js'

/** Whole requests, as the carriers of HTTP hand them over: method and target, header fields, an empty line, and the body, which is cut anywhere. */

const KNOWN_CODES: ReadonlySet<number> = new Set(CODES.map(({ code }) => code))
const ANSWER_BYTES_MAX = 64 << 10
/** Topics are kept for a while. */
const REQUESTS_MAX = 200
let api = makeApi()
let requests = 0

function makeApi(): ApiHarness {
  return new ApiHarness(
    { bodyBytesMax: 32 << 10, resumeTimeMs: 0 },
    { poison: false, messageBytesMax: 8192, payloadBytesMax: 4096 },
  )
}

export const words = [
  ...[
    'POST /v1/topics/a.b HTTP/1.1\n',
    'POST /v1/events\n',
    'GET /v1/events?topic=>\n',
    'GET /v1/openapi.json\n',
    'GET /\n',
    'OPTIONS /v1/events\n',
  ],
  ...[
    'content-type: application/json\n',
    'content-type: application/x-ndjson\n',
    'content-type: application/vnd.sluice.frames\n',
  ],
  ...[
    'accept: application/vnd.sluice.frames\n',
    'accept: application/x-ndjson\n',
    'prefer: wait\n',
    'content-length: 9\n',
    'origin: http://a\n',
  ],
  ...[
    'sluice-ttl: 5\n',
    'sluice-header-x: y\n',
    'priority: u=0\n',
    'last-event-id: x\n',
    '\n\n',
    '?lane=1',
    '&policy=conflate',
  ],
  ...['authorization: Bearer x\n', '{"a":1}', '["event","a",3,1]\n', '["subscribe",1,"a"]\n', '["sync",1]\n', '%2e'],
  encodeEvent('a', 3, Buffer.from('x')),
]

interface Parts {
  method: string
  target: string
  headers: { [name: string]: string }
  body: Buffer
}

function partsOf(input: Buffer): Parts {
  const empty = input.indexOf('\n\n')
  const head = input.toString('latin1', 0, empty < 0 ? input.length : empty).split('\n')
  const [method = '', target = ''] = head[0].split(' ')
  const headers: Parts['headers'] = Object.create(null)
  for (const field of head.slice(1)) {
    const colon = field.indexOf(':')
    if (colon > 0) headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim()
  }
  return {
    method,
    target: target.startsWith('/') ? target : `/${target}`,
    headers,
    body: empty < 0 ? Buffer.alloc(0) : input.subarray(empty + 2),
  }
}

function send(input: Buffer): TestExchange {
  const { method, target, headers, body } = partsOf(input)
  // Such a request is answered in a later turn of Node's loop.
  if (prefersWait(headers.prefer ?? '')) delete headers.prefer
  const exchange = api.open({ method, target, headers, isDuplex: (hashOf(input) & 1) === 1 })
  for (const part of cutUp(body)) exchange.chunk(part)
  exchange.end()
  api.core.turns()
  return exchange
}

export function handle(input: Buffer): unknown {
  const exchange = send(input)
  exchange.cut()
  api.received()
  return exchange.status
}

export function fuzz(input: Buffer): void {
  if (++requests % REQUESTS_MAX === 0) api = makeApi()
  const exchange = send(input)
  must(exchange.status >= 200 && exchange.status < 600, 'it is answered', exchange.status)
  const type = exchange.answerHeaders['content-type'] ?? ''
  const isStream = !exchange.ended
  must(!isStream || exchange.status === 200, 'what goes on is a stream', exchange.status)
  const answer = exchange.take()
  must(answer.length <= ANSWER_BYTES_MAX, 'an answer of some length', answer.length)
  if (type === 'application/problem+json') {
    const { code, status } = JSON.parse(answer.toString()) as { code: number; status: number }
    must(KNOWN_CODES.has(code), 'a refusal is a code of the table', code)
    must(status === exchange.status && status >= 400, 'with a status of an error', status)
  } else must(exchange.status < 400, 'an error says what it is', exchange.status, type)
  exchange.cut()
  // Throws on what no subscriber is sent.
  api.received()
  must(api.core.broken.length === 0, 'the books are balanced', api.core.broken)
  const held = Object.entries(api.core.held).filter(([, count]) => count !== 0)
  must(held.length === 0, 'nothing is held when nothing is pending', held)
}
