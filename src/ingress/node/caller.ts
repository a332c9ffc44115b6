import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TrustedProxies } from '../addresses.js'
import type { Caller } from '../door.js'
import type { ProxiedClient } from '../proxy-protocol.js'
import { subjectOf } from '../tls/subject.js'
import { originOf } from './origin.js'

export interface NodeCaller extends Caller {
  /** Whether a proxy that speaks HTTP stands between. */
  readonly isProxied: boolean
}

export const NO_CALLER: NodeCaller = { address: '', certificateSubject: '', isProxied: false }

/** @param forwardedFor value of X-Forwarded-For; '' for none */
export function callerOf(socket: Duplex, proxies: TrustedProxies, forwardedFor: string): NodeCaller {
  if (!(socket instanceof Socket)) return NO_CALLER
  const { address } = clientOf(socket, proxies, forwardedFor)
  return { address, certificateSubject: subjectOf(socket), isProxied: address !== originOf(socket).address }
}

/** Who has sent a request: who opened the connection, or whom a proxy that is trusted says that it stands for. Of those the port is not known: 0. */
export function clientOf(socket: Socket, proxies: TrustedProxies, forwardedFor: string): ProxiedClient {
  const origin = originOf(socket)
  const address = proxies.clientOf(origin.address, forwardedFor)
  return address === origin.address ? origin : { address, port: 0 }
}

/** All values of X-Forwarded-For in their order; '' for none. */
export function forwardedForIn(headers: { readonly [name: string]: string | readonly string[] | undefined }): string {
  const value = headers['x-forwarded-for']
  return typeof value === 'string' ? value : (value?.join(',') ?? '')
}
