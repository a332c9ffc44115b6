import type { Peer } from '../core/peer.js'
import { plainAddress } from './addresses.js'

/** How a session is carried: WebSocket over HTTP/1.1 or HTTP/2, server-sent events, frames as an answer, and frames both ways over one request. */
export const TRANSPORTS = ['websocket', 'websocket-h2', 'sse', 'http-frames', 'http-session'] as const
export type Transport = (typeof TRANSPORTS)[number]

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
    const host = plainAddress(this.host)
    if (this.port === 0) return host
    return host.includes(':') ? `[${host}]:${this.port}` : `${host}:${this.port}`
  }
}
