import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { subjectOf } from '../tls/subject.js'

/** Who is at the other end of a connection, as far as the connection shows it. */
export interface Caller {
  /** Without a port. */
  readonly address: string
  /** Subject (RFC 4514) of a client certificate that has been verified; '' for none. */
  readonly certificateSubject: string
}

export const NO_CALLER: Caller = { address: '', certificateSubject: '' }

export function callerOf(socket: Duplex): Caller {
  if (!(socket instanceof Socket)) return NO_CALLER
  return { address: socket.remoteAddress ?? '', certificateSubject: subjectOf(socket) }
}
