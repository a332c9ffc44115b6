import type { Socket } from 'node:net'
import type { CarrierName } from '../wires/wire.js'
import { type Carrier, carrierOver } from './carrier.js'
import { type BodySink, Inbox } from './inbox.js'
import { openSocket } from './socket.js'

export interface ConnectionOptions {
  carrier: CarrierName
  tls: boolean
  subprotocol: string | null
  /** Of the WebSocket handshake; absent: /. */
  path?: string | undefined
  /** Of this machine, from which it goes out; absent: whichever the system takes. */
  localAddress?: string | null
  /** Shared by all connections of a process. */
  readBuffer: Buffer
}

/** A raw socket to a peer, in the framing of its carrier, which publications have from the start. */
export class Connection {
  /**
   * Lets other sockets have their turn after each read, where Node reads one up to 32 times: what an event waits for here is no latency
   * of the peer.
   */
  oneReadATurn = false
  /** After each read nothing is read for so long; 0: at once. */
  pauseMs = 0
  /** Called after each read. */
  onceRead: () => void = () => {}
  private socket!: Socket
  private carrier!: Carrier
  private readonly inbox = new Inbox()
  private closing = false

  static async open(port: number, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection()
    await connection.open(port, options)
    return connection
  }

  private constructor() {}

  private async open(port: number, options: ConnectionOptions): Promise<void> {
    const { carrier, tls, subprotocol, path, localAddress = null, readBuffer } = options
    const alpn = carrier === 'http2' ? 'h2' : ''
    this.socket = await openSocket(port, {
      tls,
      alpn,
      localAddress,
      readBuffer,
      onRead: (buffer, bytes) => this.onRead(buffer, bytes),
    })
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => this.fail(new Error('the peer closed the connection')))
    this.carrier = carrierOver(carrier, this.socket, this.inbox, { subprotocol, path: path ?? '/' })
    await this.carrier.open()
  }

  get failure(): Error | null {
    return this.inbox.failure
  }

  get localPort(): number {
    return this.socket.localPort ?? 0
  }

  /** Sends a command, in the carrier's framing. */
  send(bytes: Uint8Array): void {
    this.carrier.write(this.carrier.wrap(bytes))
  }

  /** Writes bytes that are framed already. @returns false when the connection will call `onDrain` before it wants more. */
  write(bytes: Uint8Array): boolean {
    return this.carrier.write(bytes)
  }

  onDrain(callback: () => void): void {
    this.carrier.onDrain(callback)
  }

  onceDrained(callback: () => void): void {
    this.carrier.onceDrained(callback)
  }

  until(what: string, take: (bytes: Buffer) => number): Promise<void> {
    return this.inbox.until(what, take)
  }

  /** From here on everything received goes to the sink. */
  stream(sink: BodySink): void {
    this.inbox.stream(sink)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  close(): void {
    this.closing = true
    this.socket.destroy()
  }

  private onRead(buffer: Buffer, bytes: number): boolean {
    this.carrier.feed(buffer, 0, bytes)
    this.onceRead()
    if (this.pauseMs > 0) {
      setTimeout(() => this.socket.resume(), this.pauseMs)
      return false
    }
    if (!this.oneReadATurn) return true
    setImmediate(() => this.socket.resume())
    return false
  }

  private fail(error: Error): void {
    if (this.closing) return
    this.socket.destroy()
    this.inbox.fail(error)
  }
}
