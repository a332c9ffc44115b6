import { type Link, Written } from '../../core/link.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { type ControlFrame, decodeControl, encodeControl } from '../../protocol/control.js'
import { MEDIA_EVENT_STREAM } from '../../protocol/media.js'
import { Op } from '../../protocol/ops.js'
import { frameEnd } from '../../protocol/scan.js'
import { formatEventId, makeToken } from './event-id.js'
import { areEvents, type EventBatch, type EventText, gapBatch, namedEvent } from './event-text.js'
import type { HttpExchange } from './exchange.js'
import type { LastWords } from './last-words.js'
import { Pulse } from './pulse.js'
import { type SentLog, SentRing } from './sent-log.js'
import { streamHeaders } from './stream-headers.js'
import { ToldCode } from './told-code.js'

/** Readers come back after this, spread over as much again: long enough for a daemon to restart, short against what is kept for them. */
const RETRY_MS = 1000
/** A browser keeps to what it was told last for ever: nobody is to knock more often at a daemon that is not there. */
const RETRY_LEAST_MS = 500
/** Says nothing (WHATWG HTML, 9.2.6: a comment). */
const HEARTBEAT = ':\n\n'
/** What a gap names when it may have been any of a stream's patterns. */
const ANY_PATTERN = '>'

/** What streams share, and whom they tell. */
export interface StreamHome {
  readonly router: Router
  readonly text: EventText
  readonly log: SentLog
  readonly lastWords: LastWords
  readonly silenceMsMax: number
  /** What a stream keeps to send again; 0 when nobody can come back. */
  readonly resumeBytes: number
  /** The connection of this stream's reader has ended. */
  readerLeft(stream: EventStream): void
  /** The session of this stream is no more. */
  over(stream: EventStream): void
}

/**
 * A session read as server-sent events. It outlives its reader's connection for a while: what comes then waits in the session's outbox, as it does
 * for any slow reader, since this link answers BUFFERED; and what was sent last is kept, so that a reader who comes back goes on
 * after the last event that it has.
 *
 * Events are numbered, and a gap as the events that it tells of: what a reader misses is a difference of numbers.
 */
export class EventStream implements Link {
  readonly token = makeToken()
  readonly session: Session
  /** Milliseconds of the first tick without a reader; null before. */
  leftAt: number | null = null
  private readonly tokenBytes = Buffer.from(this.token, 'latin1')
  private readonly pulse: Pulse
  private readonly told = new ToldCode()
  private exchange: HttpExchange | null = null
  /** Of the last event there was, and of the last that the present connection was given. */
  private number = 0
  private given = 0
  private sent: SentRing | null = null
  /** What has no number and could not be written yet. */
  private words = ''
  /** The connection was given everything and takes more: what comes is written at once. */
  private isLive = false
  private isOver = false

  /** @param key of the request: who comes back must ask for the same */
  constructor(
    private readonly home: StreamHome,
    readonly key: string,
    readonly patterns: readonly string[],
    /** Who reads it. */
    readonly user: string,
  ) {
    this.pulse = new Pulse(home.silenceMsMax)
    this.session = home.router.open(this)
  }

  get hasReader(): boolean {
    return this.exchange !== null
  }

  /** The last event that can be asked for. */
  get lastNumber(): number {
    return this.number
  }

  /** The first reader comes with the id of a stream that is not known any more: how much it missed cannot be told. */
  tellUnknown(): void {
    for (const pattern of this.patterns) this.words += this.gapText(pattern, 0)
  }

  /**
   * Begins the answer to a reader, and goes on after the event of this number. A reader that is still there is another connection of the same one, which
   * has not been noticed to be dead.
   */
  attach(exchange: HttpExchange, after: number): void {
    const before = this.exchange
    if (before !== null) {
      before.writable = null
      before.gone = null
      before.abort()
    }
    this.exchange = exchange
    this.session.peer = exchange.peer('sse')
    this.given = after
    this.isLive = false
    this.leftAt = null
    exchange.writable = () => {
      if (exchange.isDrained) this.catchUp()
    }
    exchange.gone = () => this.detach()
    exchange.begin(200, streamHeaders(MEDIA_EVENT_STREAM))
    const retry = `retry: ${Math.round(RETRY_MS * (1 + Math.random()))}\n\n`
    if (this.put(retry + this.takeWords()) === Written.SENT) this.catchUp()
  }

  private detach(): void {
    this.exchange = null
    this.isLive = false
    this.home.readerLeft(this)
  }

  /** Gives the connection what it has not been given yet; then the core goes on. */
  private catchUp(): void {
    while (this.given < this.number) if (this.giveNext() !== Written.SENT) return
    if (this.words !== '' && this.put(this.takeWords()) !== Written.SENT) return
    this.isLive = true
    this.forget()
    this.home.router.writable(this.session)
  }

  private giveNext(): Written {
    const { given } = this
    const next = this.sent?.after(given) ?? null
    const lostUpTo = next === null ? this.number : Math.max(given, next.before)
    if (next === null || lostUpTo > given) {
      this.given = lostUpTo
      this.home.router.meters.gaps++
      const pattern = this.patterns.length === 1 ? this.patterns[0] : ANY_PATTERN
      return this.put(this.gapText(pattern, lostUpTo - given))
    }
    this.given = next.before + next.batch.size
    return this.put(next.batch.stamped(this.tokenBytes, next.before, given))
  }

  /** A gap between the reader's connections, with the id of the last event in it. */
  private gapText(pattern: string, count: number): string {
    const gap = encodeControl({ op: Op.GAP, pattern, count, reason: 'closed' })
    return `id: ${formatEventId(this.token, this.given)}\n${namedEvent(gap)}`
  }

  private takeWords(): string {
    const { words } = this
    this.words = ''
    return words
  }

  write(frames: Uint8Array): Written {
    if (this.isOver) return Written.GONE
    if (areEvents(frames)) return this.writeBatch(this.home.text.batchOf(frames))
    let written = Written.SENT
    for (let pos = 0; pos < frames.length; ) {
      const end = frameEnd(frames as Buffer, pos, frames.length)
      written = this.writeControl(frames.subarray(pos, end))
      pos = end
    }
    return written
  }

  private writeBatch(batch: EventBatch): Written {
    const before = this.number
    this.number = before + batch.size
    if (!this.isLive) {
      this.keep(batch, before)
      return Written.BUFFERED
    }
    this.given = this.number
    const written = this.put(batch.stamped(this.tokenBytes, before, before))
    if (this.home.resumeBytes > 0) {
      this.keep(batch, before)
      this.forget()
    }
    return written
  }

  private writeControl(frame: Uint8Array): Written {
    const control = decodeControl(frame, 0, frame.length) as ControlFrame
    if (control.op === Op.GAP && control.count > 0) return this.writeBatch(gapBatch(frame, control.count))
    this.told.note(frame)
    let text = namedEvent(frame)
    // With this a reader has something to come back with from the start.
    if (control.op === Op.WELCOME) text = `id: ${formatEventId(this.token, 0)}\n${text}`
    else if (control.op === Op.GOAWAY) text = `retry: ${Math.max(RETRY_LEAST_MS, control.retryAfterMs)}\n${text}`
    if (this.isLive) return this.put(text)
    this.words += text
    return Written.BUFFERED
  }

  private keep(batch: EventBatch, before: number): void {
    this.sent ??= new SentRing(this.home.log, before)
    this.sent.push(batch)
  }

  private forget(): void {
    if (this.home.resumeBytes > 0) {
      this.sent?.shrink(this.home.resumeBytes)
      return
    }
    this.sent?.clear()
    this.sent = null
  }

  private put(text: Uint8Array | string): Written {
    const written = (this.exchange as HttpExchange).write(text)
    this.pulse.wrote = true
    if (written === Written.SENT) return written
    this.isLive = false
    // What a connection that is gone did not take is kept for the next one.
    return this.home.resumeBytes > 0 ? Written.BUFFERED : written
  }

  end(code: number, reason: string): void {
    const { exchange, isLive } = this
    this.close(code, reason)
    if (exchange === null) return
    const error = encodeControl({ op: Op.ERROR, request: 0, code, message: reason, details: {} })
    this.home.lastWords.say(exchange, this.told.hasTold(code) ? '' : namedEvent(error), isLive)
  }

  /** Gives up the session. The exchange is nobody's then. */
  close(code = 0, reason = ''): void {
    if (this.isOver) return
    this.isOver = true
    this.isLive = false
    if (this.exchange !== null) {
      this.exchange.writable = null
      this.exchange.gone = null
    }
    this.home.over(this)
    this.exchange = null
    this.sent?.clear()
    this.home.router.close(this.session, code, reason)
  }

  tick(now: number, elapsedMs: number): void {
    if (this.isLive && this.pulse.isDue(now, elapsedMs)) this.put(HEARTBEAT)
  }
}
