import { connect, type Socket } from 'node:net'
import { clientMessage, upgradeRequest, WebSocketStripper } from './websocket.js'

const ANSWER_TIMEOUT_MS = 10_000
const OPCODE_PONG = 10
const INBOX_BYTES_MAX = 1024 * 1024

/** Takes the bytes of deliveries. The range is valid during the call only. */
export type BodySink = (chunk: Buffer, start: number, end: number) => void

/**
 * A raw socket to a peer. At first what arrives is kept and matched against what a handshake waits for; after `stream`
 * it goes to a sink in place. All connections of the process read into one buffer, as a read is handled before the next.
 */
export class Connection {
  failure: Error | null = null
  /**
   * Lets other sockets have their turn after each read, where Node reads one up to 32 times: what an event waits for here is no latency
   * of the peer.
   */
  oneReadATurn = false
  private readonly socket: Socket
  private inbox: Buffer = Buffer.alloc(0)
  private sink: BodySink | null = null
  private stripper: WebSocketStripper | null = null
  private waiter: (() => void) | null = null
  private closing = false

  static async open(port: number, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(port, options)
    await new Promise<void>((resolve, reject) => {
      connection.socket.once('connect', resolve)
      connection.socket.once('error', reject)
    })
    if (options.upgrade) await connection.upgrade(options.subprotocol)
    return connection
  }

  private constructor(
    port: number,
    private readonly options: ConnectionOptions,
  ) {
    this.socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: options.readBuffer,
        callback: (bytes, buffer) => {
          this.onRead(buffer as Buffer, bytes)
          if (!this.oneReadATurn) return true
          setImmediate(() => this.socket.resume())
          return false
        },
      },
    })
    if (options.stripFrames === true) this.stripper = this.newStripper()
    this.socket.on('error', (error) => this.fail(error))
    this.socket.on('close', () => {
      if (!this.closing) this.fail(new Error('the peer closed the connection'))
    })
  }

  get localPort(): number {
    return this.socket.localPort ?? 0
  }

  /** Sends a command, in a WebSocket message where the peer wants one. */
  send(bytes: Uint8Array): void {
    this.socket.write(this.options.upgrade ? clientMessage([bytes]) : bytes)
  }

  /** Writes bytes that are framed already. @returns false when the socket will call `onDrain` before it wants more. */
  write(bytes: Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  onDrain(callback: () => void): void {
    this.socket.on('drain', callback)
  }

  onceDrained(callback: () => void): void {
    this.socket.once('drain', callback)
  }

  /**
   * Waits until `take` recognises an answer in the bytes received so far.
   * @param take returns how many bytes the answer and what came before it fill, or -1 for not yet
   */
  until(what: string, take: (bytes: Buffer) => number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: Error | null) => {
        clearTimeout(timer)
        this.waiter = null
        if (error === null) resolve()
        else reject(error)
      }
      const timer = setTimeout(
        () => end(new Error(`no answer (${what}) within ${ANSWER_TIMEOUT_MS} ms`)),
        ANSWER_TIMEOUT_MS,
      )
      const check = () => {
        try {
          const taken = take(this.inbox)
          if (taken >= 0) {
            this.inbox = Buffer.from(this.inbox.subarray(taken))
            end(null)
          } else if (this.failure !== null) end(this.failure)
        } catch (error) {
          end(error as Error)
        }
      }
      this.waiter = check
      check()
    })
  }

  /** From here on everything received goes to the sink. */
  stream(sink: BodySink): void {
    this.sink = sink
    const early = this.inbox
    this.inbox = Buffer.alloc(0)
    if (early.length > 0) sink(early, 0, early.length)
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

  private onRead(buffer: Buffer, bytes: number): void {
    if (this.stripper !== null) this.stripper.feed(buffer, 0, bytes)
    else this.onBody(buffer, 0, bytes)
  }

  private onBody(chunk: Buffer, start: number, end: number): void {
    if (this.sink !== null) this.sink(chunk, start, end)
    else {
      this.inbox = Buffer.concat([this.inbox, chunk.subarray(start, end)])
      if (this.inbox.length > INBOX_BYTES_MAX) this.fail(new Error('more arrived than any handshake has'))
      this.waiter?.()
    }
  }

  private async upgrade(subprotocol: string | null): Promise<void> {
    const { request, accept } = upgradeRequest('127.0.0.1', subprotocol)
    this.socket.write(request)
    await this.until('upgrade', (bytes) => {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return -1
      const head = bytes.toString('latin1', 0, end)
      if (!head.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${head.split('\r\n')[0]}`)
      if (!head.includes(accept)) throw new Error('upgrade answered with a wrong Sec-WebSocket-Accept')
      // What came along with the answer is WebSocket frames, so it must go through the stripper.
      const rest = Buffer.from(bytes.subarray(end + 4))
      this.inbox = Buffer.alloc(0)
      this.waiter = null
      this.stripper = this.newStripper()
      this.stripper.feed(rest, 0, rest.length)
      return 0
    })
  }

  private newStripper(): WebSocketStripper {
    return new WebSocketStripper({
      body: (chunk, from, to) => this.onBody(chunk, from, to),
      ping: (body) => this.socket.write(clientMessage([body], OPCODE_PONG)),
      closed: (code) => this.fail(new Error(`the peer closed the WebSocket with ${code}`)),
    })
  }

  private fail(error: Error): void {
    if (this.closing) return
    this.failure ??= error
    this.socket.destroy()
    this.waiter?.()
  }
}

export interface ConnectionOptions {
  upgrade: boolean
  /** The peer sends WebSocket frames without an upgrade: only the generator's own ceiling is measured so. */
  stripFrames?: boolean
  subprotocol: string | null
  /** Shared by all connections of a process. */
  readBuffer: Buffer
}
