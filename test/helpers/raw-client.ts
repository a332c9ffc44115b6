import { type ClientOptions, WebSocket } from 'ws'
import { Code } from '../../src/protocol/codes.js'
import { type ControlFrame, decodeControl, encodeControl, type SubscribeOptions } from '../../src/protocol/control.js'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { until } from './until.js'

export interface RawEvent {
  topic: string
  lane: number
  payload: Buffer
  /** The frame as it came. */
  frame: Buffer
}

export interface Closed {
  code: number
  reason: string
}

type FrameOf<O extends number> = Extract<ControlFrame, { op: O }>

/** Speaks frames over a WebSocket directly, so that these tests depend on nothing of the client library. */
export class RawClient {
  /** What has come, in order of arrival; events only while `onEvent` is not replaced. */
  readonly controls: ControlFrame[] = []
  readonly events: RawEvent[] = []
  readonly lines: unknown[][] = []
  /** Binary or text messages received. */
  messages = 0
  onEvent: (event: RawEvent) => void = (event) => this.events.push(event)
  closed: Closed | null = null
  private readonly scanner = new EventScanner()
  private requests = 0

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.messages++
      if (isBinary) this.read(data)
      else for (const line of data.toString().split('\n')) this.lines.push(JSON.parse(line) as unknown[])
    })
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
    })
    // A connection that is cut says so by its close code too.
    socket.on('error', () => {})
  }

  /** Resolves at the handshake. */
  static open(
    url: string,
    protocols: string[] = [SUBPROTOCOL_MSGPACK],
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options })
    const client = new RawClient(socket)
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(client))
      socket.once('error', reject)
    })
  }

  static json(url: string): Promise<RawClient> {
    return RawClient.open(url, [SUBPROTOCOL_JSON])
  }

  private read(data: Buffer): void {
    for (let pos = 0; pos < data.length; ) {
      const next =
        data[pos + 1] === Op.EVENT ? this.scanner.scan(data, pos, data.length) : frameEnd(data, pos, data.length)
      if (next < 0) throw new Error(`the daemon sent what is no frame: ${-next}`)
      if (data[pos + 1] === Op.EVENT) this.readEvent(data, pos, next)
      else this.readControl(data, pos, next)
      pos = next
    }
  }

  private readEvent(data: Buffer, pos: number, next: number): void {
    const { topicStart, topicEnd, lane, payloadStart, payloadEnd } = this.scanner
    this.onEvent({
      topic: data.toString('utf8', topicStart, topicEnd),
      lane,
      payload: data.subarray(payloadStart, payloadEnd),
      frame: data.subarray(pos, next),
    })
  }

  private readControl(data: Buffer, pos: number, next: number): void {
    const frame = decodeControl(data, pos, next)
    if (typeof frame === 'number') throw new Error(`the daemon sent a bad control frame: ${frame}`)
    this.controls.push(frame)
  }

  /** Control frames of one op that have come. */
  told<O extends ControlFrame['op']>(op: O): FrameOf<O>[] {
    return this.controls.filter((frame) => frame.op === op) as FrameOf<O>[]
  }

  send(...frames: (Uint8Array | ControlFrame)[]): void {
    this.socket.send(Buffer.concat(frames.map((frame) => (frame instanceof Uint8Array ? frame : encodeControl(frame)))))
  }

  publish(topic: string, payload: Uint8Array | string, lane = 3): void {
    this.send(encodeEvent(topic, lane, typeof payload === 'string' ? Buffer.from(payload) : payload))
  }

  /** Resolves when the daemon has said OK. */
  async subscribe(pattern: string, options: SubscribeOptions = {}): Promise<void> {
    const request = ++this.requests
    this.send({ op: Op.SUBSCRIBE, request, pattern, options })
    await this.until(`OK to ${pattern}`, () => this.told(Op.OK).some((ok) => ok.request === request))
  }

  async sync(): Promise<FrameOf<typeof Op.SYNCED>> {
    const request = ++this.requests
    this.send({ op: Op.SYNC, request })
    const answer = () => this.told(Op.SYNCED).find((synced) => synced.request === request)
    await this.until('SYNCED', () => answer() !== undefined)
    return answer() as FrameOf<typeof Op.SYNCED>
  }

  /** As `until`, and fails at once when the connection ends. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, () => {
      if (this.closed !== null && !condition()) throw new Error(`closed with ${this.closed.code} before: ${what}`)
      return condition()
    })
  }

  async untilClosed(): Promise<Closed> {
    await until('the end of the connection', () => this.closed !== null)
    return this.closed as Closed
  }

  /** Codes of the ERROR frames that have come. */
  get errors(): number[] {
    return this.told(Op.ERROR).map(({ code }) => code)
  }

  /** Events that GAP frames told of. */
  get missed(): number {
    return this.told(Op.GAP).reduce((sum, { count }) => sum + count, 0)
  }

  /** Stops reading, as a peer does that hangs: what comes fills the kernel's buffers. */
  freeze(): void {
    this.socket.pause()
  }

  thaw(): void {
    this.socket.resume()
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.untilClosed()
  }

  cut(): void {
    this.socket.terminate()
  }
}

/** A close code with its name, for messages of tests. */
export const CLOSE = { ...Code, NORMAL: 1000, GONE: 1006, TOO_BIG: 1009 } as const
