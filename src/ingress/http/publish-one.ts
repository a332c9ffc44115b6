import type { Budget } from '../../core/budget.js'
import type { Identity } from '../../core/identity.js'
import { openPublisher } from '../../core/publisher.js'
import type { Rate } from '../../core/rate.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeMessage } from '../../protocol/codes.js'
import { JsonValuePacker } from '../../protocol/json-pack.js'
import { Op } from '../../protocol/ops.js'
import { EVENT_LEAD, EVENT_LEAD_WITH_METADATA } from '../../protocol/scan.js'
import { skipValue } from '../../protocol/skip.js'
import { binLeadLength, writeBinLead } from '../../protocol/write.js'
import { bodyTooLarge, type EventRequest, payloadTooLarge, saysTooLong } from './event-request.js'
import type { BodyReceiver, Headers, HttpExchange } from './exchange.js'
import { HeldBuffer, NO_BYTES } from './held-buffer.js'
import { NOT_UTF8, packJsonEvent, problemOf, strictText } from './json-event.js'
import type { OpenRequest, OpenRequests } from './open-requests.js'
import type { HttpMeters } from './options.js'
import { Problem, respondProblem } from './problem.js'
import type { RequestHead } from './request-head.js'
import { prefersWait, type RoutedWaiters, WAITED } from './routed.js'

const NO_HEADERS: Headers = {}
/** Shorter strings have their length in their first byte. */
const TOPIC_SHORT = 32
/** A packer grown beyond this by one event is not kept for the next. */
const RETAINED_BYTES_MAX = 1 << 20

/** Publishes single events: one session for all of them, and nothing more for each than it needs. */
export class PublishOne {
  private readonly session: Session
  private readonly packer = new JsonValuePacker()

  constructor(
    readonly router: Router,
    readonly meters: HttpMeters,
    readonly requests: OpenRequests,
    readonly routed: RoutedWaiters,
    readonly held: Budget,
  ) {
    this.session = openPublisher(router)
  }

  /** @param rate of whoever it is; null: as fast as it can */
  open(exchange: HttpExchange, head: RequestHead, request: EventRequest, who: Identity, rate: Rate | null): void {
    if (saysTooLong(head, request.bodyBytesMax)) {
      respondProblem(exchange, this.meters, this.refuse(tooLarge(request)))
      return
    }
    const length = head.contentLength === '' ? -1 : Number(head.contentLength)
    exchange.receive(new OneEvent(this, exchange, request, who, rate, length, prefersWait(head.prefer)))
  }

  /** Takes one event in. The bytes are copied. */
  publish(request: EventRequest, who: Identity, rate: Rate | null, body: Uint8Array): Problem | null {
    // The body may have taken its time.
    if (who.expiresAt !== 0 && Date.now() >= who.expiresAt) return this.refuse(new Problem(Code.TOKEN_EXPIRED))
    this.session.access = who.access
    this.session.rate = rate
    switch (request.kind) {
      case 'json':
        return this.publishJson(request, body)
      case 'msgpack': {
        const end = skipValue(body, 0, body.length)
        if (end === body.length) return this.publishBytes(request, body)
        const detail =
          end < 0 ? `this is not one msgpack value: ${codeMessage(-end)}` : 'this is more than one msgpack value'
        return this.refuse(new Problem(Code.BAD_BODY, detail))
      }
      default:
        return this.publishBytes(request, body)
    }
  }

  private publishJson(request: EventRequest, body: Uint8Array): Problem | null {
    const text = strictText(body)
    if (text === null) return this.refuse(problemOf(NOT_UTF8))
    const { packer, router } = this
    packer.shrink(RETAINED_BYTES_MAX)
    const bad = packJsonEvent(packer, request, text)
    if (bad !== null) return this.refuse(problemOf(bad))
    const length = packer.pos
    if (length > router.options.messageBytesMax) return this.refuse(payloadTooLarge(router.options.payloadBytesMax))
    const position = router.reserve(length)
    packer.bytes.copy(router.slabs.bytes, position, 0, length)
    return this.accept(position, position + length)
  }

  /** The payload is the body as it is. */
  private publishBytes({ topic, lane, metadata }: EventRequest, body: Uint8Array): Problem | null {
    const { router } = this
    const topicLength = Buffer.byteLength(topic)
    const topicLead = topicLength < TOPIC_SHORT ? 3 : 4
    const metadataLength = metadata === null ? 0 : metadata.length
    const length = topicLead + topicLength + 1 + binLeadLength(body.length) + body.length + metadataLength
    if (body.length > router.options.payloadBytesMax || length > router.options.messageBytesMax) {
      return this.refuse(payloadTooLarge(router.options.payloadBytesMax))
    }
    const start = router.reserve(length)
    const { bytes } = router.slabs
    bytes[start] = metadata === null ? EVENT_LEAD : EVENT_LEAD_WITH_METADATA
    bytes[start + 1] = Op.EVENT
    if (topicLength < TOPIC_SHORT) bytes[start + 2] = 0xa0 | topicLength
    else {
      bytes[start + 2] = 0xd9
      bytes[start + 3] = topicLength
    }
    let pos = start + topicLead
    pos += bytes.write(topic, pos)
    bytes[pos++] = lane
    pos = writeBinLead(bytes, pos, body.length)
    bytes.set(body, pos)
    if (metadata !== null) bytes.set(metadata, pos + body.length)
    return this.accept(start, start + length)
  }

  private accept(start: number, end: number): Problem | null {
    const { router, session } = this
    const acceptedBefore = session.accepted
    router.accept(session, start, end)
    if (session.accepted > acceptedBefore) return null
    const [refused] = session.refusals.take()
    const { code, topic } = refused
    return new Problem(code as Code, codeMessage(code), {
      ...(topic !== '' && { topic }),
      ...(code === Code.OVERLOADED && { retryAfterMs: router.options.retryAfterMs }),
      ...(code === Code.RATE_LIMITED && session.rate !== null && { retryAfterMs: session.rate.waitMs }),
    })
  }

  /** Counts an event that the router never saw. */
  refuse(problem: Problem): Problem {
    this.router.meters.refuse(problem.code, 1)
    return problem
  }
}

/** JSON text is not the payload yet. */
function tooLarge({ kind, bodyBytesMax }: EventRequest): Problem {
  return kind === 'json' ? bodyTooLarge(bodyBytesMax) : payloadTooLarge(bodyBytesMax)
}

/** One event on its way in. */
class OneEvent implements BodyReceiver, OpenRequest {
  deadline = 0
  place = -1
  private body: HeldBuffer | null = null
  private isPublished = false
  private problem: Problem | null = null

  constructor(
    private readonly to: PublishOne,
    private readonly exchange: HttpExchange,
    private readonly request: EventRequest,
    private readonly who: Identity,
    private readonly rate: Rate | null,
    /** As content-length says; -1 when it says nothing. */
    private readonly expected: number,
    private readonly isWaiting: boolean,
  ) {
    to.requests.add(this)
    exchange.gone = () => {
      to.requests.delete(this)
      to.meters.aborted++
      this.body?.free()
    }
  }

  chunk(bytes: Uint8Array): void {
    if (this.isPublished) return
    // The usual body comes in one piece, which need not be kept.
    if (bytes.length === this.expected) {
      this.publish(bytes)
      return
    }
    this.body ??= new HeldBuffer(this.to.held)
    if (this.body.length + bytes.length > this.request.bodyBytesMax) this.problem = tooLarge(this.request)
    else if (!this.body.append(bytes, 0, bytes.length)) this.problem = new Problem(Code.OVERLOADED)
    else return
    this.to.refuse(this.problem)
    this.answer()
  }

  end(): void {
    if (!this.isPublished) this.publish(this.body === null ? NO_BYTES : this.body.bytes)
    this.answer()
  }

  private publish(body: Uint8Array): void {
    this.isPublished = true
    this.problem = this.to.publish(this.request, this.who, this.rate, body)
  }

  private answer(): void {
    const { to, exchange, problem } = this
    this.body?.free()
    if (problem !== null) {
      to.requests.delete(this)
      respondProblem(exchange, to.meters, problem)
    } else if (this.isWaiting) {
      this.deadline = 0
      to.routed.wait(this.request.lane, () => this.respond(204, WAITED))
    } else this.respond(202, NO_HEADERS)
  }

  private respond(status: number, headers: Headers): void {
    if (!this.to.requests.delete(this)) return
    this.to.meters.noteAnswered(status)
    this.exchange.respond(status, headers)
  }

  expire(): void {
    this.settle(Code.REQUEST_TIMEOUT)
  }

  stop(): void {
    this.settle(Code.SHUTTING_DOWN)
  }

  /** Answers now. What waits for the router only is accepted all the same. */
  private settle(code: Code): void {
    if (!this.isPublished) this.problem = this.to.refuse(new Problem(code))
    if (this.problem !== null) this.answer()
    else this.respond(202, NO_HEADERS)
  }
}
