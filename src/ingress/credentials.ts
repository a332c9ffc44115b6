import type { Credentials } from '../protocol/control.js'

/** An offered subprotocol that begins so is no subprotocol but a token: a page cannot send headers with its WebSocket. */
export const TOKEN_SUBPROTOCOL = 'sluice.token.'

/** RFC 6750, 2.1. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i
/** RFC 7617, 2. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i
const BASE64URL = /^[A-Za-z0-9_-]+$/
/** Neither user nor password has any (RFC 7617, 2). */
const CONTROL = /\p{Cc}/u
/** Parameters by which somebody may think to say who they are. */
const IN_QUERY = /(?:^|[&;])(?:access_token|token|jwt|password|authorization|api_?key)=/i

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What an Authorization header shows.
 * @returns null when there is none; 'malformed' for what is neither Bearer (RFC 6750) nor Basic (RFC 7617)
 */
export function readAuthorization(value: string): Credentials | null | 'malformed' {
  if (value === '') return null
  const bearer = BEARER.exec(value)
  if (bearer !== null) return { token: bearer[1] }
  const basic = BASIC.exec(value)
  return basic === null ? 'malformed' : readBasic(basic[1])
}

function readBasic(encoded: string): Credentials | 'malformed' {
  const text = utf8(Buffer.from(encoded, 'base64'))
  const colon = text === null ? -1 : text.indexOf(':')
  if (text === null || colon < 0 || CONTROL.test(text)) return 'malformed'
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * The token among the subprotocols that a client offers.
 * @param offered value of Sec-WebSocket-Protocol
 * @returns null when there is none; 'malformed' when it is not base64url of UTF-8, or one of several
 */
export function readTokenSubprotocol(offered: string): Credentials | null | 'malformed' {
  if (!offered.includes(TOKEN_SUBPROTOCOL)) return null
  let found: Credentials | null = null
  for (const part of offered.split(',')) {
    const name = part.trim()
    if (!name.startsWith(TOKEN_SUBPROTOCOL)) continue
    const encoded = name.slice(TOKEN_SUBPROTOCOL.length)
    const token = BASE64URL.test(encoded) ? utf8(Buffer.from(encoded, 'base64url')) : null
    if (found !== null || token === null || token === '') return 'malformed'
    found = { token }
  }
  return found
}

/** Whether an address seems to have credentials in it, which would end up in logs and histories. */
export function hasCredentials(query: string): boolean {
  return query !== '' && IN_QUERY.test(query)
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}
