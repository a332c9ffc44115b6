/** Media types of HTTP bodies, in requests and answers; what each holds is in docs/http.md. */
export const MEDIA_JSON = 'application/json'
/** One JSON value a line. */
export const MEDIA_NDJSON = 'application/x-ndjson'
/** One msgpack value. */
export const MEDIA_MSGPACK = 'application/vnd.msgpack'
/** Frames of the msgpack subprotocol, back to back. */
export const MEDIA_FRAMES = 'application/vnd.sluice.frames'
export const MEDIA_EVENT_STREAM = 'text/event-stream'
/** RFC 9457. */
export const MEDIA_PROBLEM = 'application/problem+json'
export const MEDIA_BYTES = 'application/octet-stream'
