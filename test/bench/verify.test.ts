import t from 'tap'
import { buildCycle, buildDeliveries } from '../../bench/generator/cycle.js'
import type { StreamSpec } from '../../bench/generator/job.js'
import { CycleVerifier, RecordVerifier, StreamCheck, type Verifier } from '../../bench/generator/verify.js'
import { serverMessage, WebSocketStripper } from '../../bench/generator/websocket.js'
import { sluiceWire } from '../../bench/wires/sluice.js'
import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'

const EVENTS = 192
const SPEC: StreamSpec = {
  topics: { prefix: 'bench.one', digits: 0, suffix: '', count: 1 },
  lane: 3,
  batch: 64,
  eventsPerSecond: 0,
}
const streams = [0, 1].map((stream) => buildDeliveries(sluiceWire, SPEC, stream, EVENTS, 128, 'bench.one'))

/** Deliveries of these events, where an event's place counts from the start of a run. */
function bytesOf(places: readonly number[], stream = 0): Buffer {
  const { bytes, recordBytes } = streams[stream]
  return Buffer.concat(
    places.map((place) => bytes.subarray((place % EVENTS) * recordBytes, ((place % EVENTS) + 1) * recordBytes)),
  )
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Feeds in pieces of the given size, so that records are cut everywhere. */
function feed(verifier: Verifier, bytes: Buffer, piece: number): void {
  for (let pos = 0; pos < bytes.length; pos += piece) {
    const chunk = Buffer.from(bytes.subarray(pos, pos + piece))
    verifier.feed(chunk, 0, chunk.length)
  }
  verifier.settle()
}

function counts(check: StreamCheck): number[] {
  return [check.delivered, check.lost, check.doubled, check.reordered]
}

const PIECES = [1, 7, 131, 1000, 100_000]

t.test('a sound stream of several cycles passes, however it is cut', async (t) => {
  for (const piece of PIECES) {
    const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd)
    feed(verifier, bytesOf(range(0, 500)), piece)
    t.same(counts(verifier.checks[0]), [500, 0, 0, 0], `pieces of ${piece}`)
    t.equal(verifier.corrupt, null)
  }
})

t.test('lost, doubled and reordered events are told apart', async (t) => {
  const cases: [string, number[], number[]][] = [
    ['lost', [...range(0, 90), ...range(95, 300)], [295, 5, 0, 0]],
    ['doubled', [...range(0, 90), 88, 89, ...range(90, 300)], [302, 0, 2, 0]],
    ['reordered', [...range(0, 90), 91, 90, ...range(92, 300)], [300, 0, 0, 1]],
    ['lost over the end of the cycle', [...range(0, 190), ...range(194, 300)], [296, 4, 0, 0]],
  ]
  for (const [name, places, expected] of cases) {
    for (const piece of PIECES) {
      const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd)
      feed(verifier, bytesOf(places), piece)
      t.same(counts(verifier.checks[0]), expected, `${name}, pieces of ${piece}`)
    }
  }
})

t.test('topics may overtake each other, but each is in order', async (t) => {
  const topics = { prefix: 'a.', digits: 1, suffix: '.c', count: 2 }
  const two = buildDeliveries(sluiceWire, { ...SPEC, topics }, 0, EVENTS, 128, 'a.*.c')
  const verify = (places: number[]) => {
    const verifier = new CycleVerifier(two, 0, sluiceWire.noticeEnd)
    const records = places.map((place) => {
      const at = (place % EVENTS) * two.recordBytes
      return two.bytes.subarray(at, at + two.recordBytes)
    })
    feed(verifier, Buffer.concat(records), 1000)
    return counts(verifier.checks[0])
  }
  t.same(verify([...range(0, 90), 91, 93, 95, 90, 92, 94, ...range(96, 400)]), [400, 0, 0, 0], 'overtaken')
  t.same(verify([...range(0, 90), 92, 91, 90, ...range(93, 400)]), [400, 0, 0, 1], 'reordered within a topic')
  t.same(verify([...range(0, 90), ...range(93, 400)]), [397, 3, 0, 0], 'lost of both')
  t.same(verify([...range(0, 90), 89, ...range(90, 400)]), [401, 0, 1, 0], 'doubled')
})

t.test('a flipped bit is not taken for an event', async (t) => {
  for (const at of [0, 3, 20, 100, 140]) {
    const bytes = bytesOf(range(0, 200))
    bytes[50 * streams[0].recordBytes + at] ^= 0x10
    const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd)
    feed(verifier, bytes, 4096)
    t.ok(verifier.corrupt !== null || verifier.checks[0].delivered < 200, `byte ${at}`)
  }
})

t.test('notices between deliveries are counted and cost nothing else', async (t) => {
  const gap = encodeControl({ op: Op.GAP, pattern: 'bench.one', count: 3, reason: 'drop-oldest' })
  for (const piece of PIECES) {
    const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd)
    feed(verifier, Buffer.concat([bytesOf(range(0, 70)), gap, bytesOf(range(73, 100))]), piece)
    t.same(counts(verifier.checks[0]), [97, 3, 0, 0], `pieces of ${piece}`)
    t.equal(verifier.notices, 1)
  }
})

t.test('streams in any order are checked each by itself', async (t) => {
  for (const piece of PIECES) {
    const verifier = new RecordVerifier([new StreamCheck(streams[0]), new StreamCheck(streams[1])], [0, 1], () => 0)
    const parts = [bytesOf(range(0, 40)), bytesOf(range(0, 3), 1), bytesOf(range(40, 41)), bytesOf(range(4, 200), 1)]
    feed(verifier, Buffer.concat(parts), piece)
    t.same(verifier.checks.map(counts), [
      [41, 0, 0, 0],
      [199, 1, 0, 0],
    ])
  }
})

t.test('latencies are given the places of events, once each', async (t) => {
  const seen: number[] = []
  const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd)
  verifier.checks[0].onEvents = (first, count) => seen.push(...range(first, first + count))
  feed(verifier, bytesOf([...range(0, 90), ...range(95, 300)]), 777)
  t.same(seen, [...range(0, 90), ...range(95, 300)])
})

t.test('WebSocket headers are stripped wherever they are cut', async (t) => {
  const bodies = [Buffer.alloc(5, 1), Buffer.alloc(200, 2), Buffer.alloc(70_000, 3)]
  const stream = Buffer.concat(bodies.map((body) => serverMessage([body])))
  for (const piece of [1, 3, 250, 100_000]) {
    const parts: Buffer[] = []
    const stripper = new WebSocketStripper({
      body: (chunk, start, end) => parts.push(Buffer.from(chunk.subarray(start, end))),
      ping: () => t.fail('no ping was sent'),
      closed: () => t.fail('no close was sent'),
    })
    for (let pos = 0; pos < stream.length; pos += piece) {
      stripper.feed(stream, pos, Math.min(stream.length, pos + piece))
    }
    t.ok(Buffer.concat(parts).equals(Buffer.concat(bodies)), `pieces of ${piece}`)
  }
})

t.test('payloads differ in each byte from those of the next event, and within themselves', async (t) => {
  const long = buildDeliveries(sluiceWire, SPEC, 0, EVENTS, 1000, 'bench.one')
  for (const event of [0, 1, 77, EVENTS - 1]) {
    const payload = long.bytes.subarray(event * long.recordBytes + long.stampAt, (event + 1) * long.recordBytes)
    t.same([payload.readUInt32LE(0), payload.readUInt32LE(4)], [0, event])
    const expected = Array.from({ length: 1000 - 8 }, (_, i) => (event * 31 + i + 8) & 0xff)
    t.ok(Buffer.from(expected).equals(payload.subarray(8)), `event ${event}`)
  }
})

t.test('publications are whole messages of the batch, and the cycle is sent as it is expected', async (t) => {
  const cycle = buildCycle(sluiceWire, SPEC, 0, EVENTS, 128)
  t.equal(cycle.publications.length, (EVENTS / SPEC.batch) * cycle.messageBytes)
  const message = cycle.publications.subarray(0, cycle.messageBytes)
  const expected = bytesOf(range(0, SPEC.batch))
  const key = message.subarray(message.length - expected.length - 4, message.length - expected.length)
  t.ok(
    key.every((byte) => byte !== 0),
    'a server has something to unmask',
  )
  const unmasked = message.subarray(message.length - expected.length).map((byte, i) => byte ^ key[i & 3])
  t.ok(expected.equals(unmasked))
})

t.test('what the peer tells to be missing is no loss, and it goes on exactly after it', async (t) => {
  const gapIn = (bytes: Uint8Array, pos: number, end: number) => {
    const gap = sluiceWire.gapIn?.(bytes, pos, end) ?? null
    return gap === null ? null : { check: 0, count: gap.count }
  }
  const gap = (count: number) =>
    Buffer.from(encodeControl({ op: Op.GAP, pattern: 'bench.one', count, reason: 'drop-oldest' }))
  const fed = (...parts: Buffer[]) => {
    const verifier = new CycleVerifier(streams[0], 0, sluiceWire.noticeEnd, gapIn)
    feed(verifier, Buffer.concat(parts), 777)
    const { delivered, missed, lost, doubled } = verifier.checks[0]
    return { delivered, missed, lost, doubled, corrupt: verifier.corrupt }
  }
  // Longer than the cycle, which nobody could see without being told.
  const told = fed(bytesOf(range(0, 10)), gap(EVENTS + 90), bytesOf(range(EVENTS + 100, EVENTS + 120)))
  t.same(told, { delivered: 30, missed: EVENTS + 90, lost: 0, doubled: 0, corrupt: null })
  t.match(fed(bytesOf(range(0, 10)), gap(5), bytesOf(range(16, 20))), { missed: 5, lost: 1 }, 'one more than told')
  t.match(fed(bytesOf(range(0, 10)), gap(5), bytesOf(range(14, 20))), { missed: 5, doubled: 1 }, 'one less')
})
