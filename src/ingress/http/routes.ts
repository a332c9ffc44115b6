import { MEDIA_FRAMES, MEDIA_JSON, MEDIA_NDJSON } from '../../protocol/media.js'

/** What requests are for. */
export type Route = 'index' | 'openapi' | 'events' | 'topic'

export const TOPIC_PATH = '/v1/topics/'
export const EVENTS_PATH = '/v1/events'
export const OPENAPI_PATH = '/v1/openapi.json'

/** Null when there is nothing at this path. */
export function routeOf(path: string): Route | null {
  if (path.startsWith(TOPIC_PATH)) return path.includes('/', TOPIC_PATH.length) ? null : 'topic'
  if (path === EVENTS_PATH) return 'events'
  if (path === OPENAPI_PATH) return 'openapi'
  return path === '/' ? 'index' : null
}

/** Methods of each route, besides OPTIONS, which all have. */
export const METHODS: { readonly [route in Route]: readonly string[] } = {
  index: ['GET', 'HEAD'],
  openapi: ['GET', 'HEAD'],
  events: ['GET', 'HEAD', 'POST'],
  topic: ['POST'],
}

/** Value of the Allow header. */
export function allowed(route: Route): string {
  return [...METHODS[route], 'OPTIONS'].join(', ')
}

/** What POST /v1/events takes. */
export const BODY_MEDIA = [MEDIA_NDJSON, MEDIA_FRAMES] as const
/** What it answers with, the default first: a report in the end, or what the session is sent. */
export const ANSWER_MEDIA = [MEDIA_JSON, MEDIA_FRAMES, MEDIA_NDJSON] as const
