import type { Socket } from 'node:net'
import type { CarrierName } from '../wires/wire.js'
import { Http2RequestCarrier } from './http2-request.js'
import type { Inbox } from './inbox.js'
import type { Handshake } from './websocket.js'
import { WebSocketCarrier } from './websocket-carrier.js'

/** What is between a socket and the bytes of a protocol. */
export interface Carrier {
  /** Resolves when the peer takes bytes of the protocol. */
  open(): Promise<void>
  /** Takes what the socket received; what is inside goes to the inbox. */
  feed(chunk: Buffer, start: number, end: number): void
  /** A command in the carrier's framing. */
  wrap(bytes: Uint8Array): Uint8Array
  /** Writes bytes that have the framing already. @returns false when `onDrain` will be called before more is wanted */
  write(bytes: Uint8Array): boolean
  onDrain(callback: () => void): void
  onceDrained(callback: () => void): void
}

export function carrierOver(name: CarrierName, socket: Socket, inbox: Inbox, handshake: Handshake): Carrier {
  switch (name) {
    case 'none':
      return new PlainCarrier(socket, inbox)
    case 'websocket':
      return new WebSocketCarrier(socket, inbox, handshake)
    case 'http2':
      return new Http2RequestCarrier(socket, inbox)
  }
}

class PlainCarrier implements Carrier {
  constructor(
    private readonly socket: Socket,
    private readonly inbox: Inbox,
  ) {}

  async open(): Promise<void> {}

  feed(chunk: Buffer, start: number, end: number): void {
    if (!this.inbox.push(chunk, start, end)) this.socket.destroy(new Error('more arrived than any handshake has'))
  }

  wrap(bytes: Uint8Array): Uint8Array {
    return bytes
  }

  write(bytes: Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  onDrain(callback: () => void): void {
    this.socket.on('drain', callback)
  }

  onceDrained(callback: () => void): void {
    this.socket.once('drain', callback)
  }
}
