import type { RouterHost } from '../../src/core/host.js'
import { Router } from '../../src/core/router.js'
import type { Session } from '../../src/core/session.js'
import { Code } from '../../src/protocol/codes.js'
import { DROP_REASONS } from '../../src/protocol/ops.js'
import { eventsIn } from '../helpers/core-harness.js'
import { SeededRandom } from '../helpers/msgpack-random.js'
import { Ledger, must } from './ledger.js'
import { type Message, MessageMaker } from './messages.js'
import { makePlan, type Plan, randomRate } from './plan.js'
import type { Sabotage } from './sabotage.js'
import { SimLink } from './sim-link.js'

export interface Report {
  events: number
  accepted: number
  delivered: number
  dropped: number
  sessions: number
  /** How often what the core has to deal with was met. */
  met: Record<string, number>
}

/** A world that sends less is stuck. */
const STEPS_PER_EVENT_MAX = 20
const TURNS_TO_REST_MAX = 1_000_000

/** A core with everything around it played by chance from one seed. The same seed, the same world. */
export class World implements RouterHost {
  private readonly random: SeededRandom
  private readonly plan: Plan
  private readonly ledger: Ledger
  private readonly router: Router
  private readonly messages: MessageMaker
  private readonly links = new Map<Session, SimLink>()
  private readonly turns: (() => void)[] = []
  private ms = 1
  private opened = 0
  private slabsAllHeld = 0
  private matchesAnew = 0
  private linksGone = 0
  private slowConsumers = 0
  /** The message that the core is accepting. */
  private sending: { onSubscribed(): void } | null = null

  constructor(
    seed: number,
    private readonly sabotage: Sabotage | null = null,
  ) {
    this.random = new SeededRandom(seed)
    this.plan = makePlan(this.random)
    this.ledger = new Ledger(() => this.ms)
    this.router = new Router(this.plan.options, this)
    this.messages = new MessageMaker(
      this.plan,
      this.random,
      this.ledger,
      () => this.ms,
      () => this.slabRoom(),
    )
    this.observe()
    sabotage?.arrange?.(this.router, this.random)
  }

  now(): number {
    return this.ms
  }

  schedule(turn: () => void): void {
    this.turns.push(turn)
    must(this.turns.length <= 1, () => 'one turn is scheduled at a time')
  }

  /** Looks over the core's shoulder where an event is routed and where the set of subscriptions changes. */
  private observe(): void {
    const { router, ledger } = this
    const { delivery, patterns, slabs } = router
    const reserve = slabs.reserve.bind(slabs)
    slabs.reserve = (length) => {
      const position = reserve(length)
      if (position < 0) this.slabsAllHeld++
      return position
    }
    const bumpAll = patterns.generations.bumpAll.bind(patterns.generations)
    patterns.generations.bumpAll = () => {
      this.matchesAnew++
      bumpAll()
    }
    const deliver = delivery.deliver.bind(delivery)
    delivery.deliver = (run, list) => {
      ledger.onRun(run, router.slabs.bytes, list.receiversOf(run.subscriptionsMade))
      return deliver(run, list)
    }
    const add = patterns.add.bind(patterns)
    patterns.add = (subscription) => {
      ledger.subscribed(subscription)
      this.sending?.onSubscribed()
      add(subscription)
    }
    const remove = patterns.remove.bind(patterns)
    patterns.remove = (subscription) => {
      ledger.unsubscribed(subscription)
      remove(subscription)
    }
  }

  /** Plays until so many events were sent, then lets everything come to rest and settles the books. Throws Broken. */
  run(events: number): Report {
    for (let steps = 0; this.ledger.sent.length < events; steps++) {
      must(
        steps < events * STEPS_PER_EVENT_MAX,
        () => `the world comes to a stop after ${this.ledger.sent.length} events`,
      )
      this.step()
      if (this.random.oneIn(20)) this.check()
    }
    this.rest()
    const { meters } = this.router
    return {
      events: this.ledger.sent.length,
      accepted: meters.accepted,
      delivered: meters.delivered,
      dropped: sum(meters.dropped),
      sessions: this.opened,
      met: this.met(),
    }
  }

  private met(): Record<string, number> {
    const { meters, topics } = this.router
    const met: Record<string, number> = {
      delivered: meters.delivered,
      'expired in a lane': meters.expiredUnrouted,
      unmatched: meters.unmatched,
      'slow consumers': meters.slowConsumers,
      gaps: meters.gaps,
      'topics evicted': topics.evicted,
      'runs of many events': meters.accepted - meters.runs,
      'slabs all held': this.slabsAllHeld,
      'matches started anew': this.matchesAnew,
      'links gone': this.linksGone,
    }
    DROP_REASONS.forEach((reason, i) => {
      met[`dropped ${reason}`] = meters.dropped[i]
    })
    for (const [code, count] of meters.refused) met[`refused ${code}`] = count
    return met
  }

  private step(): void {
    const { random } = this
    this.letLinksGoOn()
    if (random.oneIn(2)) this.ms += random.below(4)
    if (random.oneIn(500)) this.ms += random.below(20_000)
    if (random.oneIn(30)) this.router.tick()
    if (this.turns.length > 0 && random.oneIn(this.plan.turnOneIn)) this.turn()
    if (this.links.size < this.plan.sessionsMax && random.oneIn(this.links.size === 0 ? 1 : 10)) this.open()
    const session = this.anySession()
    if (session === null) return
    if (random.oneIn(400)) this.close(session)
    else if (random.oneIn(200)) this.grant(session)
    else if (random.oneIn(8)) this.subscribe(session)
    else this.publish(session)
  }

  private slabRoom(): number {
    const { cursor, slabBytes } = this.router.slabs as unknown as { cursor: number; slabBytes: number }
    return slabBytes - (cursor % slabBytes)
  }

  private turn(): void {
    const turn = this.turns.pop()
    turn?.()
  }

  private anySession(): Session | null {
    if (this.links.size === 0) return null
    let skip = this.random.below(this.links.size)
    for (const session of this.links.keys()) if (skip-- === 0) return session
    return null
  }

  private open(): void {
    const link = new SimLink(this.plan, this.random, this.ledger, this.sabotage)
    const session = this.router.open(link)
    this.opened++
    this.ledger.open(session)
    this.links.set(session, link)
    link.attach(session)
    this.grant(session)
    link.onEnd = (code) => {
      if (code === Code.SLOW_CONSUMER) this.slowConsumers++
      if (this.random.oneIn(2)) this.close(session)
    }
  }

  /** A session may do other things from now on, or the same again. */
  private grant(session: Session): void {
    const { random, plan } = this
    const rate = plan.rateOneIn > 0 && random.oneIn(plan.rateOneIn) ? randomRate(random) : null
    this.router.grant(session, random.pick(plan.accesses), rate, 0, {})
    this.ledger.granted()
  }

  private close(session: Session): void {
    this.router.close(session)
    this.ledger.close(session)
    this.links.delete(session)
  }

  private letLinksGoOn(): void {
    for (const [session, link] of this.links) {
      if ((link.gone || link.ended) && this.random.oneIn(20)) {
        if (link.gone) this.linksGone++
        this.close(session)
      } else if (link.fullFor > 0 && --link.fullFor === 0) this.router.writable(session)
    }
  }

  private subscribe(session: Session): void {
    const peer = this.ledger.peers.get(session)
    if (peer === undefined) return
    const frames: Buffer[] = []
    this.messages.putSubscription(peer, (frame) => {
      frames.push(frame)
      return true
    })
    this.send(session, { bytes: Buffer.concat(frames), events: [], badEvents: 0, badControls: 0, closes: false })
  }

  private publish(session: Session): void {
    const peer = this.ledger.peers.get(session)
    if (peer !== undefined) this.send(session, this.messages.make(peer))
  }

  private send(session: Session, message: Message): void {
    const { router, ledger } = this
    const { bytes } = message
    if (bytes.length === 0) return
    const peer = ledger.peers.get(session)
    if (peer === undefined || session.outbox.ending) return
    const before = { accepted: session.accepted, refused: session.refused, others: this.refusedForOthers }
    this.sending = {
      onSubscribed: () => {
        const handled = session.accepted + session.refused - before.accepted - before.refused
        for (const id of message.events.slice(handled)) {
          if (id >= 0) ledger.sent[id].subscriptionsMade = ledger.subscriptionsMade
        }
      },
    }
    if (session.id % 2 === 0) {
      router.intake.take(session, bytes)
      router.intake.flush()
    } else {
      const position = router.reserve(bytes.length)
      bytes.copy(router.slabs.bytes, position)
      router.accept(session, position, position + bytes.length)
    }
    this.sending = null
    const accepted = session.accepted - before.accepted
    const refused = session.refused - before.refused
    const others = this.refusedForOthers - before.others
    peer.eventsSent += message.events.length
    peer.refusedFrames += refused + message.badControls
    must(accepted + refused === message.events.length, () => {
      return `${message.events.length} events were sent, ${accepted} accepted, ${refused} refused`
    })
    // A bad one may have been refused for its lane, or the rate, before anybody looked what was bad.
    must(refused >= Math.max(message.badEvents, others) && refused <= message.badEvents + others, () => {
      return `${refused} events refused, ${message.badEvents} were bad and ${others} too many`
    })
    must(session.outbox.ending === message.closes, () => {
      return message.closes ? 'what is no frame ends the session' : 'a bad frame does not end the session'
    })
  }

  /** Events that were good and came at the wrong time. */
  private get refusedForOthers(): number {
    const { refused } = this.router.meters
    return (refused.get(Code.OVERLOADED) ?? 0) + (refused.get(Code.RATE_LIMITED) ?? 0)
  }

  /** The identities of meters.ts and the bounds, which hold whenever no drain is running. */
  check(): void {
    const { router, ledger } = this
    const { meters, delivery, options } = router
    const inLanes = eventsIn(router.lanes)
    must(
      router.meters.pendingInLanes === inLanes,
      () => `${inLanes} events are in lanes, ${router.meters.pendingInLanes} by the meters`,
    )
    must(meters.routed === ledger.routed, () => `${ledger.routed} events were routed, ${meters.routed} by the meters`)
    must(meters.expiredUnrouted === ledger.expiredUnrouted, () => 'events that expired in a lane are counted')
    must(sum(meters.routedByLane) === meters.routed, () => 'events routed by lane add up')
    must(meters.delivered === ledger.taken, () => `links took ${ledger.taken}, ${meters.delivered} by the meters`)
    must(meters.slowConsumers === this.slowConsumers, () => 'each slow consumer is counted once')
    let waiting = 0
    for (const { outbox } of router.sessions.values()) {
      waiting += outbox.backlogEvents
      must(outbox.backlogBytes <= options.outboxBytesMax, () => `an outbox holds ${outbox.backlogBytes} bytes`)
    }
    must(meters.pendingInOutboxes === waiting, () => `${waiting} wait, ${meters.pendingInOutboxes} by the meters`)
    const accounted = meters.delivered + sum(meters.dropped) + waiting
    must(meters.matched === accounted, () => `${meters.matched} matched, ${accounted} accounted for`)
    must(delivery.budget.used <= options.memoryBudgetBytes, () => `the budget is overdrawn: ${delivery.budget.used}`)
    must(delivery.heldBatches === 0, () => `${delivery.heldBatches} batches are open outside a drain`)
    must(router.runs.held === router.lanes.length, () => 'runs are held by lanes only')
    must(router.slabs.heldRuns === router.lanes.length, () => 'slabs are held by runs in lanes only')
    must(router.topics.size <= options.topicsMax, () => `${router.topics.size} topics`)
  }

  /** Every link takes everything, every turn is run; then the books are settled and everybody leaves. */
  private rest(): void {
    const { router, ledger } = this
    for (const [session, link] of [...this.links]) {
      if (link.gone || link.ended) this.close(session)
      else link.calm = true
    }
    let quiet = false
    for (let turns = 0; !quiet; turns++) {
      must(turns < TURNS_TO_REST_MAX, () => 'the world does not come to rest')
      quiet = this.turns.length === 0
      this.turn()
      for (const [session, link] of [...this.links]) {
        if (link.ended) this.close(session)
        else if (link.fullFor > 0) {
          link.fullFor = 0
          quiet = false
          router.writable(session)
        }
      }
      this.check()
    }
    must(router.lanes.length === 0, () => 'nothing is left in the lanes')
    must(router.meters.pendingInOutboxes === 0, () => `${router.meters.pendingInOutboxes} events are left in outboxes`)
    for (const [session, peer] of ledger.peers) if (!session.outbox.ending) ledger.settle(peer)
    for (const session of [...this.links.keys()]) this.close(session)
    this.turn()
    this.check()
    const { runs, slabs, delivery } = router
    const held = [runs.held, slabs.heldRuns, delivery.heldBatches, delivery.pages.held, delivery.budget.used]
    must(
      held.every((count) => count === 0),
      () => `held at the end: runs, slabs, batches, pages, budget ${held}`,
    )
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0)
}
