import type { Socket } from 'node:net'
import { MEDIA_FRAMES } from '../../src/protocol/media.js'
import type { Carrier } from './carrier.js'
import { FRAME_HEADER_BYTES, FrameType, frame, requestHeaders, WINDOW_BYTES_DEFAULT } from './http2-frames.js'
import { Http2Peer } from './http2-peer.js'
import type { Inbox } from './inbox.js'

const STREAM = 1

/** Bytes of the one request's body: publications are DATA frames. */
export function requestData(parts: readonly Uint8Array[]): Buffer {
  return frame(FrameType.DATA, 0, STREAM, parts)
}

/**
 * One endless request whose answer streams too: a bus session in the bodies of both. What is written is whole DATA frames, encoded beforehand;
 * all that is done with them is to hold them back while the server's windows are full.
 */
export class Http2RequestCarrier implements Carrier {
  private readonly peer: Http2Peer
  private streamWindow = WINDOW_BYTES_DEFAULT
  private connectionWindow = WINDOW_BYTES_DEFAULT
  private initialWindow = WINDOW_BYTES_DEFAULT
  private pending: Buffer = Buffer.alloc(0)
  private socketFull = false
  /** A writer was told to wait. */
  private isAwaited = false
  private readonly always: (() => void)[] = []
  private once: (() => void)[] = []
  private onSettings: () => void = () => {}

  constructor(
    private readonly socket: Socket,
    private readonly inbox: Inbox,
  ) {
    const fail = (why: string) => socket.destroy(new Error(why))
    this.peer = new Http2Peer(socket, {
      body: (_stream, chunk, start, end) => {
        if (!inbox.push(chunk, start, end)) fail('more arrived than any handshake has')
      },
      taken: () => {},
      settings: (initialWindow) => this.granted(initialWindow),
      window: (stream, bytes) => this.opened(stream, bytes),
      failed: (_stream, why) => fail(why),
    })
    socket.on('drain', () => {
      this.socketFull = false
      this.flush()
    })
  }

  async open(): Promise<void> {
    const settled = new Promise<void>((resolve) => {
      this.onSettings = resolve
    })
    this.peer.start()
    const failed = new Promise<never>((_, reject) => {
      this.socket.once('close', () => reject(this.inbox.failure ?? new Error('closed before SETTINGS')))
    })
    await Promise.race([settled, failed])
    this.socket.write(
      requestHeaders(STREAM, {
        ':method': 'POST',
        ':scheme': 'http',
        ':authority': '127.0.0.1',
        ':path': '/v1/events',
        'content-type': MEDIA_FRAMES,
        accept: MEDIA_FRAMES,
      }),
    )
  }

  feed(chunk: Buffer, start: number, end: number): void {
    this.peer.feed(chunk, start, end)
  }

  wrap(bytes: Uint8Array): Uint8Array {
    return requestData([bytes])
  }

  write(bytes: Uint8Array): boolean {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.pending = this.pending.length === 0 ? buffer : Buffer.concat([this.pending, buffer])
    this.send()
    this.isAwaited = this.isFull
    return !this.isFull
  }

  onDrain(callback: () => void): void {
    this.always.push(callback)
  }

  onceDrained(callback: () => void): void {
    this.once.push(callback)
  }

  private get isFull(): boolean {
    return this.pending.length > 0 || this.socketFull
  }

  private granted(initialWindow: number | null): void {
    if (initialWindow !== null) {
      this.streamWindow += initialWindow - this.initialWindow
      this.initialWindow = initialWindow
    }
    this.onSettings()
    this.flush()
  }

  private opened(stream: number, bytes: number): void {
    if (stream === 0) this.connectionWindow += bytes
    else this.streamWindow += bytes
    this.flush()
  }

  private flush(): void {
    this.send()
    if (this.isFull || !this.isAwaited) return
    this.isAwaited = false
    const once = this.once
    this.once = []
    for (const callback of [...this.always, ...once]) callback()
  }

  /** Writes as many whole frames as both windows have room for. */
  private send(): void {
    if (this.socketFull) return
    const { pending } = this
    let room = Math.min(this.streamWindow, this.connectionWindow)
    let end = 0
    while (end < pending.length) {
      const length = pending.readUIntBE(end, 3)
      if (length > room) break
      room -= length
      this.streamWindow -= length
      this.connectionWindow -= length
      end += FRAME_HEADER_BYTES + length
    }
    if (end === 0) return
    this.socketFull = !this.socket.write(pending.subarray(0, end))
    this.pending = pending.subarray(end)
  }
}
