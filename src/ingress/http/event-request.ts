import type { Router } from '../../core/router.js'
import { Code } from '../../protocol/codes.js'
import { TOPIC_BYTES_MAX } from '../../protocol/limits.js'
import { MEDIA_BYTES, MEDIA_FRAMES, MEDIA_JSON, MEDIA_MSGPACK, MEDIA_NDJSON } from '../../protocol/media.js'
import { LANES } from '../../protocol/ops.js'
import type { EventHead } from './json-event.js'
import { packMetadata } from './metadata-headers.js'
import { mediaOf } from './negotiate.js'
import { badParameter, percentDecoded, quoted, readParameters } from './parameters.js'
import { laneOfPriority } from './priority.js'
import { Problem } from './problem.js'
import type { RequestHead } from './request-head.js'

/** What the body of a request to publish on one topic holds. */
export type BodyKind = 'json' | 'lines' | 'msgpack' | 'bytes'

/** What a request to publish on one topic says before its body. */
export interface EventRequest extends EventHead {
  readonly kind: BodyKind
  readonly bodyBytesMax: number
}

/** Query parameters of requests to publish on one topic. */
export const TOPIC_PARAMETERS = { single: ['lane'], repeated: [] }

const KINDS: ReadonlyMap<string, BodyKind> = new Map([
  [MEDIA_JSON, 'json'],
  [MEDIA_NDJSON, 'lines'],
  [MEDIA_MSGPACK, 'msgpack'],
  ['application/msgpack', 'msgpack'],
  ['application/x-msgpack', 'msgpack'],
])

/** @param encodedTopic as it stands in the path */
export function readEventRequest(
  router: Router,
  head: RequestHead,
  encodedTopic: string,
  query: string,
  bodyBytesMax: number,
): EventRequest | Problem {
  const topic = readTopic(encodedTopic)
  if (typeof topic !== 'string') return topic
  const lane = query === '' ? laneOfPriority(head.priority) : readLane(query, head.priority)
  if (typeof lane !== 'number') return lane
  const kind = readKind(head)
  if (typeof kind !== 'string') return kind
  const type = kind === 'bytes' ? (head.contentType === '' ? MEDIA_BYTES : head.contentType) : null
  const metadata = packMetadata(head, type)
  if (metadata instanceof Problem) return metadata
  if (kind === 'lines' && head.own.some(({ name }) => name === 'id')) {
    return badParameter('sluice-id', 'names one event, and this body may hold many')
  }
  return { topic, lane, metadata, kind, bodyBytesMax: limitOf(router, kind, bodyBytesMax) }
}

/** JSON text may be longer than what it becomes; what is taken as it is may not. */
function limitOf({ options }: Router, kind: BodyKind, bodyBytesMax: number): number {
  if (kind === 'lines') return bodyBytesMax
  return kind === 'json' ? options.messageBytesMax : options.payloadBytesMax
}

/** The router checks the grammar; here it only must fit a frame. */
function readTopic(encoded: string): string | Problem {
  const topic = percentDecoded(encoded, false)
  if (topic === null) {
    return new Problem(Code.BAD_TOPIC, `the topic in the path is not percent-encoded UTF-8: ${quoted(encoded)}`)
  }
  if (topic.length > TOPIC_BYTES_MAX || Buffer.byteLength(topic) > TOPIC_BYTES_MAX) {
    return new Problem(Code.TOPIC_TOO_LONG, `a topic has at most ${TOPIC_BYTES_MAX} bytes`)
  }
  return topic
}

function readLane(query: string, priority: string): number | Problem {
  const parameters = readParameters(query, TOPIC_PARAMETERS)
  if (parameters instanceof Problem) return parameters
  return parameters.integer('lane', 0, LANES - 1) ?? laneOfPriority(priority)
}

function readKind(head: RequestHead): BodyKind | Problem {
  const problem = refuseEncoding(head)
  if (problem !== null) return problem
  const { contentType } = head
  if (contentType === MEDIA_JSON) return 'json'
  const media = mediaOf(contentType)
  if (media === MEDIA_FRAMES) {
    return new Problem(Code.UNSUPPORTED_MEDIA_TYPE, 'frames name their topics themselves: POST them to /v1/events')
  }
  const kind = KINDS.get(media)
  if (kind === undefined) return 'bytes'
  return (kind === 'json' || kind === 'lines') && !isUtf8Charset(contentType)
    ? new Problem(Code.UNSUPPORTED_MEDIA_TYPE, 'JSON is UTF-8')
    : kind
}

/** What is not plain is not unpacked here: a small body could become a large one. */
export function refuseEncoding({ contentEncoding }: RequestHead): Problem | null {
  if (contentEncoding === '' || contentEncoding.toLowerCase() === 'identity') return null
  return new Problem(Code.UNSUPPORTED_MEDIA_TYPE, `content-encoding ${quoted(contentEncoding)} is not understood`)
}

export function isUtf8Charset(contentType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType)
  return charset === null || /^(utf-?8|us-ascii)$/i.test(charset[1])
}

/** Whether a body says that it is longer than it may be: it is not waited for. */
export function saysTooLong({ contentLength }: RequestHead, bodyBytesMax: number): boolean {
  return contentLength !== '' && !(Number(contentLength) <= bodyBytesMax)
}

export function bodyTooLarge(bytesMax: number): Problem {
  return new Problem(Code.BODY_TOO_LARGE, `this body has at most ${bytesMax} bytes`, { bytesMax })
}

export function payloadTooLarge(bytesMax: number): Problem {
  return new Problem(Code.PAYLOAD_TOO_LARGE, `a payload has at most ${bytesMax} bytes`, { bytesMax })
}
