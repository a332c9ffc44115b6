import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Follower } from '../../src/core/follower.js'
import { Slabs } from '../../src/core/slabs.js'
import { EventScanner } from '../../src/protocol/scan.js'
import { eventFrame } from '../helpers/core-frames.js'

const slabs = new Slabs(1 << 20, 2, false)
const follower = new Follower(slabs)
const table = slabs.words(256)
const scanner = new EventScanner()
/** Somewhere in the second slab. */
const START = (1 << 20) + 64

interface Followed {
  events: number
  at: number
  message: number
}

/** Puts messages behind a first event, and follows it. Positions count from the end of that. */
function follow(first: Buffer, messages: readonly Buffer[], most: number, room: number): Followed {
  const all = Buffer.concat([first, ...messages])
  // What was there before must not be taken for an event.
  slabs.bytes.fill(0xc4, START, START + all.length + 64)
  all.copy(slabs.bytes, START)
  scanner.scan(slabs.bytes, START, START + first.length)
  const at = START + first.length
  let end = at
  for (const [i, message] of messages.entries()) {
    end += message.length
    table[i] = end
  }
  const head = scanner.topicEnd + 1 - START
  const events = follower.follow(START, head, at, table, 0, messages.length, most, at + room)
  return { events, at: follower.at - at, message: follower.message }
}

/** The same, frame by frame. */
function expected(first: Buffer, messages: readonly Buffer[], most: number, room: number): Followed {
  scanner.scan(first, 0, first.length)
  const head = first.subarray(0, scanner.topicEnd + 1)
  let [events, at, passed] = [0, 0, 0]
  for (const [i, message] of messages.entries()) {
    let rest = message
    while (rest.length > 0) {
      const payload = rest.subarray(head.length)
      const long = payload[0] === 0xc5
      if (!rest.subarray(0, head.length).equals(head) || payload.length < 3) return { events, at, message: i }
      if (payload[0] !== 0xc4 && !long) return { events, at, message: i }
      const length = long ? 3 + payload.readUInt16BE(1) : 2 + payload[1]
      if (length > payload.length || length > most || at + head.length + length > room)
        return { events, at, message: i }
      events++
      at += head.length + length
      rest = payload.subarray(length)
    }
    passed = i + 1
  }
  return { events, at, message: passed }
}

t.test('events of one topic are followed to the end', async (t) => {
  const event = eventFrame('bench.one', 'x'.repeat(128))
  const two = Buffer.concat([event, event])
  t.strictSame(follow(event, [two, event, Buffer.alloc(0), two], 1e6, 1e6), {
    events: 5,
    at: 5 * event.length,
    message: 4,
  })
  t.strictSame(follow(event, [], 1e6, 1e6), { events: 0, at: 0, message: 0 })
})

t.test('what differs in one bit of its head, or is not all there, is left', async (t) => {
  for (const topic of ['a', 'ab', 'abc', 'bench.one', 'a.topic.of.some.more.bytes.than.two.words']) {
    const event = eventFrame(topic, 'some payload')
    const head = event.length - 'some payload'.length - 2
    for (let bit = 0; bit < head * 8; bit++) {
      const other = Buffer.from(event)
      other[bit >> 3] ^= 1 << (bit & 7)
      t.strictSame(follow(event, [Buffer.concat([event, other])], 1e6, 1e6), {
        events: 1,
        at: event.length,
        message: 0,
      })
    }
    for (let cut = 1; cut < event.length; cut++) {
      const part = event.subarray(0, cut)
      t.strictSame(follow(event, [event, part, event], 1e6, 1e6), { events: 1, at: event.length, message: 1 })
    }
  }
})

t.test('it does what a loop over frames does, for anything', async (t) => {
  const frame = fc.oneof(
    { weight: 20, arbitrary: fc.nat(40).map((n) => eventFrame('a.b', 'x'.repeat(n))) },
    { weight: 2, arbitrary: fc.integer({ min: 250, max: 700 }).map((n) => eventFrame('a.b', 'x'.repeat(n))) },
    { weight: 1, arbitrary: fc.nat(9).map((n) => eventFrame('a.c', 'x'.repeat(n))) },
    { weight: 1, arbitrary: fc.nat(7).map((lane) => eventFrame('a.b', 'x', lane)) },
    { weight: 1, arbitrary: fc.nat(9).map((n) => eventFrame('a.b', 'x'.repeat(n)).subarray(0, n + 3)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)) },
  )
  const message = fc.array(frame, { maxLength: 6 }).map((frames) => Buffer.concat(frames))
  const limits = fc.record({
    most: fc.constantFrom(5, 30, 300, 1e6),
    room: fc.oneof(fc.constant(1e6), fc.nat(2000)),
  })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), limits, (messages, { most, room }) => {
      const first = eventFrame('a.b', 'first')
      deepStrictEqual(follow(first, messages, most, room), expected(first, messages, most, room))
    }),
    { numRuns: 3000 },
  )
  t.pass('events, their number and the place')
})

t.test('it looks into tables in the memory of the slabs only', async (t) => {
  t.ok(follower.canRead(table))
  t.notOk(follower.canRead(new Uint32Array(4)))
})
