/**
 * The one table of error and close codes. A number means the same in an ERROR frame, a GOAWAY frame and a WebSocket
 * close. 4000–4499: try again (later, or on another connection). 4500–4999: do not, the same bytes will fail again.
 */
export const Code = {
  SHUTTING_DOWN: 4000,
  OVERLOADED: 4001,
  SLOW_CONSUMER: 4002,
  IDLE_TIMEOUT: 4003,
  TOO_MANY_CONNECTIONS: 4004,
  REQUEST_TIMEOUT: 4005,
  TOO_MANY_REQUESTS: 4006,
  KICKED: 4007,
  RATE_LIMITED: 4008,
  TOKEN_EXPIRED: 4009,
  AUTH_TIMEOUT: 4010,
  AUTH_UNAVAILABLE: 4011,
  TOO_MANY_CONNECTS: 4012,
  TOO_MANY_OF_ADDRESS: 4013,
  TOO_MANY_OF_USER: 4014,
  MESSAGE_TIMEOUT: 4015,

  MALFORMED: 4500,
  UNKNOWN_OP: 4501,
  BAD_ARGUMENTS: 4502,
  BAD_TOPIC: 4503,
  BAD_PATTERN: 4504,
  TOPIC_TOO_LONG: 4505,
  RESERVED_TOPIC: 4506,
  PAYLOAD_TOO_LARGE: 4507,
  BAD_FLAGS: 4508,
  BAD_METADATA: 4509,
  TOO_MANY_SUBSCRIPTIONS: 4510,
  NOT_SUBSCRIBED: 4511,
  WRONG_MESSAGE_KIND: 4512,
  TOO_DEEP: 4513,
  FRAME_TOO_LARGE: 4514,
  UNSUPPORTED_VERSION: 4515,
  BAD_JSON: 4516,
  UNSUPPORTED_SUBPROTOCOL: 4517,
  PUBLISH_ONLY: 4518,
  NOT_FOUND: 4519,
  METHOD_NOT_ALLOWED: 4520,
  UNKNOWN_PARAMETER: 4521,
  BAD_PARAMETER: 4522,
  UNSUPPORTED_MEDIA_TYPE: 4523,
  NOT_ACCEPTABLE: 4524,
  BODY_TOO_LARGE: 4525,
  BAD_BODY: 4526,
  ORIGIN_NOT_ALLOWED: 4527,
  UNAUTHENTICATED: 4528,
  NOT_PERMITTED: 4529,
  BAD_CREDENTIALS: 4530,
  TOKEN_REVOKED: 4531,
  LANE_NOT_PERMITTED: 4532,
  PATTERN_TOO_LONG: 4533,
} as const

export type Code = (typeof Code)[keyof typeof Code]

interface CodeEntry {
  readonly name: string
  readonly message: string
}

/** The connection ends with these: nothing more can be said on it, or what comes next cannot be told apart. */
const CLOSING: ReadonlySet<number> = new Set([
  Code.SHUTTING_DOWN,
  Code.SLOW_CONSUMER,
  Code.IDLE_TIMEOUT,
  Code.TOO_MANY_CONNECTIONS,
  Code.KICKED,
  Code.TOKEN_EXPIRED,
  Code.AUTH_TIMEOUT,
  Code.TOO_MANY_CONNECTS,
  Code.TOO_MANY_OF_ADDRESS,
  Code.TOO_MANY_OF_USER,
  Code.MESSAGE_TIMEOUT,
  Code.BAD_CREDENTIALS,
  Code.TOKEN_REVOKED,
  Code.MALFORMED,
  Code.WRONG_MESSAGE_KIND,
  Code.TOO_DEEP,
  Code.FRAME_TOO_LARGE,
  Code.UNSUPPORTED_VERSION,
  Code.UNSUPPORTED_SUBPROTOCOL,
])

/** Whether the daemon closes the connection with this code. In the JSON subprotocol a line that cannot be read costs itself only. */
export function closesConnection(code: number): boolean {
  return CLOSING.has(code)
}

const TABLE: { readonly [code: number]: CodeEntry } = {
  [Code.SHUTTING_DOWN]: {
    name: 'shutting_down',
    message: 'the daemon is going away; connect again after the given time',
  },
  [Code.OVERLOADED]: {
    name: 'overloaded',
    message: 'the memory budget is reached; publish again after the given time',
  },
  [Code.SLOW_CONSUMER]: { name: 'slow_consumer', message: 'this connection did not read fast enough' },
  [Code.IDLE_TIMEOUT]: { name: 'idle_timeout', message: 'nothing was heard from this connection in time' },
  [Code.TOO_MANY_CONNECTIONS]: { name: 'too_many_connections', message: 'the connection limit is reached' },
  [Code.REQUEST_TIMEOUT]: { name: 'request_timeout', message: 'the request was not complete in time' },
  [Code.TOO_MANY_REQUESTS]: {
    name: 'too_many_requests',
    message: 'this connection has as many requests under way as it may',
  },
  [Code.KICKED]: { name: 'kicked', message: 'an operator has ended this connection' },
  [Code.RATE_LIMITED]: {
    name: 'rate_limited',
    message: 'this connection publishes faster than it may; publish again after the given time',
  },
  [Code.TOKEN_EXPIRED]: {
    name: 'token_expired',
    message: 'the credentials of this connection have expired; connect again with new ones',
  },
  [Code.AUTH_TIMEOUT]: { name: 'auth_timeout', message: 'this connection did not say in time who it is' },
  [Code.AUTH_UNAVAILABLE]: {
    name: 'auth_unavailable',
    message: 'credentials cannot be checked at the moment; try again later',
  },
  [Code.TOO_MANY_CONNECTS]: {
    name: 'too_many_connects',
    message: 'more connections are being opened at a time than the daemon takes',
  },
  [Code.TOO_MANY_OF_ADDRESS]: {
    name: 'too_many_of_address',
    message: 'this address has as many connections as it may',
  },
  [Code.TOO_MANY_OF_USER]: { name: 'too_many_of_user', message: 'this user has as many connections as they may' },
  [Code.MESSAGE_TIMEOUT]: { name: 'message_timeout', message: 'a message was not complete in time' },

  [Code.MALFORMED]: { name: 'malformed', message: 'not a frame: truncated, or not msgpack' },
  [Code.UNKNOWN_OP]: { name: 'unknown_op', message: 'no such op' },
  [Code.BAD_ARGUMENTS]: { name: 'bad_arguments', message: 'an element of the frame is missing or of the wrong type' },
  [Code.BAD_TOPIC]: {
    name: 'bad_topic',
    message: 'a topic is dot-separated tokens, none empty, without * > or white space',
  },
  [Code.BAD_PATTERN]: {
    name: 'bad_pattern',
    message: 'a pattern is a topic in which a token may be * and the last may be >',
  },
  [Code.TOPIC_TOO_LONG]: { name: 'topic_too_long', message: 'the topic has too many bytes or tokens' },
  [Code.RESERVED_TOPIC]: { name: 'reserved_topic', message: 'topics under $sys belong to the daemon' },
  [Code.PAYLOAD_TOO_LARGE]: { name: 'payload_too_large', message: 'the payload is over the limit' },
  [Code.BAD_FLAGS]: { name: 'bad_flags', message: 'flags are the lane, 0 to 7; other bits are reserved' },
  [Code.BAD_METADATA]: { name: 'bad_metadata', message: 'a known metadata key has a value of the wrong type' },
  [Code.TOO_MANY_SUBSCRIPTIONS]: {
    name: 'too_many_subscriptions',
    message: 'this connection has as many subscriptions as it may',
  },
  [Code.NOT_SUBSCRIBED]: { name: 'not_subscribed', message: 'no subscription with this pattern' },
  [Code.WRONG_MESSAGE_KIND]: {
    name: 'wrong_message_kind',
    message: 'text in a msgpack session, or binary in a JSON session',
  },
  [Code.TOO_DEEP]: { name: 'too_deep', message: 'the frame is nested too deeply' },
  [Code.FRAME_TOO_LARGE]: { name: 'frame_too_large', message: 'the control frame or metadata is over the limit' },
  [Code.UNSUPPORTED_VERSION]: { name: 'unsupported_version', message: 'this protocol version is not spoken here' },
  [Code.BAD_JSON]: { name: 'bad_json', message: 'not a JSON array that begins with an op' },
  [Code.UNSUPPORTED_SUBPROTOCOL]: {
    name: 'unsupported_subprotocol',
    message: 'offer sluice.v1.msgpack or sluice.v1.json as WebSocket subprotocol',
  },
  [Code.PUBLISH_ONLY]: { name: 'publish_only', message: 'this request can carry events and sync only' },
  [Code.NOT_FOUND]: { name: 'not_found', message: 'there is nothing at this path' },
  [Code.METHOD_NOT_ALLOWED]: { name: 'method_not_allowed', message: 'this path does not take this method' },
  [Code.UNKNOWN_PARAMETER]: { name: 'unknown_parameter', message: 'there is no such parameter' },
  [Code.BAD_PARAMETER]: { name: 'bad_parameter', message: 'a parameter has a value that it cannot have' },
  [Code.UNSUPPORTED_MEDIA_TYPE]: {
    name: 'unsupported_media_type',
    message: 'a body of this content type is not understood here',
  },
  [Code.NOT_ACCEPTABLE]: { name: 'not_acceptable', message: 'no representation that the request accepts' },
  [Code.BODY_TOO_LARGE]: { name: 'body_too_large', message: 'the body is over the limit' },
  [Code.BAD_BODY]: { name: 'bad_body', message: 'the body is not what its content type says' },
  [Code.ORIGIN_NOT_ALLOWED]: {
    name: 'origin_not_allowed',
    message: 'pages of this origin may not call here; security.origins lists those that may',
  },
  [Code.UNAUTHENTICATED]: {
    name: 'unauthenticated',
    message: 'say first who you are: a token, or a user and a password',
  },
  [Code.NOT_PERMITTED]: { name: 'not_permitted', message: 'this user may not do this on this topic' },
  // The same for every reason: whoever guesses is told nothing.
  [Code.BAD_CREDENTIALS]: { name: 'bad_credentials', message: 'these credentials are not accepted' },
  [Code.TOKEN_REVOKED]: { name: 'token_revoked', message: 'the token of this connection has been revoked' },
  [Code.LANE_NOT_PERMITTED]: {
    name: 'lane_not_permitted',
    message: 'this user may not publish on a lane that is so urgent',
  },
  [Code.PATTERN_TOO_LONG]: { name: 'pattern_too_long', message: 'the pattern has more tokens than it may here' },
}

/** Every code with its name and message, for documents and metrics. */
export const CODES: readonly { code: number; name: string; message: string; tryAgain: boolean; closes: boolean }[] =
  Object.values(Code).map((code) => ({
    code,
    name: codeName(code),
    message: codeMessage(code),
    tryAgain: mayTryAgain(code),
    closes: closesConnection(code),
  }))

/** Stable snake_case name of a code; its number as text when it is not ours. */
export function codeName(code: number): string {
  return TABLE[code]?.name ?? String(code)
}

export function codeMessage(code: number): string {
  return TABLE[code]?.message ?? 'unknown code'
}

/** Whether the same thing may succeed later; for codes of other ranges (RFC 6455) everything but a policy refusal may. */
export function mayTryAgain(code: number): boolean {
  if (code >= 4500 && code <= 4999) return false
  return code !== 1002 && code !== 1003 && code !== 1007 && code !== 1008 && code !== 1009 && code !== 1010
}
