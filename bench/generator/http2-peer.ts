import type { Socket } from 'node:net'
import { clientPreface, Flag, FrameReader, FrameType, frame, initialWindowOf, isOk } from './http2-frames.js'

export interface StreamSink {
  /** Bytes of the answer to a request that was taken. */
  body(stream: number, chunk: Buffer, start: number, end: number): void
  /** The answer to a request began, with 200. */
  taken(stream: number): void
  /** The server's SETTINGS came, with the first window of streams if they say it. */
  settings(initialWindow: number | null): void
  window(stream: number, bytes: number): void
  /** A request was refused, reset or ended; null: that of the whole connection. */
  failed(stream: number | null, why: string): void
}

/** The client's end of one HTTP/2 connection: answers what must be answered, tells the rest. */
export class Http2Peer {
  private readonly reader: FrameReader
  /** What came on streams whose requests were refused, to be told why. */
  private readonly refusals = new Map<number, string>()

  constructor(
    private readonly socket: Socket,
    private readonly sink: StreamSink,
  ) {
    this.reader = new FrameReader({
      data: (stream, chunk, start, end) => this.onData(stream, chunk, start, end),
      frame: (type, flags, stream, body) => this.onFrame(type, flags, stream, body),
      ended: (stream) => sink.failed(stream, this.refusals.get(stream) ?? 'the answer ended'),
    })
  }

  start(): void {
    this.socket.write(clientPreface())
  }

  feed(chunk: Buffer, start: number, end: number): void {
    this.reader.feed(chunk, start, end)
  }

  private onData(stream: number, chunk: Buffer, start: number, end: number): void {
    const refusal = this.refusals.get(stream)
    if (refusal === undefined) this.sink.body(stream, chunk, start, end)
    else this.refusals.set(stream, refusal + chunk.toString('latin1', start, end))
  }

  private onFrame(type: number, flags: number, stream: number, body: Buffer): void {
    switch (type) {
      case FrameType.HEADERS:
        if (isOk(body)) this.sink.taken(stream)
        else this.refusals.set(stream, 'refused: ')
        break
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) !== 0) break
        this.socket.write(frame(FrameType.SETTINGS, Flag.ACK, 0))
        this.sink.settings(initialWindowOf(body))
        break
      case FrameType.PING:
        if ((flags & Flag.ACK) === 0) this.socket.write(frame(FrameType.PING, Flag.ACK, 0, [body]))
        break
      case FrameType.WINDOW_UPDATE:
        this.sink.window(stream, body.readUInt32BE(0) & 0x7fffffff)
        break
      case FrameType.RST_STREAM:
        this.sink.failed(stream, `the server reset the stream with ${body.readUInt32BE(0)}`)
        break
      case FrameType.GOAWAY:
        this.sink.failed(null, `the server sent GOAWAY with ${body.readUInt32BE(4)}`)
        break
    }
  }
}
