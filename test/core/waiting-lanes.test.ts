import t from 'tap'
import type { Amount, ParkingLot, WaitingLane } from '../../src/core/backlog.js'
import { Budget } from '../../src/core/budget.js'
import { ConflatedLane } from '../../src/core/conflated-lane.js'
import { REASON } from '../../src/core/meters.js'
import { PagePool } from '../../src/core/pages.js'
import { ParkedLane } from '../../src/core/parked-lane.js'
import type { Span } from '../../src/core/span.js'
import type { Subscription } from '../../src/core/subscription.js'
import { eventFrame, readFrames, type SeenEvent } from '../helpers/core-frames.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

interface Waiting {
  frame: Buffer
  payload: string
  key: string
  expiresAt: number
}

class Lot implements ParkingLot {
  readonly budget: Budget
  readonly pages = new PagePool(true)
  readonly waiting = Array.from({ length: 8 }, () => new Set<WaitingLane>())
  conflated = 0
  lostEvents = 0
  readonly timing = {
    lost: (_classes: number, count: number): void => {
      this.lostEvents += count
    },
  }

  constructor(budgetBytes = 1 << 30) {
    this.budget = new Budget(budgetBytes)
  }

  /** As much of a subscription as a lane knows of. */
  readonly subscription = {
    session: {
      outbox: {
        missed: (_: unknown, reason: number, events: number) => {
          if (reason !== REASON.conflated) t.fail(`told of reason ${reason}`)
          this.conflated += events
        },
      },
    },
  } as unknown as Subscription
}

/** Frames at [start, end) of the bytes that are pushed. */
const span = (start: number, end: number, count = 1, expiresAt = 0): Span => {
  return { start, end, count, expiresAt, lane: 3, acceptedAt: 0, acceptedLast: 0, classes: 0 }
}

const payloads = (frames: Uint8Array) => readFrames(frames).map((frame) => (frame as SeenEvent).payload)

/** Does the same to a lane and to an array, and compares them. */
class Pair {
  readonly lot: Lot
  readonly lane: WaitingLane
  waiting: Waiting[] = []
  conflated = 0
  private next = 0

  constructor(
    private readonly random: SeededRandom,
    private readonly conflating: boolean,
    budgetBytes?: number,
  ) {
    this.lot = new Lot(budgetBytes)
    this.lane = conflating
      ? new ConflatedLane(this.lot.subscription, 3, this.lot)
      : new ParkedLane(this.lot.subscription, 3, this.lot)
  }

  push(count: number, sizeMax: number, expiresAt: number): void {
    const { random } = this
    const pieces: Waiting[] = []
    for (let i = 0; i < count; i++) {
      const payload = `${this.next++} ${'x'.repeat(random.below(sizeMax))}`
      const topic = `t.${random.below(12)}`
      const key = random.oneIn(3) ? `k${random.below(4)}` : undefined
      const frame = eventFrame(topic, payload, 3, key === undefined ? undefined : { key })
      pieces.push({ frame, payload, key: key ?? `topic ${topic}`, expiresAt })
    }
    const bytes = Buffer.concat([Buffer.from('before'), ...pieces.map(({ frame }) => frame), Buffer.from('after')])
    if (!this.lane.push(bytes, span(6, bytes.length - 5, count, expiresAt))) return
    for (const piece of pieces) {
      if (this.conflating) {
        const before = this.waiting.length
        this.waiting = this.waiting.filter(({ key }) => key !== piece.key)
        this.conflated += before - this.waiting.length
      }
      this.waiting.push(piece)
    }
  }

  dropOldest(bytes: number, events: number): void {
    const gone: Amount = { bytes: 0, events: 0 }
    this.lane.dropOldest(bytes, events, gone)
    const due: Amount = { bytes: 0, events: 0 }
    while (this.waiting.length > 0 && (due.bytes < bytes || due.events < events)) {
      due.bytes += (this.waiting.shift() as Waiting).frame.length
      due.events++
    }
    if (due.bytes !== gone.bytes || due.events !== gone.events) t.same(gone, due, 'no more and no less is dropped')
  }

  dropExpired(now: number): void {
    const gone: Amount = { bytes: 0, events: 0 }
    this.lane.dropExpired(now, gone)
    let events = 0
    for (; this.waiting.length > 0 && isOver(this.waiting[0], now); events++) this.waiting.shift()
    if (gone.events !== events) t.equal(gone.events, events, 'what stands at the front and is over')
  }

  unload(now: number): void {
    this.dropExpired(now)
    if (this.waiting.length === 0) return
    let calls = 0
    this.lane.unload(now, null, (frames, events) => {
      calls++
      const seen = payloads(frames)
      const due = this.waiting.splice(0, seen.length)
      if (seen.length !== events || seen.length === 0) t.equal(events, seen.length, 'events are counted')
      if (due.some(({ payload }, i) => payload !== seen[i]))
        t.same(seen, payloads(Buffer.concat(due.map((d) => d.frame))))
      if (due.some((one) => isOver(one, now))) t.fail('what is over is not written')
    })
    if (calls !== 1) t.equal(calls, 1, 'one piece is written')
  }

  compare(): void {
    const bytes = this.waiting.reduce((sum, { frame }) => sum + frame.length, 0)
    const { lane, lot } = this
    if (lane.bytes !== bytes || lane.events !== this.waiting.length) {
      t.same([lane.bytes, lane.events], [bytes, this.waiting.length], 'bytes and events')
    }
    if (lot.waiting[3].has(lane) !== bytes > 0) t.fail('a lane waits in the lot while it has something')
    if (lot.conflated !== this.conflated) t.equal(lot.conflated, this.conflated)
    if (lot.budget.used < bytes) t.fail('the budget covers what waits')
  }

  isBare(): boolean {
    const { lot, lane } = this
    return (
      lot.budget.used === 0 &&
      lot.pages.held === 0 &&
      lane.bytes === 0 &&
      lane.events === 0 &&
      lot.waiting[3].size === 0
    )
  }
}

const isOver = ({ expiresAt }: Waiting, now: number) => expiresAt !== 0 && expiresAt <= now

for (const conflating of [false, true]) {
  const name = conflating ? 'conflated' : 'parked'
  t.test(`${name}: the same as an array, whatever is done to it`, async (t) => {
    const random = new SeededRandom(conflating ? 2 : 1)
    let steps = 0
    for (let trial = 0; trial < 120; trial++) {
      const pair = new Pair(random, conflating, random.oneIn(3) ? 4000 + random.below(60_000) : undefined)
      const sizeMax = random.pick([1, 40, 300, 3000])
      let now = 1
      for (let step = 0; step < 150; step++, steps++) {
        now += random.below(3)
        const what = random.below(10)
        if (what < 5)
          pair.push(1 + random.below(random.oneIn(3) ? 40 : 3), sizeMax, random.oneIn(3) ? now + random.below(20) : 0)
        else if (what < 7) pair.dropOldest(random.below(500), random.below(5))
        else if (what < 8) pair.dropExpired(now)
        else pair.unload(now)
        pair.compare()
      }
      if (random.oneIn(2)) pair.lane.clear()
      else while (pair.waiting.length > 0) pair.unload(now + 1000)
      if (!pair.isBare()) t.fail(`trial ${trial}: something is left`)
    }
    t.equal(steps, 120 * 150)
  })

  t.test(`${name}: what the budget has no room for is not taken at all`, async (t) => {
    const lot = new Lot(2000)
    const lane = conflating ? new ConflatedLane(lot.subscription, 3, lot) : new ParkedLane(lot.subscription, 3, lot)
    const frame = eventFrame('a', 'x'.repeat(100))
    t.notOk(lane.push(Buffer.concat(Array(20).fill(frame)), span(0, frame.length * 20, 20)))
    t.same([lane.bytes, lane.events, lot.budget.used, lot.pages.held], [0, 0, 0, 0])
    t.equal(lot.waiting[3].size, 0)
  })

  t.test(`${name}: cleared, it begins anew`, async (t) => {
    const pair = new Pair(new SeededRandom(5), conflating)
    for (let i = 0; i < 50; i++) pair.push(3, 500, i % 2)
    pair.lane.clear()
    pair.waiting = []
    t.ok(pair.isBare())
    pair.push(2, 10, 0)
    pair.compare()
    pair.unload(1)
    t.equal(pair.waiting.length, conflating ? pair.lane.events : 0)
  })
}

t.test('parked: pages grow with the backlog, and a large event has a page of its size', async (t) => {
  const lot = new Lot()
  const lane = new ParkedLane(lot.subscription, 3, lot)
  const small = eventFrame('a', 'x')
  lane.push(small, span(0, small.length))
  t.equal(lot.budget.used, 2 << 10, 'ten thousand connections with an event each take little')
  const large = eventFrame('a', 'x'.repeat(100_000))
  lane.push(large, span(0, large.length))
  t.equal(lot.budget.used, (2 << 10) + large.length)
  for (let i = 0; i < 20_000; i++) lane.push(small, span(0, small.length))
  const waiting = lane.bytes
  t.ok(lot.budget.used < waiting * 1.5 + (64 << 10), `${lot.budget.used} bytes for ${waiting}`)
})

t.test('parked: what is dropped from within a record leaves whole frames', async (t) => {
  const lot = new Lot()
  const lane = new ParkedLane(lot.subscription, 3, lot)
  const frames = Array.from({ length: 10 }, (_, i) => eventFrame('a', `event ${i}`))
  const bytes = Buffer.concat(frames)
  lane.push(bytes, span(0, bytes.length, 10))
  const gone = { bytes: 0, events: 0 }
  lane.dropOldest(frames[0].length + 1, 0, gone)
  t.same(gone, { bytes: frames[0].length * 2, events: 2 }, 'as many as cover the bytes')
  lane.dropOldest(0, 3, gone)
  t.equal(gone.events, 5, 'added to what was gone')
  lane.unload(0, null, (rest, events) => {
    t.equal(events, 5)
    t.same(payloads(rest), ['event 5', 'event 6', 'event 7', 'event 8', 'event 9'])
  })
})

t.test('conflated: the key is that of the metadata, or else the topic; they are kept apart', async (t) => {
  const lot = new Lot()
  const lane = new ConflatedLane(lot.subscription, 3, lot)
  const push = (frame: Buffer) => lane.push(frame, span(0, frame.length))
  push(eventFrame('a', '1'))
  push(eventFrame('b', '2', 3, { key: 'a' }))
  push(eventFrame('c', '3', 3, { key: 'a' }))
  push(eventFrame('a', '4'))
  push(eventFrame('a', '5', 3, { id: 'x' }))
  t.equal(lane.events, 2)
  t.equal(lot.conflated, 3)
  const seen: string[] = []
  while (lane.events > 0) lane.unload(0, null, (frames) => seen.push(...payloads(frames)))
  t.same(seen, ['3', '5'], 'in the order of the latest change')
})
