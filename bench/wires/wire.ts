import type { Connection } from '../generator/connection.js'

export type WireName =
  | 'sluice'
  | 'sluice-http2'
  | 'nats'
  | 'nats-websocket'
  | 'redis'
  | 'mqtt'
  | 'socketio'
  | 'messages'
  | 'forwarder'

/** What publications and deliveries travel in, which the generator adds and strips: nothing, WebSocket frames, or one HTTP/2 request. */
export type CarrierName = 'none' | 'websocket' | 'http2'

/**
 * What the generator has to know of a protocol: how a connection becomes usable, and the exact bytes of a publication and
 * of its delivery. Everything is encoded before a run; nothing here is called while one is measured.
 */
export interface Wire {
  readonly name: WireName
  readonly carrier: CarrierName
  readonly subprotocol: string | null
  /** What is asked for in the WebSocket handshake; absent: /. */
  readonly path?: string
  /** A publication is whole messages of the carrier, which the wire has framed, so that a batch is so many of them in one write. */
  readonly framesItself?: boolean
  /** Resolves when the peer has accepted the connection. */
  open(connection: Connection, role: Role): Promise<void>
  /** Resolves when the peer has confirmed that the pattern is subscribed. */
  subscribe(connection: Connection, pattern: string, limits: SubscriptionLimits): Promise<void>
  /** Resolves when the peer has taken everything that was sent on this connection before. */
  sync(connection: Connection): Promise<void>
  publication(topic: string, lane: number, payload: Uint8Array): Uint8Array
  /** Bytes that a subscriber receives for it, without WebSocket headers. */
  delivery(topic: string, lane: number, payload: Uint8Array, pattern: string): Uint8Array
  /**
   * What stands at bytes[pos] where a delivery was expected: a notice of the peer.
   * @returns the position after it, or 0 when it is not one that this protocol has.
   */
  noticeEnd(bytes: Uint8Array, pos: number, end: number): number
  /** What a notice at bytes[pos, end) tells to be missing: events of a pattern. Absent: this protocol never tells. */
  gapIn?(bytes: Uint8Array, pos: number, end: number): { pattern: string; count: number } | null
  /** A subscribe (or unsubscribe) command whose confirmation is not awaited. Null where the benchmark has no use for it. */
  churn(subscribe: boolean, pattern: string): Uint8Array | null
}

export type Role = 'publisher' | 'subscriber'

/** How much may wait in the peer for a subscriber that does not read; 0 leaves it to the peer's default. */
export interface SubscriptionLimits {
  bytesMax: number
  eventsMax: number
}

/** The pattern in the peer's own grammar: redis has glob patterns and a command of their own for them. */
export function isWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('>')
}
