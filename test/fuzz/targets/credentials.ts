import {
  hasCredentials,
  readAuthorization,
  readTokenSubprotocol,
  TOKEN_SUBPROTOCOL,
} from '../../../src/ingress/credentials.js'
import { Origins } from '../../../src/ingress/origins.js'
import { chooseSubprotocol } from '../../../src/ingress/subprotocol.js'
import type { Credentials } from '../../../src/protocol/control.js'
import { must } from '../target.js'

/**
 * What a request says of who sends it: Authorization, offered subprotocols, query, Origin and Host, a line each. Nobody has been asked who they are when this is
 * read.
 */

const LISTED = ['https://app.example', 'https://*.pages.example', 'http://localhost:*', 'http://127.0.0.1:8080']
const origins = new Origins(LISTED)
const any = new Origins(['*'])

const token = Buffer.from('token.é').toString('base64url')

export const words = [
  ...['Bearer ', 'Basic ', 'bearer  ', 'abc.def.ghi', 'dXNlcjpwYXNz', 'Og==', '/+==', '\n'],
  ...[TOKEN_SUBPROTOCOL, `${TOKEN_SUBPROTOCOL}${token}`, 'sluice.v1.json', 'sluice.v1.msgpack', ', ', '__proto__'],
  ...[
    'access_token=',
    '&token=x',
    'api_key=',
    'password=',
    'https://app.example',
    'https://a.pages.example',
    '.pages.example',
  ],
  ...[
    'http://localhost:5173',
    'null',
    'http://[::1]:80',
    '[::1]',
    'https://app.example:443',
    'https://x@app.example',
    ':*',
    '*',
  ],
]

const lines = (input: Buffer): string[] => {
  const [authorization = '', offered = '', query = '', origin = '', host = ''] = input.toString('latin1').split('\n')
  return [authorization, offered, query, origin, host]
}

export function handle(input: Buffer): unknown {
  const [authorization, offered, query, origin, host] = lines(input)
  return [
    readAuthorization(authorization),
    readTokenSubprotocol(offered),
    hasCredentials(query),
    origins.allows(origin, host),
  ]
}

export function fuzz(input: Buffer): void {
  const [authorization, offered, query, origin, host] = lines(input)
  checkCredentials(readAuthorization(authorization), authorization === '')
  const fromOffer = readTokenSubprotocol(offered)
  checkCredentials(fromOffer, !offered.split(',').some((name) => name.trim().startsWith(TOKEN_SUBPROTOCOL)))
  const chosen = chooseSubprotocol(offered)
  must(chosen === null || !chosen.includes(TOKEN_SUBPROTOCOL), 'a token is no subprotocol to speak', chosen)
  const parameters = new URLSearchParams(`&${query}`)
  const isNamed = ['access_token', 'token'].some((name) => (parameters.get(name) ?? '') !== '')
  must(!isNamed || hasCredentials(query) || /[%+]/.test(query), 'a token in the address is seen', query)
  checkOrigin(origin, host)
}

function checkCredentials(credentials: Credentials | null | 'malformed', isAbsent: boolean): void {
  must((credentials === null) === isAbsent, 'there are none only where nothing was shown', credentials)
  if (credentials === null || credentials === 'malformed') return
  const keys = Object.keys(credentials).sort().join()
  must(keys === 'token' || keys === 'password,user', 'a token, or user and password', keys)
  for (const text of Object.values(credentials) as string[]) {
    must(typeof text === 'string' && !/\p{Surrogate}/u.test(text), 'text', text)
  }
  if ('token' in credentials) must(credentials.token !== '', 'a token has characters')
}

function checkOrigin(origin: string, host: string): void {
  must(any.allows(origin, host), 'any is any')
  const allowed = origins.allows(origin, host)
  must(origins.allows(origin, host) === allowed, 'asked again, the answer is the same')
  if (!allowed || origin === '') return
  // Where the page's own address says so, not by a browser's idea of what it may have meant.
  const url = new URL(origin)
  const isListed =
    (url.protocol === 'https:' && (url.host === 'app.example' || url.host.endsWith('.pages.example'))) ||
    (url.protocol === 'http:' && (url.hostname === 'localhost' || url.host === '127.0.0.1:8080'))
  const ports = ['', ':443', ':80']
  must(
    isListed || ports.some((port) => `${url.host}${port}` === host.toLowerCase()),
    'listed, or where it came from',
    origin,
    host,
  )
}
