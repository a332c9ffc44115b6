import type { Duplex } from 'node:stream'
import type { Session } from '../../../core/session.js'
import { Code, codeMessage } from '../../../protocol/codes.js'
import type { JsonWriter } from '../../json-session.js'
import { Receiver, type ReceiverContext, type ReceiverEvents } from './receiver.js'
import { Close } from './rfc6455.js'
import { Sender, type SenderEvents } from './sender.js'
import { CHUNK_BYTES_MAX } from './staging.js'

/** How long a peer may take to close its side after we have closed ours. */
export const CLOSE_TIMEOUT_MS = 2000
/** After this part of the idle timeout a silent peer is asked for a sign of life. */
const PING_AT = 0.5

/** What all connections share. */
export interface ConnectionContext extends ReceiverContext {
  readonly json: JsonWriter
  now(): number
  /** The session has ended; the stream may be there a little longer. */
  ended(connection: Connection): void
  /** Nothing is left of it. */
  gone(connection: Connection): void
}

/** One WebSocket over a stream of Node's: a TCP socket, a TLS socket or a stream of HTTP/2. */
export class Connection implements ReceiverEvents, SenderEvents {
  readonly session: Session
  private readonly sender: Sender
  private readonly receiver: Receiver
  private isEnded = false
  private heardAt: number
  private pinged = false
  /** When the ping went out, or had not yet when it was looked at last. */
  private pingedAt = 0
  /** When the message began that is not whole; 0 when there is none. */
  private pendingSince = 0
  /** The stream is cut then; 0 while the session lasts. */
  private cutAt = 0

  constructor(
    private readonly context: ConnectionContext,
    private readonly stream: Duplex,
    isJson: boolean,
    windowBytes: number,
    /** What it counts as, beside the connection that it came by. */
    readonly counted: { readonly network: string; readonly isStream: boolean },
  ) {
    this.heardAt = context.now()
    this.sender = new Sender(stream, context.buffers, isJson ? context.json : null, windowBytes, this)
    stream.on('error', () => stream.destroy())
    stream.on('close', () => this.closed())
    stream.on('end', () => this.peerLeft())
    this.session = context.router.open(this.sender)
    this.receiver = new Receiver(context, this.session, isJson, this)
  }

  /** Takes in bytes that the caller keeps. */
  receive(chunk: Buffer): void {
    const { staging } = this.context
    for (let from = 0; from < chunk.length; from += CHUNK_BYTES_MAX) {
      const until = Math.min(chunk.length, from + CHUNK_BYTES_MAX)
      chunk.copy(staging.bytes, staging.arrival, from, until)
      this.arrived(until - from)
    }
  }

  /** Takes in so many bytes from staging.arrival on. */
  arrived(bytes: number): void {
    // What comes after the end is read to its end, so that the peer's kernel does not throw away what we sent last.
    if (this.isEnded) return
    const { receiver } = this
    const { frames, messages } = receiver
    receiver.arrived(bytes)
    if (this.isEnded) return
    this.sender.flushPongs()
    if (receiver.frames !== frames) {
      this.heardAt = this.context.now()
      this.pinged = false
    }
    if (!receiver.isPending) this.pendingSince = 0
    else if (this.pendingSince === 0 || receiver.messages !== messages) this.pendingSince = this.context.now()
  }

  /** To be called about once a second: pings, and ends what took too long. */
  look(now: number): void {
    if (this.isEnded) {
      if (now >= this.cutAt) this.stream.destroy()
      return
    }
    const { idleTimeoutMs, messageTimeMs } = this.context.options
    if (this.pendingSince !== 0) {
      if (now - this.pendingSince >= messageTimeMs) this.context.router.fail(this.session, Code.MESSAGE_TIMEOUT)
      return
    }
    if (idleTimeoutMs === 0) return
    const silentMs = now - this.heardAt
    if (silentMs < idleTimeoutMs * PING_AT) return
    if (!this.pinged) {
      this.pinged = true
      this.pingedAt = now
      this.sender.sendPing()
      return
    }
    // An answer has its time from when it was asked for. Who does not even take the question has not read anything meanwhile.
    if (this.sender.pingWaits) this.pingedAt = now
    const isOver = this.sender.pingWaits
      ? silentMs >= idleTimeoutMs
      : now - this.pingedAt >= idleTimeoutMs * (1 - PING_AT)
    if (isOver) this.session.outbox.end(Code.IDLE_TIMEOUT, codeMessage(Code.IDLE_TIMEOUT))
  }

  /** Ends a session that nobody else has ended. */
  leave(): void {
    this.end(Close.GOING_AWAY, '')
  }

  cut(): void {
    this.stream.destroy()
  }

  // From the receiver.

  ping(body: Buffer): void {
    this.sender.sendPong(body)
  }

  close(code: number): void {
    this.finish(code)
    this.sender.close(code === Close.NO_CODE ? 0 : code, '')
  }

  // From the core, by the sender.

  end(code: number, reason: string): void {
    if (this.isEnded) return
    this.finish(code, reason)
    // Nobody is waited for who has not said a word for so long.
    this.sender.close(code, reason, code === Code.IDLE_TIMEOUT ? () => this.stream.destroy() : undefined)
  }

  writable(): void {
    this.context.router.writable(this.session)
  }

  // From the stream.

  private peerLeft(): void {
    if (!this.isEnded) this.finish(Close.ABNORMAL)
    this.sender.isClosed = true
    this.stream.end()
  }

  private closed(): void {
    this.sender.isClosed = true
    if (!this.isEnded) this.finish(Close.ABNORMAL)
    this.context.gone(this)
  }

  /** The session is over. */
  private finish(code: number, reason = ''): void {
    const { context } = this
    this.isEnded = true
    this.cutAt = context.now() + CLOSE_TIMEOUT_MS
    this.receiver.release()
    context.meters.noteClosed(code)
    context.ended(this)
    context.router.close(this.session, code, reason)
  }
}
