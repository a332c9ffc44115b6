import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** Where a socket keeps what its certificate says. */
const kSubject = Symbol('subject')

interface Known extends TLSSocket {
  [kSubject]?: string
}

/**
 * Subject of the certificate that the peer of a socket has shown (RFC 4514), if it has been verified; '' for none. It does not change while the socket
 * is open, so that it is asked for once.
 */
export function subjectOf(socket: Duplex): string {
  if (!(socket instanceof TLSSocket)) return ''
  const known = socket as Known
  known[kSubject] ??= socket.authorized ? asDistinguishedName(socket.getPeerX509Certificate()?.subject ?? '') : ''
  return known[kSubject]
}

/** Node has a line for each relative distinguished name, escaped as RFC 4514 wants it, the most general first: the RFC begins with the last. */
export function asDistinguishedName(lines: string): string {
  return lines.split('\n').reverse().join(',').replaceAll(' + ', '+')
}
