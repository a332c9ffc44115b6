import type { RuleTexts } from '../../src/core/rules.js'
import type { Run } from '../../src/core/run.js'
import type { Session } from '../../src/core/session.js'
import type { Subscription } from '../../src/core/subscription.js'
import { type ControlFrame, decodeControl } from '../../src/protocol/control.js'
import { LANES, Op } from '../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { topicMatches } from '../../src/protocol/topic.js'

/** A promise of the core that was not kept. */
export class Broken extends Error {
  override name = 'Broken'
}

export function must(condition: boolean, promise: () => string): asserts condition {
  if (!condition) throw new Broken(promise())
}

interface Sent {
  publisher: number
  topic: string
  lane: number
  frame: Buffer
  /** Clock milliseconds; 0 for none. */
  expiresAt: number
  routed: boolean
  /** Subscriptions made before the event was accepted; it is not for later ones. */
  subscriptionsMade: number
}

/** A queue that forgets its front. */
class Fifo {
  private items: number[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  push(item: number): void {
    this.items.push(item)
  }

  shift(): number {
    const item = this.items[this.head++]
    if (this.head === 1024) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return item
  }
}

/** What a subscription was given and has not been seen to get, by lane in the order of routing. */
class Share {
  readonly queues = Array.from({ length: LANES }, () => new Fifo())
  constructor(
    readonly peer: PeerAccount,
    readonly pattern: string,
    /** Its place among all subscriptions ever made. */
    readonly order: number,
  ) {}
}

/** Per pattern of one session, over all the times that it was subscribed to. */
interface Told {
  matched: number
  received: number
  /** Missed for certain: a later event of the same subscription and lane has come, or the subscription is no more. */
  missed: number
  /** Told by gap frames. */
  told: number
}

/** What one session did, should get and got. */
export class PeerAccount {
  readonly patterns = new Map<string, Told>()
  readonly expected = new Map<number, Share>()
  /** The last event of each publisher, topic and lane. */
  readonly lastSeen = new Map<string, number>()
  /** Events and other frames sent that were handled, by what became of them. */
  eventsSent = 0
  refusedFrames = 0
  refusalsTold = 0
  /** Requests and tokens not yet answered; for a sync, the events that came before it. */
  readonly requests = new Map<number, { answer: 'ok' | 'error' | 'either' } | { eventsBefore: number }>()
  readonly pings: number[] = []
  welcomed = false

  constructor(readonly session: Session) {}

  told(pattern: string): Told {
    let told = this.patterns.get(pattern)
    if (told === undefined) {
      told = { matched: 0, received: 0, missed: 0, told: 0 }
      this.patterns.set(pattern, told)
    }
    return told
  }
}

/** By looking at each rule. */
export function isPermitted(rules: RuleTexts | null, topic: string): boolean {
  if (rules === null) return true
  const matched = (pattern: string): boolean => topicMatches(pattern, topic)
  return rules.allow.some(matched) && !rules.deny.some(matched)
}

const scanner = new EventScanner()

/** Number of an event in its payload: the first four bytes. */
export const ID_BYTES = 4

/** Keeps the books of a world by the simplest means, and compares the core with them at every step of an event's way. */
export class Ledger {
  readonly sent: Sent[] = []
  readonly peers = new Map<Session, PeerAccount>()
  private readonly shares = new Map<Subscription, Share>()
  private readonly matches = new Map<string, readonly Subscription[]>()
  private readonly lastRouted = new Int32Array(LANES).fill(-1)
  subscriptionsMade = 0
  routed = 0
  expiredUnrouted = 0
  /** Events that links took. */
  taken = 0

  constructor(private readonly now: () => number) {}

  open(session: Session): PeerAccount {
    const peer = new PeerAccount(session)
    this.peers.set(session, peer)
    return peer
  }

  close(session: Session): void {
    this.peers.delete(session)
  }

  subscribed(subscription: Subscription): void {
    this.matches.clear()
    const peer = this.peers.get(subscription.session)
    must(peer !== undefined, () => 'a session that is open subscribes')
    this.shares.set(subscription, new Share(peer, subscription.pattern, this.subscriptionsMade++))
  }

  unsubscribed(subscription: Subscription): void {
    this.matches.clear()
    const share = this.shares.get(subscription)
    must(share !== undefined, () => 'what is removed was added')
    this.shares.delete(subscription)
    const told = share.peer.told(share.pattern)
    for (const queue of share.queues) {
      for (; queue.length > 0; told.missed++) share.peer.expected.delete(queue.shift())
    }
  }

  /** A session may do other things from now on. */
  granted(): void {
    this.matches.clear()
  }

  /** The subscriptions that govern, one per session, by looking at all of them. */
  private match({ topic, subscriptionsMade }: Sent): readonly Subscription[] {
    const cached = subscriptionsMade === this.subscriptionsMade ? this.matches.get(topic) : undefined
    if (cached !== undefined) return cached
    const first = new Map<Session, { order: number; subscription: Subscription }>()
    for (const [subscription, { order }] of this.shares) {
      if (order >= subscriptionsMade || !topicMatches(subscription.pattern, topic)) continue
      const other = first.get(subscription.session)
      if (other === undefined || order < other.order) first.set(subscription.session, { order, subscription })
    }
    const governing = [...first.values()]
      .map(({ subscription }) => subscription)
      .filter(({ session }) => isPermitted(session.access.subscribe, topic))
    if (subscriptionsMade === this.subscriptionsMade) this.matches.set(topic, governing)
    return governing
  }

  /** The event whose frame is bytes[pos, end), compared with what was sent. */
  private identify(bytes: Buffer, pos: number, end: number, where: string): number {
    must(scanner.scan(bytes, pos, end) === end, () => `${where}: no event in ${bytes.toString('hex', pos, end)}`)
    must(scanner.payloadEnd - scanner.payloadStart >= ID_BYTES, () => `${where}: an event that nobody sent`)
    const id = bytes.readUInt32LE(scanner.payloadStart)
    const sent = this.sent[id]
    must(sent !== undefined, () => `${where}: event ${id} was never sent`)
    must(sent.frame.compare(bytes, pos, end) === 0, () => `${where}: event ${id} is not the bytes that were sent`)
    return id
  }

  /** The core is about to deliver a run to these receivers. */
  onRun(run: Run, bytes: Buffer, receivers: readonly Subscription[]): void {
    let count = 0
    for (let pos = run.start; pos < run.end; count++) {
      const next = frameEnd(bytes, pos, run.end)
      must(next > 0, () => `a run holds whole frames, not ${bytes.toString('hex', pos, pos + 8)}`)
      const id = this.identify(bytes, pos, next, 'routing')
      const sent = this.sent[id]
      must(!sent.routed, () => `event ${id} is routed once`)
      sent.routed = true
      must(sent.lane === run.lane, () => `event ${id} goes by its own lane`)
      must(id > this.lastRouted[sent.lane], () => `event ${id} is routed after ${this.lastRouted[sent.lane]}`)
      this.lastRouted[sent.lane] = id
      this.onRouted(id, sent, receivers)
      pos = next
    }
    must(count === run.count, () => `a run of ${count} events says ${run.count}`)
  }

  private onRouted(id: number, sent: Sent, receivers: readonly Subscription[]): void {
    if (sent.expiresAt !== 0 && sent.expiresAt <= this.now()) {
      this.expiredUnrouted++
      return
    }
    this.routed++
    const governing = this.match(sent)
    must(receivers.length === governing.length, () => {
      const names = (list: readonly Subscription[]) => list.map((s) => `${s.session.id}:${s.pattern}`).join(' ')
      return `${sent.topic} is for ${names(governing)}, not ${names(receivers)}`
    })
    for (const receiver of receivers) {
      must(governing.includes(receiver), () => `${sent.topic} is not for ${receiver.session.id}:${receiver.pattern}`)
      const share = this.shares.get(receiver) as Share
      share.queues[sent.lane].push(id)
      share.peer.expected.set(id, share)
      share.peer.told(share.pattern).matched++
    }
  }

  /** A link took these frames. */
  onWrite(session: Session, bytes: Buffer): void {
    const peer = this.peers.get(session)
    must(peer !== undefined, () => 'nothing is written to a session that is closed')
    for (let pos = 0; pos < bytes.length; ) {
      const next = frameEnd(bytes, pos, bytes.length)
      must(next > 0, () => `whole frames are written, not ${bytes.toString('hex', pos, pos + 8)}`)
      must(peer.welcomed || bytes[pos + 1] === Op.WELCOME, () => 'WELCOME comes first')
      if (bytes[pos + 1] === Op.EVENT) this.onEvent(peer, bytes, pos, next)
      else {
        const frame = decodeControl(bytes, pos, next)
        must(typeof frame !== 'number', () => `a control frame is well formed, not ${frame}`)
        this.onControl(peer, frame)
      }
      pos = next
    }
  }

  private onEvent(peer: PeerAccount, bytes: Buffer, pos: number, end: number): void {
    this.taken++
    const id = this.identify(bytes, pos, end, `session ${peer.session.id}`)
    const sent = this.sent[id]
    const share = peer.expected.get(id)
    must(share !== undefined, () => `session ${peer.session.id} gets event ${id} twice, late, or without subscription`)
    must(sent.expiresAt === 0 || this.now() < sent.expiresAt, () => `event ${id} arrives after its time`)
    const told = peer.told(share.pattern)
    const queue = share.queues[sent.lane]
    for (;;) {
      must(queue.length > 0, () => `event ${id} overtook another of its lane in session ${peer.session.id}`)
      const front = queue.shift()
      peer.expected.delete(front)
      if (front === id) break
      told.missed++
    }
    told.received++
    must(told.told >= told.missed, () => {
      return `session ${peer.session.id} gets event ${id} before the gap: told ${told.told} of ${told.missed} of ${share.pattern}`
    })
    const stream = `${sent.publisher} ${sent.lane} ${sent.topic}`
    const last = peer.lastSeen.get(stream) ?? -1
    must(id > last, () => `event ${id} arrives after ${last} of the same publisher, topic and lane`)
    peer.lastSeen.set(stream, id)
  }

  private onControl(peer: PeerAccount, frame: ControlFrame): void {
    switch (frame.op) {
      case Op.WELCOME:
        must(!peer.welcomed, () => 'WELCOME comes once')
        peer.welcomed = true
        return
      case Op.OK:
        this.answered(peer, frame.request, 'ok')
        return
      case Op.ERROR:
        if (frame.request !== 0) this.answered(peer, frame.request, 'error')
        else peer.refusalsTold += frame.details.count ?? 0
        return
      case Op.SYNCED: {
        const known = peer.requests.get(frame.request)
        must(known !== undefined && 'eventsBefore' in known, () => `SYNCED ${frame.request} was asked for`)
        const sum = frame.accepted + frame.refused
        must(sum === known.eventsBefore, () => `SYNCED says ${sum} events, ${known.eventsBefore} were sent`)
        peer.requests.delete(frame.request)
        return
      }
      case Op.PONG:
        must(peer.pings.shift() === frame.token, () => 'pongs come in order')
        return
      case Op.GAP: {
        const told = peer.told(frame.pattern)
        must(frame.count > 0, () => 'a gap is of something')
        told.told += frame.count
        must(told.told <= told.matched - told.received, () => {
          return `session ${peer.session.id} is told of ${told.told} missed of ${told.matched} of which it got ${told.received}`
        })
        return
      }
      default:
        throw new Broken(`frames of op ${frame.op} are not for subscribers`)
    }
  }

  private answered(peer: PeerAccount, request: number, answer: 'ok' | 'error'): void {
    const known = peer.requests.get(request)
    must(known !== undefined && 'answer' in known, () => `request ${request} was made and is answered once`)
    must(known.answer === 'either' || known.answer === answer, () => `request ${request} is answered ${answer}`)
    peer.requests.delete(request)
  }

  /** With nothing pending any more, a session that is still open has got or been told of everything. */
  settle(peer: PeerAccount): void {
    const id = peer.session.id
    for (const [pattern, { matched, received, told }] of peer.patterns) {
      must(matched === received + told, () => {
        return `session ${id}, ${pattern}: ${matched} matched, ${received} received, told of ${told} missed`
      })
    }
    must(
      peer.requests.size === 0,
      () => `session ${id} has answers to all requests, not to ${[...peer.requests.keys()]}`,
    )
    must(peer.pings.length === 0, () => `session ${id} has answers to all pings`)
    must(peer.refusalsTold === peer.refusedFrames, () => {
      return `session ${id} was told of ${peer.refusalsTold} of ${peer.refusedFrames} refused frames`
    })
  }
}
