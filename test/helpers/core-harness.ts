import type { Lanes } from '../../src/core/lanes.js'
import { Written } from '../../src/core/link.js'
import type { CoreOptions } from '../../src/core/options.js'
import { Router } from '../../src/core/router.js'
import type { Run } from '../../src/core/run.js'
import type { Session } from '../../src/core/session.js'
import type { SubscribeOptions } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, type Metadata } from './core-frames.js'
import { ManualHost } from './core-host.js'
import { ManualLink } from './core-link.js'
import { coreOptions } from './core-options.js'

/** One peer of a router: its session and its link. */
export class Peer {
  readonly link = new ManualLink()
  readonly session: Session

  constructor(private readonly core: CoreHarness) {
    this.session = core.router.open(this.link)
    this.link.onEnd = () => core.router.close(this.session)
    this.link.take()
  }

  /** Sends frames as one message. */
  send(...frames: Uint8Array[]): void {
    const message = Buffer.concat(frames)
    const { router } = this.core
    const position = router.reserve(message.length)
    message.copy(router.slabs.bytes, position)
    router.accept(this.session, position, position + message.length)
  }

  /** Sends events of these payloads, as one message. */
  publish(topic: string, payloads: readonly string[], lane = 3, metadata?: Metadata): void {
    this.send(...payloads.map((payload) => eventFrame(topic, payload, lane, metadata)))
  }

  subscribe(pattern: string, options: SubscribeOptions = {}): void {
    this.send(controlFrame({ op: Op.SUBSCRIBE, request: 0, pattern, options }))
  }

  unsubscribe(pattern: string): void {
    this.send(controlFrame({ op: Op.UNSUBSCRIBE, request: 0, pattern }))
  }

  /** The next write is taken, and then nothing until thaw. */
  freeze(): void {
    this.link.answer = Written.BUFFERED
  }

  /** The link is full from now on, without a frame more. */
  block(): void {
    this.freeze()
    this.send(controlFrame({ op: Op.PING, token: 0 }))
    this.link.take()
  }

  /** Takes everything from now on. */
  thaw(): void {
    this.link.answer = Written.SENT
    this.resume()
  }

  /** The link takes bytes again, and answers as it is set to. */
  resume(): void {
    this.link.blocked = false
    this.core.router.writable(this.session)
  }

  close(): void {
    this.core.router.close(this.session)
  }
}

/** A router with a clock and turns of the test's. */
export class CoreHarness {
  readonly host = new ManualHost()
  readonly router: Router

  constructor(options: Partial<CoreOptions> = {}) {
    this.router = new Router(coreOptions(options), this.host)
  }

  peer(): Peer {
    return new Peer(this)
  }

  turns(): void {
    this.host.runTurns()
  }

  get dropped(): number {
    return this.router.meters.dropped.reduce((sum, count) => sum + count, 0)
  }

  /** What is wrong about the identities of meters.ts, which hold whenever no drain is running; empty when nothing is. */
  get broken(): string[] {
    const { meters, lanes, sessions } = this.router
    const inLanes = eventsIn(lanes)
    let waiting = 0
    for (const session of sessions.values()) waiting += session.outbox.backlogEvents
    const broken: string[] = []
    if (meters.accepted !== meters.routed + meters.expiredUnrouted + inLanes) broken.push('accepted')
    if (meters.matched !== meters.delivered + this.dropped + waiting) broken.push('matched')
    if (meters.pendingInOutboxes !== waiting) broken.push('pendingInOutboxes')
    return broken
  }

  /** What is held of each pool; all zero when nothing is pending. */
  get held(): Record<string, number> {
    const { runs, slabs, delivery, lanes } = this.router
    return {
      runs: runs.held,
      slabs: slabs.heldRuns,
      batches: delivery.heldBatches,
      pages: delivery.pages.held,
      budget: delivery.budget.used + this.router.unfinished.used,
      lanes: lanes.length,
    }
  }
}

/** Counted from the queues themselves: the router's own figure comes from its meters. */
export function eventsIn(lanes: Lanes): number {
  const { queues } = lanes as unknown as { queues: { toArray(): Run[] }[] }
  let events = 0
  for (const queue of queues) for (const run of queue.toArray()) events += run.count
  return events
}

export const NOTHING_HELD = { runs: 0, slabs: 0, batches: 0, pages: 0, budget: 0, lanes: 0 }
