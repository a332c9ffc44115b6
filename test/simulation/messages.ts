import { LANES, Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, type Metadata, packed } from '../helpers/core-frames.js'
import type { SeededRandom } from '../helpers/msgpack-random.js'
import { ID_BYTES, isPermitted, type Ledger, type PeerAccount } from './ledger.js'
import { FILL_BYTES_MAX, type Plan, randomSubscribeOptions } from './plan.js'

/** A message, and what the core should make of it. */
export interface Message {
  bytes: Buffer
  /** EVENT frames up to one that ends the session: the event's number, or -1 for one that is refused for itself, or not permitted. */
  events: number[]
  badEvents: number
  badControls: number
  closes: boolean
}

/** More than an event may need besides its payload: the longest topic, and metadata. */
const EVENT_OVERHEAD_BYTES = 320
/** A message with less room left is ended. */
const EVENT_ROOM_BYTES = 600

const GARBAGE = [
  Buffer.from([0xc1]),
  Buffer.from([0x94, 0x01, 0xa1]),
  Buffer.from([0x94, 0x01, 0xa1, 0x61, 0x03, 0xc6, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0x92, 0x0a, ...new Array(40).fill(0x91), 0x01]),
  Buffer.from([0x95, 0x01, 0xa1, 0x61, 0x03, 0xc4, 0x00, 0x81, 0xa1, 0x78, 0xc7, 0x00, 0x00]),
  packed([Op.PING, 'x'.repeat(5000)]),
]

const BAD_CONTROLS = [
  packed([Op.PING, -1]),
  packed([Op.PONG, 'x']),
  packed([99, 1]),
  packed([Op.WELCOME, {}]),
  packed([Op.OK, 1]),
  packed([Op.SUBSCRIBE, 0, 'a', { unknown: 1 }]),
  packed([Op.HELLO, 1]),
]

const BAD_EVENTS = [
  eventFrame('a..b', 'x'),
  eventFrame('a.*', 'x'),
  eventFrame('$sys.x', 'x'),
  eventFrame(Array(17).fill('t').join('.'), 'x'),
  eventFrame('a', 'x', 9),
  packed([Op.EVENT, 'a', 3]),
  packed([Op.EVENT, 'a', 3, 'no bin']),
  packed([Op.EVENT, 1, 3, Buffer.from('x')]),
  packed([Op.EVENT, 'a', 3, Buffer.from('x'), { ttl: 'soon' }]),
  packed([Op.EVENT, 'a', 3, Buffer.from('x'), { ttl: 0 }]),
  packed([Op.EVENT, 'a', 3, Buffer.from('x'), { key: 1 }]),
  packed([Op.EVENT, 'a', 3, Buffer.from('x'), 1]),
]

/** Writes the messages of a world's peers, and notes in the ledger what was sent. */
export class MessageMaker {
  private requests = 1
  /** What is published next, by whomever. */
  private topic: string
  private lane = 3
  private readonly noise: Uint8Array

  constructor(
    private readonly plan: Plan,
    private readonly random: SeededRandom,
    private readonly ledger: Ledger,
    private readonly now: () => number,
    /** Bytes left in the slab that the next message goes to. */
    private readonly slabRoom: () => number,
  ) {
    this.noise = random.bytes(70_000)
    this.topic = random.pick(plan.topics)
  }

  make(peer: PeerAccount): Message {
    const { random, plan } = this
    const frames: Buffer[] = []
    const message: Message = { bytes: Buffer.alloc(0), events: [], badEvents: 0, badControls: 0, closes: false }
    const left = plan.fillsSlabs ? this.slabRoom() : 0
    const fills = left >= EVENT_ROOM_BYTES && left <= FILL_BYTES_MAX
    let room = fills ? left : plan.options.messageBytesMax
    const put = (frame: Buffer): boolean => {
      if (frame.length > room) return false
      room -= frame.length
      frames.push(frame)
      return true
    }
    const events = 1 + random.below(plan.burstMax)
    for (let i = 0; i < events; i++) {
      if (random.oneIn(plan.changeOneIn)) this.topic = random.pick(plan.topics)
      if (random.oneIn(plan.changeOneIn)) this.lane = random.below(LANES)
      const { topic, lane } = this
      if (random.oneIn(plan.badOneIn)) {
        if (random.oneIn(40)) {
          // What cannot be a frame ends the session; only what came before it counts.
          if (!put(random.pick(GARBAGE))) break
          message.closes = true
          break
        }
        if (random.oneIn(3)) {
          if (put(random.pick(BAD_CONTROLS))) message.badControls++
        } else {
          const tooLarge = eventFrame('a', this.noise.subarray(0, plan.options.payloadBytesMax + 1))
          if (put(random.oneIn(10) ? tooLarge : random.pick(BAD_EVENTS))) {
            message.events.push(-1)
            message.badEvents++
          }
        }
      }
      if (random.oneIn(50)) this.putControl(peer, put, message)
      if (room < EVENT_ROOM_BYTES) break
      const id = this.putEvent(peer, topic, lane, put, room)
      message.events.push(id)
      if (id < 0) message.badEvents++
    }
    if (fills && !message.closes) this.fill(peer, put, room, message)
    message.bytes = Buffer.concat(frames)
    return message
  }

  /** @returns its number; -1 when it is not permitted */
  private putEvent(
    peer: PeerAccount,
    topic: string,
    lane: number,
    put: (frame: Buffer) => boolean,
    room: number,
  ): number {
    const { random, plan } = this
    const usual = ID_BYTES + random.below(Math.min(plan.payloadBytesUsual, plan.options.payloadBytesMax - ID_BYTES))
    const wanted = random.oneIn(200) ? random.below(plan.options.payloadBytesMax) : usual
    const metadata: Metadata = {}
    if (random.oneIn(plan.ttlOneIn)) metadata.ttl = 1 + random.below(random.oneIn(2) ? 20 : 5000)
    if (random.oneIn(plan.keyOneIn)) metadata.key = `k${random.below(10)}`
    const length = Math.max(ID_BYTES, Math.min(wanted, room - EVENT_OVERHEAD_BYTES))
    return this.send(peer, topic, lane, length, Object.keys(metadata).length > 0 ? metadata : undefined, put)
  }

  private send(
    peer: PeerAccount,
    topic: string,
    lane: number,
    length: number,
    metadata: Metadata | undefined,
    put: (frame: Buffer) => boolean,
  ): number {
    const start = this.random.below(this.noise.length - length)
    const payload = Buffer.from(this.noise.subarray(start, start + length))
    payload.writeUInt32LE(this.ledger.sent.length)
    const frame = eventFrame(topic, payload, lane, metadata)
    if (!put(frame)) throw new Error('an event was made larger than the room for it')
    const { access } = peer.session
    if (lane < access.laneMin || !isPermitted(access.publish, topic)) return -1
    const expiresAt = metadata?.ttl === undefined ? 0 : this.now() + metadata.ttl
    return (
      this.ledger.sent.push({
        publisher: peer.session.id,
        topic,
        lane,
        frame,
        expiresAt,
        routed: false,
        subscriptionsMade: this.ledger.subscriptionsMade,
      }) - 1
    )
  }

  /** Ends the message with an event that takes all the room. */
  private fill(peer: PeerAccount, put: (frame: Buffer) => boolean, room: number, message: Message): void {
    const { topic, lane } = this
    const overhead = eventFrame(topic, '', lane).length
    const payload = room - overhead
    // A bin of 256 bytes or more has one byte more of lead.
    const length = payload < 256 ? payload : payload - 1
    if (length < ID_BYTES || length > this.plan.options.payloadBytesMax || payload === 256) return
    const id = this.send(peer, topic, lane, length, undefined, put)
    message.events.push(id)
    if (id < 0) message.badEvents++
  }

  private putControl(peer: PeerAccount, put: (frame: Buffer) => boolean, message: Message): void {
    const { random } = this
    if (random.oneIn(3)) {
      const token = this.requests++
      if (put(controlFrame({ op: Op.PING, token }))) peer.pings.push(token)
    } else if (random.oneIn(2)) {
      const request = this.requests++
      const eventsBefore = peer.eventsSent + message.events.length
      if (put(controlFrame({ op: Op.SYNC, request }))) peer.requests.set(request, { eventsBefore })
    } else this.putSubscription(peer, put)
  }

  putSubscription(peer: PeerAccount, put: (frame: Buffer) => boolean): void {
    const { random, plan } = this
    const quiet = random.oneIn(10)
    const request = quiet ? 0 : this.requests++
    const pattern = random.oneIn(20) ? 'bad..pattern' : random.pick(plan.patterns)
    // Refusals of requests without a number are errors without a count, so only what cannot fail goes without one.
    const frame =
      random.oneIn(3) && !quiet
        ? controlFrame({ op: Op.UNSUBSCRIBE, request, pattern })
        : controlFrame({ op: Op.SUBSCRIBE, request, pattern, options: randomSubscribeOptions(random) })
    if (put(frame) && request !== 0) peer.requests.set(request, { answer: 'either' })
  }
}
