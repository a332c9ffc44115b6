import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../protocol/ops.js'

/**
 * Chooses among the subprotocols that a client offers (RFC 6455, 4.2.2).
 * @param offered value of Sec-WebSocket-Protocol; empty when the client offers none, which means msgpack
 * @returns the first of ours, '' when none was offered, or null when none of them is ours
 */
export function chooseSubprotocol(offered: string): string | null {
  if (offered.trim() === '') return ''
  for (const name of offered.split(',')) {
    const trimmed = name.trim()
    if (trimmed === SUBPROTOCOL_MSGPACK || trimmed === SUBPROTOCOL_JSON) return trimmed
  }
  return null
}
