import { Code } from '../../protocol/codes.js'
import type { SubscribeOptions } from '../../protocol/control.js'
import { REQUEST_MAX } from '../../protocol/limits.js'
import { MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_NDJSON } from '../../protocol/media.js'
import { POLICIES } from '../../protocol/ops.js'
import type { HttpExchange } from './exchange.js'
import { negotiate } from './negotiate.js'
import { badParameter, type ParameterNames, readParameters } from './parameters.js'
import { Problem } from './problem.js'

export const SUBSCRIBE_PARAMETERS: ParameterNames = {
  single: ['policy', 'bytes_max', 'events_max', 'last_event_id'],
  repeated: ['topic'],
}

/** What GET /v1/events can answer with, the default first. */
export const STREAM_MEDIA = [MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_NDJSON] as const
export type StreamMedia = (typeof STREAM_MEDIA)[number]

/** What a request for a stream of events asks for. */
export interface SubscribeRequest {
  media: StreamMedia
  /** Each once, in the order given: where several match an event, the first governs. Not checked yet. */
  patterns: readonly string[]
  options: SubscribeOptions
  /** Equal for requests that ask for the same. */
  key: string
  /** As sent; '' for none. */
  lastEventId: string
}

/** Reads the head of a request. Patterns are the core's to judge. */
export function readSubscribeRequest(exchange: HttpExchange): SubscribeRequest | Problem {
  const media = negotiate(exchange.header('accept'), STREAM_MEDIA)
  if (media === null) return new Problem(Code.NOT_ACCEPTABLE, `events come as ${STREAM_MEDIA.join(', ')}`)
  const parameters = readParameters(exchange.query, SUBSCRIBE_PARAMETERS)
  if (parameters instanceof Problem) return parameters
  const patterns = [...new Set(parameters.all('topic'))]
  if (patterns.length === 0) return badParameter('topic', 'is missing: at least one pattern, as in ?topic=orders.>')
  const policy = parameters.choice('policy', POLICIES)
  if (policy instanceof Problem) return policy
  const bytesMax = parameters.integer('bytes_max', 1, REQUEST_MAX)
  if (bytesMax instanceof Problem) return bytesMax
  const eventsMax = parameters.integer('events_max', 1, REQUEST_MAX)
  if (eventsMax instanceof Problem) return eventsMax
  const options: SubscribeOptions = {
    ...(policy !== null && { policy }),
    ...(bytesMax !== null && { bytesMax }),
    ...(eventsMax !== null && { eventsMax }),
  }
  const given = parameters.one('last_event_id')
  if (given !== null && media !== MEDIA_EVENT_STREAM) {
    return badParameter('last_event_id', `is for ${MEDIA_EVENT_STREAM} only`)
  }
  // Where both are given, the address is that of the first connection, and the header is what has come since.
  const lastEventId = media === MEDIA_EVENT_STREAM ? exchange.header('last-event-id') || (given ?? '') : ''
  return { media, patterns, options, key: JSON.stringify([patterns, options]), lastEventId }
}
