import { Code, closesConnection, codeMessage } from '../protocol/codes.js'
import {
  type Credentials,
  decodeControl,
  type ErrorDetails,
  type OkInfo,
  type SubscribeOptions,
} from '../protocol/control.js'
import { CONTROL_BYTES_MAX, TOPIC_BYTES_MAX, TOPIC_TOKENS_MAX } from '../protocol/limits.js'
import { Op, PROTOCOL_VERSION } from '../protocol/ops.js'
import { checkPattern } from '../protocol/topic.js'
import type { Access } from './access.js'
import type { Rate } from './rate.js'
import type { RefusedFrames } from './refusals.js'
import type { Router } from './router.js'
import type { Session } from './session.js'
import { Subscription } from './subscription.js'

const encoder = new TextEncoder()

/** Answers control frames. Nothing here is on the way of an event. */
export class Control {
  constructor(private readonly router: Router) {}

  welcome(session: Session): void {
    const { options } = this.router
    session.outbox.sendControl({
      op: Op.WELCOME,
      info: {
        version: PROTOCOL_VERSION,
        server: options.server,
        session: session.id,
        software: options.software,
        limits: {
          messageBytesMax: options.messageBytesMax,
          payloadBytesMax: options.payloadBytesMax,
          topicBytesMax: TOPIC_BYTES_MAX,
          topicTokensMax: TOPIC_TOKENS_MAX,
          controlBytesMax: CONTROL_BYTES_MAX,
          subscriptionsMax: options.subscriptionsMax,
        },
      },
    })
  }

  /** The frame at [start, end), whose end is known to be right. */
  handle(session: Session, bytes: Uint8Array, start: number, end: number): void {
    const frame = decodeControl(bytes, start, end)
    if (typeof frame === 'number') {
      if (closesConnection(frame)) this.router.fail(session, frame)
      else this.router.refuse(session, frame, '')
      return
    }
    switch (frame.op) {
      case Op.HELLO:
        if (frame.info.version !== undefined && frame.info.version !== PROTOCOL_VERSION) {
          this.router.fail(session, Code.UNSUPPORTED_VERSION)
        } else session.name = frame.info.name ?? ''
        return
      case Op.AUTH:
        this.authenticate(session, frame.request, frame.credentials)
        return
      case Op.SUBSCRIBE:
        this.answer(session, frame.request, this.subscribe(session, frame.pattern, frame.options))
        return
      case Op.UNSUBSCRIBE:
        this.answer(session, frame.request, this.unsubscribe(session, frame.pattern))
        return
      case Op.SYNC:
        this.router.tellRefusals(session)
        session.outbox.sendControl({
          op: Op.SYNCED,
          request: frame.request,
          accepted: session.accepted,
          refused: session.refused,
        })
        return
      case Op.PING:
        session.outbox.sendControl({ op: Op.PONG, token: frame.token })
        return
      case Op.PONG:
        session.onPong?.(frame.token)
        return
      default:
        // WELCOME, OK and the like are the daemon's to send.
        this.router.refuse(session, Code.UNKNOWN_OP, '')
    }
  }

  private authenticate(session: Session, request: number, credentials: Credentials): void {
    const { onAuth } = this.router
    if (onAuth === null) this.granted(session, request, { user: session.access.user })
    else onAuth(session, request, credentials)
  }

  /** See Router.grant. */
  grant(session: Session, access: Access, rate: Rate | null, request: number, info: OkInfo): void {
    const { subscriptions } = session
    if (subscriptions.size > 0) this.router.drainAll()
    session.access = access
    session.rate = rate?.after(session.rate) ?? null
    if (subscriptions.size > 0) {
      this.router.patterns.pinFor(session, access.subscribe)
      this.router.patterns.accessChanged(subscriptions.values())
      this.endUnreachable(session)
    }
    this.granted(session, request, info)
  }

  /** Nothing can come by these subscriptions any more: better told than waited for in vain. */
  private endUnreachable(session: Session): void {
    const rules = session.access.subscribe
    if (rules === null) return
    for (const pattern of [...session.subscriptions.keys()]) {
      if (rules.mayReach(pattern)) continue
      this.unsubscribe(session, pattern)
      this.router.meters.refuse(Code.NOT_PERMITTED, 1)
      this.error(session, 0, Code.NOT_PERMITTED, codeMessage(Code.NOT_PERMITTED), { topic: pattern })
    }
  }

  private granted(session: Session, request: number, info: OkInfo): void {
    if (request !== 0) session.outbox.sendControl({ op: Op.OK, request, info })
  }

  /** See Router.refuseLines. */
  refuseLines(session: Session, { events, request, code, count, message, topic }: RefusedFrames): void {
    session.refused += events
    if (request === 0) this.router.refuse(session, code, topic ?? '', count)
    else {
      this.router.meters.refuse(code, count)
      this.error(session, request, code, message, {})
    }
  }

  private answer(session: Session, request: number, code: number): void {
    if (code === 0) {
      if (request !== 0) session.outbox.sendControl({ op: Op.OK, request })
      return
    }
    this.router.meters.refuse(code, 1)
    this.error(session, request, code, codeMessage(code), {})
  }

  error(session: Session, request: number, code: number, message: string, details: ErrorDetails): void {
    session.outbox.sendControl({ op: Op.ERROR, request, code, message, details })
  }

  /** @returns 0, or a code; nothing is told */
  subscribe(session: Session, pattern: string, options: SubscribeOptions): number {
    if (session.isPublishOnly) return Code.PUBLISH_ONLY
    const text = encoder.encode(pattern)
    const bad = checkPattern(text, 0, text.length)
    if (bad !== 0) return bad
    const { access } = session
    if (access.isLocked) return Code.UNAUTHENTICATED
    if (pattern.split('.').length > this.router.options.patternTokensMax) return Code.PATTERN_TOO_LONG
    if (access.subscribe !== null && !access.subscribe.mayReach(pattern)) return Code.NOT_PERMITTED
    const { options: core, patterns } = this.router
    const policy = options.policy ?? core.outboxPolicy
    const bytesMax = Math.min(options.bytesMax ?? core.outboxBytesMax, core.outboxBytesMax)
    const eventsMax = Math.min(options.eventsMax ?? core.outboxEventsMax, core.outboxEventsMax)
    const known = session.subscriptions.get(pattern)
    if (known !== undefined) {
      known.policy = policy
      known.bytesMax = bytesMax
      known.eventsMax = eventsMax
      return 0
    }
    if (session.subscriptions.size >= core.subscriptionsMax) return Code.TOO_MANY_SUBSCRIPTIONS
    const subscription = new Subscription(session, pattern, patterns.subscriptionsMade++, policy, bytesMax, eventsMax)
    patterns.pinFor(session, access.subscribe)
    session.subscriptions.set(pattern, subscription)
    patterns.add(subscription)
    this.router.meters.subscriptions++
    return 0
  }

  private unsubscribe(session: Session, pattern: string): number {
    const subscription = session.subscriptions.get(pattern)
    if (subscription === undefined) return Code.NOT_SUBSCRIBED
    session.subscriptions.delete(pattern)
    this.router.patterns.remove(subscription)
    this.router.meters.subscriptions--
    session.outbox.retire(subscription)
    return 0
  }

  /** Tells the session why, then ends it. */
  fail(session: Session, code: number): void {
    this.error(session, 0, code, codeMessage(code), {})
    session.outbox.end(code, codeMessage(code))
  }

  sayGoodbye(session: Session, retryAfterMs: number): void {
    session.outbox.sendControl({
      op: Op.GOAWAY,
      code: Code.SHUTTING_DOWN,
      retryAfterMs,
      reason: codeMessage(Code.SHUTTING_DOWN),
    })
  }

  tellRefusals(session: Session): void {
    if (!session.refusals.noted) return
    session.refusals.noted = false
    for (const { code, count, topic } of session.refusals.take()) {
      this.error(session, 0, code, codeMessage(code), {
        count,
        ...(topic !== '' && { topic }),
        ...(code === Code.OVERLOADED && { retryAfterMs: this.router.options.retryAfterMs }),
        ...(code === Code.RATE_LIMITED && session.rate !== null && { retryAfterMs: session.rate.waitMs }),
      })
    }
  }
}
