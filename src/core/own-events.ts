import { assert } from '../base/assert.js'
import { Code } from '../protocol/codes.js'
import { LANE_DEFAULT, LANES } from '../protocol/ops.js'
import { checkTopic, isSystemTopic, SYSTEM_TOKEN } from '../protocol/topic.js'
import { encodeEvent } from '../protocol/write.js'
import { type Link, Written } from './link.js'
import type { MatchList } from './match-list.js'
import type { Router } from './router.js'
import { NOBODY } from './session.js'
import { Subscription } from './subscription.js'
import type { TraceReport } from './trace.js'

const SYSTEM_PREFIX = `${SYSTEM_TOKEN}.`
/** No pattern of anybody's: a control character is refused. */
const PROBE_PATTERN = '\u0000probe'
/** Urgent, so that a lane that is full does not look like a router that stands still. */
const PROBE_LANE = 0

/** Of its subscription among those that are made. */
const BEFORE_ALL = -1

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)
const probeFrame = encodeEvent('probe', PROBE_LANE, NOTHING)

/** What the daemon itself puts on the bus, and what it asks of the router about topics. Nothing here is on the way of others' events. */
export class OwnEvents {
  /** Those who wait for a probe to come out. */
  private arrivals: (() => void)[] = []

  constructor(
    private readonly router: Router,
    private readonly host: { now(): number },
  ) {
    const { meters } = router
    const link: Link = {
      write: (frames) => {
        // The outbox is about to count a write that no peer has seen.
        meters.writes--
        meters.writtenBytes -= frames.length
        for (const arrived of this.arrivals.splice(0)) arrived()
        return Written.SENT
      },
      end: () => {},
    }
    const { options, patterns, delivery } = router
    const session = delivery.makeSession(NOBODY, link)
    const { outboxPolicy, outboxBytesMax, outboxEventsMax } = options
    patterns.addOwn(new Subscription(session, PROBE_PATTERN, BEFORE_ALL, outboxPolicy, outboxBytesMax, outboxEventsMax))
  }

  /**
   * Publishes on a topic of the daemon's own branch.
   * @returns false when nobody is subscribed: nothing is published then
   */
  publish(topic: string, payload: Uint8Array): boolean {
    assert(topic.startsWith(SYSTEM_PREFIX), 'the daemon publishes on its own branch')
    const frame = encodeEvent(topic, LANE_DEFAULT, payload)
    assert(frame.length <= this.router.options.messageBytesMax, 'an event of the daemon fits into a message')
    const list = this.listOf(topic)
    if (list.receivers.length === 0) return false
    this.router.acceptOwn(frame, list, LANE_DEFAULT, 1, null)
    return true
  }

  /**
   * Sends a canary all the way: into a lane, through the drain and an outbox, out of a link. It is a run of no events, so it is counted nowhere.
   * @param arrived must not call back into the core
   */
  probe(arrived: () => void): void {
    const { patterns } = this.router
    this.arrivals.push(arrived)
    this.router.acceptOwn(probeFrame, patterns.onlyOf(PROBE_PATTERN), PROBE_LANE, 0, null)
  }

  /** Who would get an event on this topic; a code of the table for what is no topic. */
  receiversOf(topic: string): readonly Subscription[] | number {
    const code = refusal(topic)
    if (code !== 0) return code
    return this.listOf(topic).receivers
  }

  /**
   * Publishes an event as anybody might, and tells each step of its way.
   * @param done must not call back into the core
   * @returns 0, or a code of the table: nothing is published then
   */
  trace(topic: string, lane: number, payload: Uint8Array, done: (report: TraceReport) => void): number {
    const code = refusal(topic)
    if (code !== 0) return code
    if (!Number.isInteger(lane) || lane < 0 || lane >= LANES) return Code.BAD_FLAGS
    const { options, delivery } = this.router
    if (payload.length > options.payloadBytesMax) return Code.PAYLOAD_TOO_LARGE
    if (lane >= delivery.overloadedFrom) return Code.OVERLOADED
    const trace = { acceptedMs: this.host.now(), done }
    this.router.acceptOwn(encodeEvent(topic, lane, payload), this.listOf(topic), lane, 1, trace)
    return 0
  }

  private listOf(topic: string): MatchList {
    const { patterns } = this.router
    return patterns.list(patterns.match(topic))
  }
}

function refusal(topic: string): number {
  const bytes = encoder.encode(topic)
  const code = checkTopic(bytes, 0, bytes.length)
  if (code !== 0) return code
  return isSystemTopic(bytes, 0, bytes.length) ? Code.RESERVED_TOPIC : 0
}
