import { ANYBODY, type Identity } from '../../core/identity.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeMessage } from '../../protocol/codes.js'
import { MEDIA_EVENT_STREAM, MEDIA_FRAMES } from '../../protocol/media.js'
import { type Door, OPEN_DOOR } from '../door.js'
import { JsonWriter } from '../json-session.js'
import { parseEventId } from './event-id.js'
import { EventStream, type StreamHome } from './event-stream.js'
import { EventText } from './event-text.js'
import type { HttpExchange } from './exchange.js'
import { FRAMES_FORMAT, FramesLink, linesFormat } from './frames-link.js'
import { LastWords } from './last-words.js'
import type { HttpMeters, HttpOptions } from './options.js'
import { quoted } from './parameters.js'
import { Problem, respondProblem } from './problem.js'
import { SentLog } from './sent-log.js'
import { readSubscribeRequest, type SubscribeRequest } from './subscribe-request.js'

/**
 * Streams that wait for their readers, and subscriptions of theirs: whoever opens streams and leaves pays nothing for them. Beyond, the one that
 * waits longest is given up. A stream costs some 3 KiB beside what it was sent, a subscription a tenth of that.
 */
export const WAITING_STREAMS_MAX = 8192
export const WAITING_SUBSCRIPTIONS_MAX = 65_536
/** What all streams keep to send again, and what waits for those without a reader, is at most this share each of what may wait in outboxes. */
export const SENT_SHARE = 1 / 4
export const WAITING_SHARE = 1 / 4

/** Subscribing over HTTP: GET /v1/events, as server-sent events or as frames. */
export class EventStreams implements StreamHome {
  readonly text = new EventText()
  readonly log: SentLog
  readonly lastWords = new LastWords()
  private readonly lines = linesFormat(new JsonWriter())
  /** By token, with a reader or without. */
  private readonly streams = new Map<string, EventStream>()
  /** Those without a reader, in the order in which they lost it. */
  private readonly waiting = new Set<EventStream>()
  private waitingSubscriptions = 0
  private readonly links = new Set<FramesLink>()
  private lastTick: number | null = null
  private isDraining = false

  constructor(
    readonly router: Router,
    private readonly options: HttpOptions,
    private readonly meters: HttpMeters,
    private readonly door: Door = OPEN_DOOR,
  ) {
    this.log = new SentLog(router.options.memoryBudgetBytes * SENT_SHARE)
  }

  get silenceMsMax(): number {
    return this.options.heartbeatMs
  }

  get resumeBytes(): number {
    return this.options.resumeTimeMs > 0 ? this.options.resumeBytes : 0
  }

  /** Answers GET /v1/events. */
  open(exchange: HttpExchange, who: Identity = ANYBODY): void {
    const request = readSubscribeRequest(exchange)
    if (request instanceof Problem) respondProblem(exchange, this.meters, request)
    else if (this.isDraining) respondProblem(exchange, this.meters, new Problem(Code.SHUTTING_DOWN))
    else if (request.media === MEDIA_EVENT_STREAM) this.openEvents(exchange, request, who)
    else this.openFrames(exchange, request, who)
  }

  private openEvents(exchange: HttpExchange, request: SubscribeRequest, who: Identity): void {
    if (request.lastEventId !== '' && this.resume(exchange, request, who)) return
    const stream = new EventStream(this, request.key, request.patterns, who.user)
    const problem = this.admit(stream.session, request, who)
    if (problem !== null) {
      stream.close()
      respondProblem(exchange, this.meters, problem)
      return
    }
    if (request.lastEventId !== '') {
      this.meters.notResumed++
      stream.tellUnknown()
    }
    this.streams.set(stream.token, stream)
    this.begin(stream, exchange, 0)
  }

  /** @returns whether there was a stream to go on with */
  private resume(exchange: HttpExchange, { key, lastEventId }: SubscribeRequest, who: Identity): boolean {
    const id = parseEventId(lastEventId)
    const stream = id === null ? undefined : this.streams.get(id.token)
    if (id === null || stream === undefined || stream.key !== key || id.number > stream.lastNumber) return false
    // The id is as good as a key, but not for another user's door.
    if (stream.user !== who.user) return false
    const code = this.door.renew(stream.session, who)
    if (code !== 0) {
      this.router.fail(stream.session, code)
      return false
    }
    this.meters.resumed++
    this.waitNoMore(stream)
    this.begin(stream, exchange, id.number)
    return true
  }

  private begin(stream: EventStream, exchange: HttpExchange, after: number): void {
    if (!stream.hasReader) this.meters.streams++
    this.meters.noteAnswered(200)
    stream.attach(exchange, after)
  }

  private openFrames(exchange: HttpExchange, request: SubscribeRequest, who: Identity): void {
    const format = request.media === MEDIA_FRAMES ? FRAMES_FORMAT : this.lines
    const link = new FramesLink(exchange, format, 'http-frames', this.router, this.lastWords, this.silenceMsMax, () => {
      if (this.links.delete(link)) this.meters.streams--
    })
    const problem = this.admit(link.session, request, who)
    if (problem !== null) {
      link.leave()
      respondProblem(exchange, this.meters, problem)
      return
    }
    this.links.add(link)
    this.meters.streams++
    this.meters.noteAnswered(200)
    link.begin()
  }

  private admit(session: Session, { patterns, options }: SubscribeRequest, who: Identity): Problem | null {
    const refused = this.door.admit(session, who)
    if (refused !== 0) return new Problem(refused)
    for (const pattern of patterns) {
      const code = this.router.subscribe(session, pattern, options)
      if (code === 0) continue
      return new Problem(code as Code, `${codeMessage(code)}: ${quoted(pattern)}`, { parameter: 'topic' })
    }
    return null
  }

  readerLeft(stream: EventStream): void {
    this.meters.streams--
    if (this.resumeBytes === 0 || this.isDraining) {
      stream.close()
      return
    }
    this.waiting.add(stream)
    this.waitingSubscriptions += stream.patterns.length
    this.meters.streamsWaiting++
    for (const longest of this.waiting) {
      if (this.waiting.size <= WAITING_STREAMS_MAX && this.waitingSubscriptions <= WAITING_SUBSCRIPTIONS_MAX) return
      longest.close()
    }
  }

  private waitNoMore(stream: EventStream): void {
    if (!this.waiting.delete(stream)) return
    this.waitingSubscriptions -= stream.patterns.length
    this.meters.streamsWaiting--
  }

  over(stream: EventStream): void {
    if (stream.hasReader) this.meters.streams--
    this.waitNoMore(stream)
    this.streams.delete(stream.token)
  }

  /**
   * To be called about once a second: heartbeats, and the end of streams that were waited for long enough.
   * @param now monotonic milliseconds
   */
  tick(now: number): void {
    const elapsedMs = this.lastTick === null ? 0 : now - this.lastTick
    this.lastTick = now
    for (const stream of this.streams.values()) stream.tick(now, elapsedMs)
    for (const link of this.links) link.tick(now, elapsedMs)
    for (const stream of this.waiting) {
      if (stream.leftAt === null) stream.leftAt = now
      else if (now - stream.leftAt >= this.options.resumeTimeMs) stream.close()
    }
    this.log.bytesMax = this.router.options.memoryBudgetBytes * SENT_SHARE
    this.boundWaitingBytes()
    this.lastWords.tick(now)
    this.meters.streamsKeptBytes = this.log.bytes
  }

  /** Readers who may never come back must not use up the memory that publishers and readers who are there need. */
  private boundWaitingBytes(): void {
    let bytes = 0
    for (const { session } of this.waiting) bytes += session.outbox.backlogBytes
    for (const longest of this.waiting) {
      if (bytes <= this.router.options.memoryBudgetBytes * WAITING_SHARE) return
      bytes -= longest.session.outbox.backlogBytes
      longest.close()
    }
  }

  /** The daemon is going to stop: nobody can come back here, so that nothing is kept for who is away, and no stream begins. */
  drain(): void {
    this.isDraining = true
    for (const stream of this.waiting) stream.close()
  }

  /** Ends what is still open. */
  close(): void {
    this.drain()
    const code = Code.SHUTTING_DOWN
    for (const { session } of [...this.streams.values(), ...this.links]) session.outbox.end(code, codeMessage(code))
    this.lastWords.close()
  }
}
