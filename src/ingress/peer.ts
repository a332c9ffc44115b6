import { isIPv6, type Socket } from 'node:net'
import type { Peer } from '../core/peer.js'

/** How a session is carried: WebSocket over HTTP/1.1 or HTTP/2, server-sent events, frames as an answer, and frames both ways over one request. */
export const TRANSPORTS = ['websocket', 'websocket-h2', 'sse', 'http-frames', 'http-session'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** IPv4 in IPv6 (RFC 4291, 2.5.5.2), as the URL standard writes it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/** The peer of one connection. What it says is put together only when somebody asks: there may be very many of them. */
export class RemotePeer implements Peer {
  /** @param port 0 where the engine does not tell it */
  constructor(
    readonly listener: string,
    readonly transport: Transport,
    private readonly host: string,
    private readonly port: number,
  ) {}

  get address(): string {
    const host = shortened(this.host)
    if (this.port === 0) return host
    return host.includes(':') ? `[${host}]:${this.port}` : `${host}:${this.port}`
  }
}

/** The peer behind a socket that is open: once it is closed, nobody knows any more who was there. */
export function peerOf(socket: Socket, listener: string, transport: Transport): RemotePeer {
  return new RemotePeer(listener, transport, socket.remoteAddress ?? '', socket.remotePort ?? 0)
}

/** An IPv6 address in its short form (RFC 5952); of one that stands for an IPv4 address, that one. */
function shortened(host: string): string {
  if (!isIPv6(host) || host.includes('%')) return host
  const short = new URL(`http://[${host}]`).hostname.slice(1, -1)
  const mapped = MAPPED.exec(short)
  if (mapped === null) return short
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
