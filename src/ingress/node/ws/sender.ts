import type { Duplex } from 'node:stream'
import { type Link, Written } from '../../../core/link.js'
import type { JsonWriter } from '../../json-session.js'
import type { BufferPool } from './buffer-pool.js'
import { CONTROL_BYTES_MAX, closeFrame, controlFrame, HEADER_BYTES_MAX, Opcode, writeHeader } from './rfc6455.js'

const NOTHING = new Uint8Array(0)
const CONTROL_HEADER_BYTES = 2
const PONG_BYTES_MAX = CONTROL_HEADER_BYTES + CONTROL_BYTES_MAX
/** Pongs that are written together. */
const PONGS_BYTES = 4096

/** What a sender tells. */
export interface SenderEvents {
  /** The session is to be ended; the sender has yet to be told so. */
  end(code: number, reason: string): void
  /** Everything has gone to the kernel after write had answered BUFFERED. */
  writable(): void
}

/**
 * A session's link over one of Node's streams. One call is one message and one write: header and payload in a buffer of a pool, since
 * Node keeps what it is given.
 */
export class Sender implements Link {
  /** Nothing is sent any more: a close frame has been, or the stream is gone. */
  isClosed = false
  private blocked = false
  /** Buffers that the stream may still look at. */
  private readonly inFlight: Buffer[] = []
  /** Pongs to be written. */
  private pongs: Buffer | null = null
  private pongsLength = 0
  /** The answer to the latest ping, when it had to wait (RFC 6455, 5.5.3). */
  private latePong: Buffer | null = null
  /** A ping is to be sent as soon as the peer has read what is in its way. */
  private isPingLate = false

  constructor(
    private readonly stream: Duplex,
    private readonly buffers: BufferPool,
    /** Null on the msgpack subprotocol. */
    private readonly json: JsonWriter | null,
    /**
     * Bytes that may wait in the stream while the link still counts as free. A TCP socket writes at once what the kernel takes; TLS and HTTP/2 always
     * leave it for later, and with 0 they would be full after each write.
     */
    private readonly windowBytes: number,
    private readonly events: SenderEvents,
  ) {}

  write(frames: Uint8Array): Written {
    if (this.isClosed || this.stream.destroyed) return Written.GONE
    return this.json === null ? this.writeBinary(frames) : this.writeText(this.json.toText(frames))
  }

  private writeBinary(frames: Uint8Array): Written {
    const { length } = frames
    const buffer = this.buffers.take(HEADER_BYTES_MAX + length)
    buffer.set(frames, HEADER_BYTES_MAX)
    return this.writeMessage(buffer, Opcode.BINARY, length)
  }

  private writeText(text: string): Written {
    const length = Buffer.byteLength(text)
    const buffer = this.buffers.take(HEADER_BYTES_MAX + length)
    buffer.write(text, HEADER_BYTES_MAX)
    return this.writeMessage(buffer, Opcode.TEXT, length)
  }

  private writeMessage(buffer: Buffer, opcode: number, length: number): Written {
    const start = writeHeader(buffer, HEADER_BYTES_MAX, opcode, length)
    this.stream.write(buffer.subarray(start, HEADER_BYTES_MAX + length), this.flushed)
    const waiting = this.stream.writableLength
    if (waiting === 0) {
      this.buffers.give(buffer)
      return Written.SENT
    }
    this.inFlight.push(buffer)
    if (waiting <= this.windowBytes) return Written.SENT
    this.blocked = true
    return Written.BUFFERED
  }

  /** A write has come to its end. */
  private readonly flushed = (): void => {
    if (this.stream.destroyed || this.stream.writableLength > 0) return
    for (const buffer of this.inFlight) this.buffers.give(buffer)
    this.inFlight.length = 0
    if (this.latePong !== null) {
      const { latePong } = this
      this.latePong = null
      this.sendPong(latePong)
      this.flushPongs()
    }
    if (this.isPingLate && !this.isFull) this.sendPing()
    if (!this.blocked || this.isClosed) return
    this.blocked = false
    this.events.writable()
  }

  private get isFull(): boolean {
    return this.stream.writableLength > this.windowBytes
  }

  /** Waits until there is room: who has much to read may have none at any moment that is looked at, and reads all the time. */
  sendPing(): void {
    if (this.isClosed) return
    this.isPingLate = this.isFull
    if (!this.isPingLate) this.stream.write(controlFrame(Opcode.PING, NOTHING), this.flushed)
  }

  /** A ping has not been sent yet. */
  get pingWaits(): boolean {
    return this.isPingLate
  }

  /** Answers a ping with the next flushPongs; while the peer does not read, only the latest of them is answered. */
  sendPong(body: Uint8Array): void {
    if (this.isClosed) return
    if (this.isFull) {
      this.latePong = Buffer.from(body)
      return
    }
    if (this.pongs !== null && this.pongsLength + PONG_BYTES_MAX > PONGS_BYTES) {
      this.flushPongs()
      this.sendPong(body)
      return
    }
    this.pongs ??= this.buffers.take(PONGS_BYTES)
    const at = this.pongsLength + CONTROL_HEADER_BYTES
    writeHeader(this.pongs, at, Opcode.PONG, body.length)
    this.pongs.set(body, at)
    this.pongsLength = at + body.length
  }

  /** One write for the answers to all pings of a chunk: whoever sends many must not cost a system call for each. */
  flushPongs(): void {
    const { pongs } = this
    if (pongs === null) return
    this.pongs = null
    this.stream.write(pongs.subarray(0, this.pongsLength), this.flushed)
    this.pongsLength = 0
    if (this.stream.writableLength === 0) this.buffers.give(pongs)
    else this.inFlight.push(pongs)
  }

  end(code: number, reason: string): void {
    if (!this.isClosed) this.events.end(code, reason)
  }

  /**
   * The last frame. With code 0 it has none.
   * @param sent is called when the kernel has it
   */
  close(code: number, reason: string, sent?: () => void): void {
    this.flushPongs()
    this.isClosed = true
    this.latePong = null
    this.isPingLate = false
    this.stream.end(code === 0 ? controlFrame(Opcode.CLOSE, NOTHING) : closeFrame(code, reason), sent)
  }
}
