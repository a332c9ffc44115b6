import type { Socket } from 'node:net'
import type { Carrier } from './carrier.js'
import type { Inbox } from './inbox.js'
import { clientMessage, type Handshake, upgradeRequest, WebSocketStripper } from './websocket.js'

const OPCODE_PONG = 10

export class WebSocketCarrier implements Carrier {
  private readonly stripper: WebSocketStripper
  private upgraded = false

  constructor(
    private readonly socket: Socket,
    private readonly inbox: Inbox,
    private readonly handshake: Handshake,
  ) {
    this.stripper = new WebSocketStripper({
      body: (chunk, from, to) => this.push(chunk, from, to),
      ping: (body) => this.socket.write(clientMessage([body], OPCODE_PONG)),
      closed: (code) => this.socket.destroy(new Error(`the peer closed the WebSocket with ${code}`)),
    })
  }

  async open(): Promise<void> {
    const { request, accept } = upgradeRequest('127.0.0.1', this.handshake)
    this.socket.write(request)
    let rest: Buffer = Buffer.alloc(0)
    await this.inbox.until('upgrade', (bytes) => {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return -1
      const head = bytes.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${head.split('\r\n')[0]}`)
      if (!head.includes(accept)) throw new Error('upgrade answered with a wrong Sec-WebSocket-Accept')
      // What came along with the answer is WebSocket frames, so it must go through the stripper, and before what comes next.
      rest = Buffer.from(bytes.subarray(end + 4))
      this.upgraded = true
      return bytes.length
    })
    this.stripper.feed(rest, 0, rest.length)
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.upgraded) this.stripper.feed(chunk, start, end)
    else this.push(chunk, start, end)
  }

  wrap(bytes: Uint8Array): Uint8Array {
    return clientMessage([bytes])
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

  private push(chunk: Buffer, start: number, end: number): void {
    if (!this.inbox.push(chunk, start, end)) this.socket.destroy(new Error('more arrived than any handshake has'))
  }
}
