import { Packr, Unpackr } from 'msgpackr'
import { Code } from './codes.js'
import { countValues } from './count-values.js'
import { CONTROL_BYTES_MAX, CONTROL_VALUES_MAX, REQUEST_MAX } from './limits.js'
import { type DropReason, Op, POLICIES, type Policy } from './ops.js'
import { skipValue } from './skip.js'

/** Everything but EVENT: small frames, decoded into these. `request` 0 asks for no OK; errors are told all the same. */
export type ControlFrame =
  | { op: typeof Op.HELLO; info: HelloInfo }
  | { op: typeof Op.WELCOME; info: WelcomeInfo }
  | { op: typeof Op.SUBSCRIBE; request: number; pattern: string; options: SubscribeOptions }
  | { op: typeof Op.UNSUBSCRIBE; request: number; pattern: string }
  | { op: typeof Op.OK; request: number; info?: OkInfo }
  | { op: typeof Op.ERROR; request: number; code: number; message: string; details: ErrorDetails }
  | { op: typeof Op.SYNC; request: number }
  | { op: typeof Op.SYNCED; request: number; accepted: number; refused: number }
  | { op: typeof Op.PING; token: number }
  | { op: typeof Op.PONG; token: number }
  | { op: typeof Op.GAP; pattern: string; count: number; reason: DropReason }
  | { op: typeof Op.GOAWAY; code: number; retryAfterMs: number; reason: string }
  | { op: typeof Op.AUTH; request: number; credentials: Credentials }

/** Who somebody says they are: a token, or a user and a password. */
export type Credentials = { readonly token: string } | { readonly user: string; readonly password: string }

/** What the answer to AUTH tells. */
export interface OkInfo {
  /** Who the credentials are of; '' for nobody in particular. */
  user?: string
  /** The connection ends then, unless other credentials have come by AUTH. Not there: it does not. */
  expiresInMs?: number
}

export interface HelloInfo {
  version?: number
  /** What the client calls itself, for operators. */
  name?: string
}

export interface WelcomeInfo {
  version: number
  /** Random id of this daemon process: another one after a restart. */
  server: string
  /** Number of this session in the daemon. */
  session: number
  software: string
  limits: {
    messageBytesMax: number
    payloadBytesMax: number
    topicBytesMax: number
    topicTokensMax: number
    controlBytesMax: number
    subscriptionsMax: number
  }
}

export interface SubscribeOptions {
  policy?: Policy
  /** Bound of what may wait for this subscription, in bytes of frames. */
  bytesMax?: number
  eventsMax?: number
}

export interface ErrorDetails {
  /** Events that were refused with this code since the last such error. */
  count?: number
  topic?: string
  retryAfterMs?: number
}

/** Plain msgpack: no records, no ext types, nothing that a client in another language would not read. */
const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** Encodes a control frame. The bytes are the caller's own. */
export function encodeControl(frame: ControlFrame): Uint8Array {
  return packr.pack(controlToArray(frame))
}

/** The frame as the array it is on the wire, in either subprotocol. */
export function controlToArray(frame: ControlFrame): unknown[] {
  switch (frame.op) {
    case Op.HELLO:
    case Op.WELCOME:
      return [frame.op, frame.info]
    case Op.SUBSCRIBE:
      return Object.keys(frame.options).length === 0
        ? [frame.op, frame.request, frame.pattern]
        : [frame.op, frame.request, frame.pattern, frame.options]
    case Op.UNSUBSCRIBE:
      return [frame.op, frame.request, frame.pattern]
    case Op.OK:
      return frame.info === undefined ? [frame.op, frame.request] : [frame.op, frame.request, frame.info]
    case Op.SYNC:
      return [frame.op, frame.request]
    case Op.ERROR:
      return [frame.op, frame.request, frame.code, frame.message, frame.details]
    case Op.SYNCED:
      return [frame.op, frame.request, frame.accepted, frame.refused]
    case Op.PING:
    case Op.PONG:
      return [frame.op, frame.token]
    case Op.GAP:
      return [frame.op, frame.pattern, frame.count, frame.reason]
    case Op.GOAWAY:
      return [frame.op, frame.code, frame.retryAfterMs, frame.reason]
    case Op.AUTH:
      return [frame.op, frame.request, frame.credentials]
  }
}

/**
 * Decodes the one control frame that fills bytes[start, end). Never throws.
 * @returns the frame, or a code of the table: FRAME_TOO_LARGE, MALFORMED, UNKNOWN_OP, BAD_ARGUMENTS, BAD_PATTERN, TOO_DEEP.
 */
export function decodeControl(bytes: Uint8Array, start: number, end: number): ControlFrame | Code {
  if (end - start > CONTROL_BYTES_MAX) return Code.FRAME_TOO_LARGE
  const skipped = skipValue(bytes, start, end)
  if (skipped < 0) return -skipped as Code
  if (skipped !== end) return Code.MALFORMED
  const values = countValues(bytes, start, end)
  if (Math.abs(values) > CONTROL_VALUES_MAX) return Code.FRAME_TOO_LARGE
  let array: unknown
  try {
    array = unpackr.unpack(bytes.subarray(start, end))
  } catch {
    return Code.MALFORMED
  }
  const frame = arrayToControl(array)
  if (typeof frame === 'number' || values > 0) return frame
  return 'pattern' in frame ? Code.BAD_PATTERN : Code.BAD_ARGUMENTS
}

/** The control frame that an already decoded array stands for; shared by both subprotocols. */
export function arrayToControl(array: unknown): ControlFrame | Code {
  if (!Array.isArray(array)) return Code.MALFORMED
  const [op, a, b, c, d] = array as unknown[]
  const n = array.length
  switch (op) {
    case Op.HELLO: {
      const info = n === 2 ? helloInfo(a) : null
      return info === null ? Code.BAD_ARGUMENTS : { op, info }
    }
    case Op.WELCOME:
      return n === 2 && isObject(a) ? { op, info: a as unknown as WelcomeInfo } : Code.BAD_ARGUMENTS
    case Op.SUBSCRIBE: {
      if ((n !== 3 && n !== 4) || !isUint(a) || typeof b !== 'string') return Code.BAD_ARGUMENTS
      const options = n === 4 ? subscribeOptions(c) : {}
      return options === null ? Code.BAD_ARGUMENTS : { op, request: a, pattern: b, options }
    }
    case Op.UNSUBSCRIBE:
      return n === 3 && isUint(a) && typeof b === 'string' ? { op, request: a, pattern: b } : Code.BAD_ARGUMENTS
    case Op.OK:
      if (n === 3) return isUint(a) && isObject(b) ? { op, request: a, info: b as OkInfo } : Code.BAD_ARGUMENTS
      return n === 2 && isUint(a) ? { op, request: a } : Code.BAD_ARGUMENTS
    case Op.SYNC:
      return n === 2 && isUint(a) ? { op, request: a } : Code.BAD_ARGUMENTS
    case Op.ERROR:
      return n === 5 && isUint(a) && isUint(b) && typeof c === 'string' && isObject(d)
        ? { op, request: a, code: b, message: c, details: d as ErrorDetails }
        : Code.BAD_ARGUMENTS
    case Op.SYNCED:
      return n === 4 && isUint(a) && isUint(b) && isUint(c)
        ? { op, request: a, accepted: b, refused: c }
        : Code.BAD_ARGUMENTS
    case Op.PING:
    case Op.PONG:
      return n === 2 && isUint(a) ? { op, token: a } : Code.BAD_ARGUMENTS
    case Op.GAP:
      return n === 4 && typeof a === 'string' && isUint(b) && typeof c === 'string'
        ? { op, pattern: a, count: b, reason: c as DropReason }
        : Code.BAD_ARGUMENTS
    case Op.GOAWAY:
      return n === 4 && isUint(a) && isUint(b) && typeof c === 'string'
        ? { op, code: a, retryAfterMs: b, reason: c }
        : Code.BAD_ARGUMENTS
    case Op.AUTH: {
      const found = n === 3 && isUint(a) ? credentials(b) : null
      return found === null ? Code.BAD_ARGUMENTS : { op, request: a as number, credentials: found }
    }
    default:
      return typeof op === 'number' ? Code.UNKNOWN_OP : Code.MALFORMED
  }
}

function isUint(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= REQUEST_MAX
}

function isObject(value: unknown): value is Record<string, unknown> {
  // msgpackr gives a bin as a Uint8Array, which is no map either.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

function helloInfo(value: unknown): HelloInfo | null {
  if (!isObject(value)) return null
  const { version, name } = value
  if (version !== undefined && !isUint(version)) return null
  if (name !== undefined && (typeof name !== 'string' || name.length > 128)) return null
  return { ...(version !== undefined && { version }), ...(name !== undefined && { name }) }
}

/** Either one kind or the other: what more is in the map would be taken by nobody. */
function credentials(value: unknown): Credentials | null {
  if (!isObject(value)) return null
  const { token, user, password } = value
  const count = Object.keys(value).length
  if (count === 1 && typeof token === 'string') return { token }
  if (count === 2 && typeof user === 'string' && typeof password === 'string') return { user, password }
  return null
}

/** Unknown option keys are refused: a typo must not become a silent default. */
function subscribeOptions(value: unknown): SubscribeOptions | null {
  if (!isObject(value)) return null
  const options: SubscribeOptions = {}
  for (const [key, given] of Object.entries(value)) {
    if (key === 'policy' && POLICIES.includes(given as Policy)) options.policy = given as Policy
    else if ((key === 'bytesMax' || key === 'eventsMax') && isUint(given) && given > 0) options[key] = given
    else return null
  }
  return options
}
