import { parseEventId } from '../../../src/ingress/http/event-id.js'
import { readEventRequest } from '../../../src/ingress/http/event-request.js'
import { negotiate } from '../../../src/ingress/http/negotiate.js'
import { percentDecoded, readParameters } from '../../../src/ingress/http/parameters.js'
import { laneOfPriority } from '../../../src/ingress/http/priority.js'
import { Problem } from '../../../src/ingress/http/problem.js'
import { RequestHead } from '../../../src/ingress/http/request-head.js'
import { STREAM_MEDIA, SUBSCRIBE_PARAMETERS } from '../../../src/ingress/http/subscribe-request.js'
import { RequestTarget } from '../../../src/ingress/node/request-target.js'
import { agreeToUpgrade } from '../../../src/ingress/node/ws/handshake.js'
import { chooseSubprotocol } from '../../../src/ingress/subprotocol.js'
import { CODES } from '../../../src/protocol/codes.js'
import { METADATA_BYTES_MAX } from '../../../src/protocol/limits.js'
import { MetadataReader } from '../../../src/protocol/metadata.js'
import { skipValue } from '../../../src/protocol/skip.js'
import { must } from '../target.js'

/** The head of a request: what stands in its target and its header fields. The input is the target, and then a field a line. */

const KNOWN_CODES: ReadonlySet<number> = new Set(CODES.map(({ code }) => code))
const PROBLEM_BYTES_MAX = 8192
const router = { options: { messageBytesMax: 64 << 10, payloadBytesMax: 32 << 10 } } as Parameters<
  typeof readEventRequest
>[0]
const metadata = new MetadataReader()

export const words = [
  ...[
    '/v1/topics/a.b?lane=3\n',
    'http://x/v1/events?topic=a.>&topic=b&policy=conflate\n',
    '%2e',
    '%00',
    '%ff',
    '%c3%a9',
    '%ed%a0%80',
    '+',
  ],
  ...['&', '=', '?', 'lane=', 'bytes_max=9007199254740993', 'events_max=1e3', 'last_event_id=', '__proto__=1', '\n'],
  ...[
    'priority: u=1, i\n',
    'priority: u=8;a="x";b=(1 2);c\n',
    'accept: text/event-stream;q=0.5, */*;q=0.1\n',
    'content-type: ',
  ],
  ...[
    'application/json; charset=utf-8\n',
    'application/x-ndjson\n',
    'text/plain\n',
    'content-encoding: gzip\n',
    'prefer: wait=5\n',
  ],
  ...[
    'sluice-id: a\n',
    'sluice-ttl: 1000\n',
    'sluice-key: k\n',
    'sluice-reply: a.b\n',
    'sluice-header-x: y\n',
    'content-length: 5\n',
  ],
  ...[
    'upgrade: websocket\n',
    'connection: Upgrade\n',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n',
    'sec-websocket-version: 13\n',
  ],
  ...['sec-websocket-protocol: sluice.v1.json, sluice.v1.msgpack\n', 'host: x\n', 'authorization: Bearer x\n'],
]

interface Parts {
  target: RequestTarget
  headers: { [name: string]: string }
  head: RequestHead
}

/** As Node would have it: names in lower case, of several with one name the last. */
function partsOf(input: Buffer): Parts {
  const [target, ...fields] = input.toString('latin1').split('\n')
  const headers: { [name: string]: string } = Object.create(null)
  for (const field of fields) {
    const colon = field.indexOf(':')
    if (colon > 0) headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim()
  }
  const head = new RequestHead()
  head.read({
    eachHeader: (visit: (name: string, value: string) => void) => {
      for (const name in headers) visit(name, headers[name])
    },
  } as Parameters<RequestHead['read']>[0])
  return { target: new RequestTarget(target), headers, head }
}

export function handle(input: Buffer): unknown {
  const { target, head, headers } = partsOf(input)
  const upgrade = agreeToUpgrade('GET', '1.1', headers)
  const parameters = readParameters(target.query, SUBSCRIBE_PARAMETERS)
  const media = negotiate(head.accept, STREAM_MEDIA)
  const request = readEventRequest(router, head, target.path.replace('/v1/topics/', ''), target.query, 1 << 20)
  return [upgrade, parameters, media, request]
}

export function fuzz(input: Buffer): void {
  const { target, head, headers } = partsOf(input)
  must(target.path !== '' && !target.path.includes('?'), 'a path without a query', target.path)
  checkDecoding(target.path)
  checkParameters(target.query)
  const request = readEventRequest(router, head, target.path.replace('/v1/topics/', ''), target.query, 1 << 20)
  if (request instanceof Problem) checkProblem(request)
  else {
    must(Number.isInteger(request.lane) && request.lane >= 0 && request.lane <= 7, 'a lane', request.lane)
    must(Buffer.byteLength(request.topic) <= 255, 'a topic that fits its frame', request.topic)
    if (request.metadata !== null) checkMetadata(request.metadata)
  }
  const lane = laneOfPriority(head.priority)
  must(Number.isInteger(lane) && lane >= 0 && lane <= 7 && !Object.is(lane, -0), 'the lane of a priority', lane)
  const media = negotiate(head.accept, STREAM_MEDIA)
  must(media === null || STREAM_MEDIA.includes(media), 'one of what is offered', media)
  const id = parseEventId(headers['last-event-id'] ?? target.path.slice(1))
  must(id === null || (Number.isSafeInteger(id.number) && id.number >= 0), 'the number of an event', id)
  const upgrade = agreeToUpgrade('GET', '1.1', headers)
  must('subprotocol' in upgrade || upgrade.status >= 400, 'an agreement or a refusal')
  const chosen = chooseSubprotocol(headers['sec-websocket-protocol'] ?? '')
  must(chosen === null || chosen === '' || chosen.startsWith('sluice.v1.'), 'one of ours', chosen)
}

function checkProblem(problem: Problem): void {
  must(KNOWN_CODES.has(problem.code), 'a refusal is a code of the table', problem.code)
  must(problem.status >= 400 && problem.status < 600, 'a status of an error', problem.status)
  must(problem.body.length <= PROBLEM_BYTES_MAX, 'an answer of some length', problem.body.length)
  must(problem.body.indexOf('\n') === problem.body.length - 1, 'one line', problem.body)
}

function checkMetadata(bytes: Uint8Array): void {
  must(bytes.length <= METADATA_BYTES_MAX, 'metadata within its limit', bytes.length)
  must(skipValue(bytes, 0, bytes.length) === bytes.length, 'metadata of ours is one value', bytes)
  must(metadata.read(bytes, 0, bytes.length) === 0, 'metadata of ours is accepted', bytes)
}

function checkDecoding(text: string): void {
  const decoded = percentDecoded(text, false)
  if (decoded === null) return
  must(decoded === decodeURIComponent(text), 'as decodeURIComponent has it', decoded)
}

/** What is taken is what URLSearchParams reads; it takes more. */
function checkParameters(query: string): void {
  const parameters = readParameters(query, SUBSCRIBE_PARAMETERS)
  if (parameters instanceof Problem) {
    checkProblem(parameters)
    return
  }
  const expected = new URLSearchParams(query)
  for (const name of [...SUBSCRIBE_PARAMETERS.repeated, ...SUBSCRIBE_PARAMETERS.single]) {
    must(parameters.all(name).join('\n') === expected.getAll(name).join('\n'), 'as URLSearchParams reads them', query)
  }
  const integer = parameters.integer('bytes_max', 1, Number.MAX_SAFE_INTEGER)
  must(integer === null || integer instanceof Problem || (integer >= 1 && Number.isSafeInteger(integer)), 'an integer')
}
