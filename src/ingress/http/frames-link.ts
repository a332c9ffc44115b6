import { type Link, Written } from '../../core/link.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { encodeControl } from '../../protocol/control.js'
import { MEDIA_FRAMES, MEDIA_NDJSON } from '../../protocol/media.js'
import { Op } from '../../protocol/ops.js'
import type { JsonWriter } from '../json-session.js'
import type { Transport } from '../peer.js'
import type { HttpExchange } from './exchange.js'
import type { LastWords } from './last-words.js'
import { Pulse } from './pulse.js'
import { streamHeaders } from './stream-headers.js'
import { ToldCode } from './told-code.js'

/** How frames become the body of an answer. */
export interface FramesFormat {
  readonly media: string
  encode(frames: Uint8Array): Uint8Array | string
  /** Says nothing, so that whoever is on the way does not take the stream for dead. */
  readonly heartbeat: Uint8Array | string
}

/** Frames as they are. A reader that sends nothing cannot answer a PING, so that the heart beats with PONGs. */
export const FRAMES_FORMAT: FramesFormat = {
  media: MEDIA_FRAMES,
  encode: (frames) => frames,
  heartbeat: encodeControl({ op: Op.PONG, token: 0 }),
}

/** Lines of the JSON subprotocol, each with its line end. */
export function linesFormat(json: JsonWriter): FramesFormat {
  return { media: MEDIA_NDJSON, encode: (frames) => `${json.toText(frames)}\n`, heartbeat: '\n' }
}

/** A session whose frames leave as the body of an answer. It is opened before the answer begins, so that it can still be refused. */
export class FramesLink implements Link {
  readonly session: Session
  private readonly pulse: Pulse
  private readonly told = new ToldCode()
  /** What cannot be written yet: before the answer has begun, and when its beginning was more than the transport could pass on. */
  private held: Buffer[] = []
  private hasBegun = false
  /** Whether the transport takes bytes. */
  private isOpen = false
  private isOver = false
  /** The answer ends once there is nothing more to say. */
  private isFinishing = false

  /**
   * @param transport as operators know it
   * @param over is called once when the session is no more, whoever ended it
   */
  constructor(
    private readonly exchange: HttpExchange,
    private readonly format: FramesFormat,
    transport: Transport,
    private readonly router: Router,
    private readonly lastWords: LastWords,
    silenceMsMax: number,
    private readonly over: () => void,
  ) {
    this.pulse = new Pulse(silenceMsMax)
    this.session = router.open(this)
    this.session.peer = exchange.peer(transport)
  }

  begin(): void {
    const { exchange } = this
    this.hasBegun = true
    exchange.writable = () => {
      if (exchange.isDrained) this.resume()
    }
    exchange.gone = () => this.leave()
    exchange.begin(200, streamHeaders(this.format.media))
    this.resume()
  }

  private resume(): void {
    while (this.held.length > 0) {
      if (this.put(this.format.encode(this.held.shift() as Buffer)) !== Written.SENT) return
    }
    this.isOpen = true
    this.router.writable(this.session)
    if (this.isFinishing) this.finish()
  }

  write(frames: Uint8Array): Written {
    if (this.isOver) return Written.GONE
    this.told.note(frames)
    if (this.isOpen) return this.put(this.format.encode(frames))
    this.held.push(Buffer.from(frames))
    return Written.BUFFERED
  }

  private put(bytes: Uint8Array | string): Written {
    const written = this.exchange.write(bytes)
    this.isOpen = written === Written.SENT
    this.pulse.wrote = true
    return written
  }

  /** Ends the answer without an error, as soon as all that was said has been passed on. */
  finish(): void {
    this.isFinishing = true
    if (this.isOver || !this.isOpen || this.session.outbox.blocked) return
    this.leave()
    this.lastWords.say(this.exchange, '', true)
  }

  end(code: number, reason: string): void {
    const { exchange, isOpen } = this
    this.leave(code, reason)
    if (!this.hasBegun) return
    const words = this.told.hasTold(code)
      ? ''
      : this.format.encode(encodeControl({ op: Op.ERROR, request: 0, code, message: reason, details: {} }))
    this.lastWords.say(exchange, words, isOpen)
  }

  /** Gives up the session. The exchange is nobody's then. */
  leave(code = 0, reason = ''): void {
    if (this.isOver) return
    this.isOver = true
    this.exchange.writable = null
    this.exchange.gone = null
    this.router.close(this.session, code, reason)
    this.over()
  }

  tick(now: number, elapsedMs: number): void {
    if (this.isOpen && this.pulse.isDue(now, elapsedMs)) this.put(this.format.heartbeat)
  }
}
