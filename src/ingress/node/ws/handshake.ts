import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Code, codeMessage } from '../../../protocol/codes.js'
import { chooseSubprotocol } from '../../subprotocol.js'

/** Appended to the client's key (RFC 6455, 1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** 16 bytes in base64 (RFC 6455, 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/
const VERSION = '13'

/** Why there is no WebSocket here: an HTTP answer. */
export interface Refusal {
  /** For the counter: few and fixed words. */
  reason: string
  status: number
  /** Names in lower case. */
  headers: { readonly [name: string]: string }
  /** For people. */
  message: string
}

export interface Agreement {
  /** Empty when none was offered. */
  subprotocol: string
}

function refuse(reason: string, status: number, message: string, headers: Refusal['headers'] = {}): Refusal {
  return { reason, status, headers, message }
}

/** What both ways of opening share: the subprotocol. */
function agree(headers: IncomingHttpHeaders): Agreement | Refusal {
  const subprotocol = chooseSubprotocol(headers['sec-websocket-protocol'] ?? '')
  if (subprotocol === null) return refuse('subprotocol', 400, codeMessage(Code.UNSUPPORTED_SUBPROTOCOL))
  return { subprotocol }
}

/** Versions that are understood are told in the answer (RFC 6455, 4.4). */
function refuseVersion(status: number, headers: Refusal['headers']): Refusal {
  const told = { ...headers, 'sec-websocket-version': VERSION }
  return refuse('version', status, `version ${VERSION} of WebSocket is spoken here`, told)
}

/** A request to upgrade an HTTP/1.1 connection (RFC 6455, 4.2.1). */
export function agreeToUpgrade(method: string, httpVersion: string, headers: IncomingHttpHeaders): Agreement | Refusal {
  if (method !== 'GET') return refuse('method', 405, 'a WebSocket is opened by GET', { allow: 'GET' })
  if (httpVersion === '1.0') return refuse('http_version', 400, 'a WebSocket is opened over HTTP/1.1')
  if (!hasToken(headers.upgrade, 'websocket')) {
    return refuse('upgrade', 426, 'this port upgrades to WebSocket only', { upgrade: 'websocket' })
  }
  if (!hasToken(headers.connection, 'upgrade')) {
    return refuse('upgrade', 400, 'the Connection header must have the token Upgrade')
  }
  if (headers.host === undefined) return refuse('host', 400, 'there is no Host header')
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return refuse('key', 400, 'Sec-WebSocket-Key must be 16 bytes in base64')
  }
  if (headers['sec-websocket-version'] !== VERSION) return refuseVersion(426, { upgrade: 'websocket' })
  return agree(headers)
}

/** An extended CONNECT on HTTP/2 (RFC 8441, 5). */
export function agreeToConnect(headers: IncomingHttpHeaders): Agreement | Refusal {
  if (headers[':method'] !== 'CONNECT')
    return refuse('method', 405, 'a WebSocket is opened by CONNECT', { allow: 'CONNECT' })
  if (headers[':protocol'] !== 'websocket') return refuse('upgrade', 501, 'only the protocol websocket is spoken here')
  // Nothing can be upgraded on HTTP/2, so this is no 426.
  if (headers['sec-websocket-version'] !== VERSION) return refuseVersion(400, {})
  return agree(headers)
}

/** Value of Sec-WebSocket-Accept (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64')
}

/** Whether a header that is a list of tokens has this one, without regard to case. */
function hasToken(header: string | undefined, token: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((part) => part.trim().toLowerCase() === token)
}
