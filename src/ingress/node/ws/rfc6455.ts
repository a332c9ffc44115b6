/** Names and rules of RFC 6455 that both directions need. */

export const Opcode = {
  CONTINUATION: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
} as const

/** First byte of a frame (5.2). */
export const FIN = 0x80
export const RESERVED_BITS = 0x70
export const OPCODE_BITS = 0x0f
/** Second byte. */
export const MASKED = 0x80
export const LENGTH_BITS = 0x7f
/** Length bits that say that the length follows in two bytes, and in eight. */
export const LENGTH_16 = 126
export const LENGTH_64 = 127
export const MASK_BYTES = 4

/** Payload of a control frame (5.5). */
export const CONTROL_BYTES_MAX = 125
/** A close frame's payload is a code and then the reason. */
export const CLOSE_CODE_BYTES = 2

/** Header of a frame from us: never masked. */
export const HEADER_BYTES_MAX = 10

/** Close codes (7.4.1). */
export const Close = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  /** Never sent: there was no code in the close frame. */
  NO_CODE: 1005,
  /** Never sent: there was no close frame. */
  ABNORMAL: 1006,
  NOT_UTF8: 1007,
  TOO_BIG: 1009,
} as const

/** Codes above 1003 that a peer may send of those that the registry of RFC 6455 (11.7) holds. */
const REGISTERED_FIRST = 1007
const REGISTERED_LAST = 1014
const APPLICATION_FIRST = 3000
const APPLICATION_LAST = 4999

/** Whether a peer may send this close code (7.4). */
export function isSendable(code: number): boolean {
  if (code >= Close.NORMAL && code <= 1003) return true
  if (code >= REGISTERED_FIRST && code <= REGISTERED_LAST) return true
  return code >= APPLICATION_FIRST && code <= APPLICATION_LAST
}

/**
 * Writes the header of an unmasked frame so that it ends right before `bodyAt`.
 * @returns where it begins
 */
export function writeHeader(into: Buffer, bodyAt: number, opcode: number, length: number): number {
  let at = bodyAt - 2
  if (length >= 0x10000) {
    at = bodyAt - 10
    into[at + 1] = LENGTH_64
    into.writeUInt32BE(0, at + 2)
    into.writeUInt32BE(length, at + 6)
  } else if (length >= LENGTH_16) {
    at = bodyAt - 4
    into[at + 1] = LENGTH_16
    into[at + 2] = length >>> 8
    into[at + 3] = length
  } else into[at + 1] = length
  into[at] = FIN | opcode
  return at
}

/** A control frame. The body has at most CONTROL_BYTES_MAX bytes. */
export function controlFrame(opcode: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(2 + body.length)
  writeHeader(frame, 2, opcode, body.length)
  frame.set(body, 2)
  return frame
}

const encoder = new TextEncoder()

/** A close frame. Of the reason, as many whole characters as there is room for. */
export function closeFrame(code: number, reason: string): Buffer {
  const body = new Uint8Array(CONTROL_BYTES_MAX)
  body[0] = code >>> 8
  body[1] = code
  const { written } = encoder.encodeInto(reason, body.subarray(CLOSE_CODE_BYTES))
  return controlFrame(Opcode.CLOSE, body.subarray(0, CLOSE_CODE_BYTES + written))
}
