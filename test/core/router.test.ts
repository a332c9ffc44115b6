import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, packed } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'
import { coreOptions } from '../helpers/core-options.js'

const events = (peer: Peer) => peer.link.takeEvents().map(({ payload }) => payload)

function pair(options: ConstructorParameters<typeof CoreHarness>[0] = {}) {
  const core = new CoreHarness(options)
  const publisher = core.peer()
  const subscriber = core.peer()
  subscriber.subscribe('>')
  return { core, publisher, subscriber }
}

t.test('an event frame reaches every subscriber byte for byte', async (t) => {
  const { core, publisher, subscriber } = pair()
  const other = core.peer()
  other.subscribe('a.*')
  const frames = [
    eventFrame('a.b', 'plain'),
    eventFrame('a.b', Buffer.alloc(300, 7)),
    eventFrame('a.b', '', 0, { id: 'é', ttl: 5000 }),
    // Lawful, and not how we would write it: str 8 and bin 16 where less would do.
    Buffer.from([0x94, 0x01, 0xd9, 0x03, 0x61, 0x2e, 0x62, 0x07, 0xc5, 0x00, 0x01, 0x41]),
    Buffer.from([0x94, 0x01, 0xda, 0x00, 0x03, 0x61, 0x2e, 0x62, 0x02, 0xc6, 0x00, 0x00, 0x00, 0x01, 0x42]),
  ]
  publisher.send(...frames)
  core.turns()
  const sort = (bytes: Buffer) => bytes.toString('hex')
  for (const peer of [subscriber, other]) {
    const got = Buffer.concat(peer.link.writes)
    t.equal(got.length, Buffer.concat(frames).length)
    for (const frame of frames) t.ok(got.includes(frame), sort(frame))
  }
})

t.test('events of one topic and lane are one run, across messages and sessions', async (t) => {
  const { core, publisher, subscriber } = pair()
  const other = core.peer()
  publisher.publish('a', ['1', '2', '3'])
  publisher.publish('a', ['4'])
  other.publish('a', ['5', '6'])
  t.equal(core.router.lanes.length, 1)
  publisher.publish('b', ['7'])
  t.equal(core.router.lanes.length, 1, 'topics with the same receivers too')
  publisher.publish('a', ['8'], 4)
  t.equal(core.router.lanes.length, 2, 'not lanes')
  core.turns()
  t.same(events(subscriber), ['1', '2', '3', '4', '5', '6', '7', '8'])
  t.equal(core.router.meters.runs, 2)
  t.same([publisher.session.accepted, other.session.accepted], [6, 2])
})

t.test('what may not join a run begins another', async (t) => {
  const cases: [string, (publisher: Peer, core: CoreHarness) => void][] = [
    ['a time to live', (publisher) => publisher.publish('a', ['2'], 3, { ttl: 1000 })],
    ['a topic with other receivers', (publisher) => publisher.publish('$other', ['2'])],
    ['one that would make it too long', (publisher) => publisher.publish('a', ['2'.repeat(1000)])],
  ]
  for (const [name, send] of cases) {
    const { core, publisher, subscriber } = pair({ runBytesMax: 500 })
    core.peer().subscribe('$other')
    publisher.publish('a', ['1'])
    send(publisher, core)
    publisher.publish('a', ['3'])
    t.equal(core.router.lanes.length, 3, name)
    core.turns()
    t.same(
      events(subscriber).map((payload) => payload[0]),
      ['1', '2', '3'],
    )
    t.same(core.held, NOTHING_HELD)
  }
})

t.test('a run does not go on into the next slab', async (t) => {
  const { core, publisher, subscriber } = pair({ inlineDrainFrames: 1000, inlineDrainBytes: 1 << 20, slabs: 3 })
  const message = Buffer.concat(Array.from({ length: 16 }, () => eventFrame('a', 'x'.repeat(57))))
  t.equal(message.length, 1024, 'sixty-four of them fill a slab to its last byte')
  for (let i = 0; i < 64; i++) publisher.send(message)
  const runs = core.router.lanes.length
  publisher.publish('a', ['next slab'])
  t.equal(core.router.lanes.length, runs + 1)
  publisher.publish('b', ['must not overwrite it'])
  core.turns()
  t.same(events(subscriber).slice(-2), ['next slab', 'must not overwrite it'])
  t.equal(core.router.meters.delivered, 64 * 16 + 2)
})

t.test('control frames and events in one message are handled in the order sent', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  const sync = (request: number) => controlFrame({ op: Op.SYNC, request })
  peer.send(
    eventFrame('a', 'before the subscription'),
    sync(1),
    controlFrame({ op: Op.SUBSCRIBE, request: 2, pattern: 'a', options: {} }),
    eventFrame('a', '1'),
    eventFrame('a', '2'),
    eventFrame('a..b', 'refused'),
    sync(3),
    eventFrame('a', '3'),
    sync(4),
  )
  core.turns()
  const seen = peer.link.take()
  t.same(
    seen.filter((frame) => frame.op === Op.SYNCED),
    [
      { op: Op.SYNCED, request: 1, accepted: 1, refused: 0 },
      { op: Op.SYNCED, request: 3, accepted: 3, refused: 1 },
      { op: Op.SYNCED, request: 4, accepted: 4, refused: 1 },
    ],
  )
  t.same(
    seen.flatMap((frame) => (frame.op === 1 ? [frame.payload] : [])),
    ['1', '2', '3'],
  )
  t.ok(
    seen.findIndex((frame) => frame.op === Op.ERROR) < seen.findIndex((f) => f.op === Op.SYNCED && f.request === 3),
    'refusals are told before the sync that counts them',
  )
})

t.test('a subscription gets what comes after it, also of a pattern that others have', async (t) => {
  const { core, publisher } = pair()
  const late = core.peer()
  publisher.publish('a', ['1'])
  late.subscribe('>')
  publisher.publish('a', ['2'])
  core.turns()
  t.same(events(late), ['2'])
})

t.test('refusals are told once per code and turn, with count and the first topic', async (t) => {
  const { core, publisher } = pair({ payloadBytesMax: 100 })
  publisher.send(
    eventFrame('bad..1', 'x'),
    eventFrame('bad..2', 'x'),
    eventFrame('fine', 'x'.repeat(101)),
    eventFrame('fine', 'x'.repeat(100)),
    eventFrame(`${'y'.repeat(100)}..`, 'x'),
  )
  publisher.publish('$sys.x', ['x'])
  t.equal(publisher.link.writes.length, 0, 'not before the end of the turn')
  core.turns()
  t.match(publisher.link.take(), [
    { op: Op.ERROR, request: 0, code: Code.BAD_TOPIC, details: { count: 3, topic: 'bad..1' } },
    { op: Op.ERROR, request: 0, code: Code.PAYLOAD_TOO_LARGE, details: { count: 1, topic: 'fine' } },
    { op: Op.ERROR, request: 0, code: Code.RESERVED_TOPIC, details: { count: 1, topic: '$sys.x' } },
  ])
  t.same([publisher.session.accepted, publisher.session.refused], [1, 5])
  t.equal(core.router.meters.refused.get(Code.BAD_TOPIC), 3)
  publisher.publish('bad..3', ['x'])
  core.turns()
  t.match(publisher.link.take(), [{ details: { count: 1, topic: 'bad..3' } }], 'counted from the last telling')
})

t.test('events are refused with the code of what is wrong, and the rest of the message is taken', async (t) => {
  const bin = Buffer.from('x')
  const cases: [string, Buffer, number][] = [
    ['flags', eventFrame('a', 'x', 8), Code.BAD_FLAGS],
    ['flags that are no fixint', Buffer.from([0x94, 1, 0xa1, 0x61, 0xcc, 3, 0xc4, 0]), Code.BAD_ARGUMENTS],
    ['no payload', packed([1, 'a', 3]), Code.BAD_ARGUMENTS],
    ['one element too many', packed([1, 'a', 3, bin, {}, 1]), Code.BAD_ARGUMENTS],
    ['payload is text', packed([1, 'a', 3, 'x']), Code.BAD_ARGUMENTS],
    ['topic is a number', packed([1, 7, 3, bin]), Code.BAD_ARGUMENTS],
    ['topic is empty', eventFrame('', 'x'), Code.BAD_TOPIC],
    ['topic is a pattern', eventFrame('a.>', 'x'), Code.BAD_TOPIC],
    [
      'topic of 256 bytes',
      Buffer.concat([Buffer.from([0x94, 1, 0xda, 1, 0]), Buffer.alloc(256, 0x61), Buffer.from([3, 0xc4, 0])]),
      Code.TOPIC_TOO_LONG,
    ],
    ['topic of 17 tokens', eventFrame(Array(17).fill('t').join('.'), 'x'), Code.TOPIC_TOO_LONG],
    ['topic of the daemon', eventFrame('$sys', 'x'), Code.RESERVED_TOPIC],
    ['metadata is no map', packed([1, 'a', 3, bin, 5]), Code.BAD_METADATA],
    ['ttl is text', packed([1, 'a', 3, bin, { ttl: 'x' }]), Code.BAD_METADATA],
    ['key is a number', packed([1, 'a', 3, bin, { key: 1 }]), Code.BAD_METADATA],
    ['payload over the limit', eventFrame('a', 'x'.repeat(101)), Code.PAYLOAD_TOO_LARGE],
  ]
  for (const [name, frame, code] of cases) {
    const { core, publisher, subscriber } = pair({ payloadBytesMax: 100 })
    publisher.send(eventFrame('a', '1'), frame, eventFrame('a', '2'))
    core.turns()
    t.same(events(subscriber), ['1', '2'], name)
    t.match(publisher.link.take(), [{ op: Op.ERROR, code, details: { count: 1 } }], name)
    t.same([publisher.session.accepted, publisher.session.refused], [2, 1], name)
    t.same(core.broken, [], name)
  }
})

t.test('what leaves no place to go on ends the session; what came before it was taken', async (t) => {
  const deep = Buffer.from([0x92, Op.PING, ...new Array(40).fill(0x91), 1])
  const cases: [string, Buffer, number][] = [
    ['0xc1', Buffer.from([0xc1]), Code.MALFORMED],
    ['no array', packed({ a: 1 }), Code.MALFORMED],
    ['an array of nothing', packed([]), Code.MALFORMED],
    ['op is text', packed(['event']), Code.MALFORMED],
    ['cut', eventFrame('a', 'xyz').subarray(0, 6), Code.MALFORMED],
    ['bin 32 of 4 GiB', Buffer.from([0x94, 1, 0xa1, 0x61, 3, 0xc6, 255, 255, 255, 255]), Code.MALFORMED],
    ['array 32 that lies', Buffer.from([0xdd, 255, 255, 255, 255, 1]), Code.MALFORMED],
    ['a map that lies in a control frame', Buffer.from([0x92, Op.HELLO, 0xdf, 255, 255, 255, 255]), Code.MALFORMED],
    ['nested too deeply', deep, Code.TOO_DEEP],
    [
      'metadata nested too deeply',
      Buffer.concat([
        Buffer.from([0x95, 1, 0xa1, 0x61, 3, 0xc4, 0, 0x81, 0xa1, 0x78]),
        Buffer.alloc(40, 0x91),
        Buffer.from([1]),
      ]),
      Code.TOO_DEEP,
    ],
    ['metadata over the limit', packed([1, 'a', 3, Buffer.from('x'), { x: 'y'.repeat(5000) }]), Code.FRAME_TOO_LARGE],
    ['a control frame over the limit', packed([Op.SUBSCRIBE, 1, 'x'.repeat(5000)]), Code.FRAME_TOO_LARGE],
    ['another version', packed([Op.HELLO, { version: 2 }]), Code.UNSUPPORTED_VERSION],
  ]
  for (const [name, frame, code] of cases) {
    for (const later of [false, true]) {
      const { core, publisher, subscriber } = pair()
      // Transports may report the close at once, or at another time.
      if (later) publisher.link.onEnd = null
      publisher.send(eventFrame('a', '1'), frame, eventFrame('a', 'never'))
      t.equal(publisher.link.ended?.code, code, name)
      t.match(publisher.link.take().at(-1), { op: Op.ERROR, code, request: 0 }, name)
      if (later) publisher.publish('a', ['never'])
      publisher.close()
      core.turns()
      t.same(events(subscriber), ['1'], name)
      t.equal(core.router.meters.accepted, 1, name)
      t.equal(core.router.meters.refused.get(code), 1, name)
      t.same(core.broken, [], name)
      t.same(core.held, NOTHING_HELD, name)
    }
  }
})

t.test('every cut of a message: what is whole is taken, the rest is malformed', async (t) => {
  const frames = [
    eventFrame('a', '1'),
    eventFrame('a', '2', 3, { ttl: 1000 }),
    controlFrame({ op: Op.PING, token: 1 }),
    eventFrame('b', '3'),
  ]
  const message = Buffer.concat(frames)
  const core = new CoreHarness()
  for (let cut = 1; cut < message.length; cut++) {
    const peer = core.peer()
    peer.send(message.subarray(0, cut))
    let whole = 0
    let end = 0
    const ends = frames.map((frame) => (end += frame.length))
    for (let i = 0; i < ends.length; i++) if (ends[i] <= cut && i !== 2) whole++
    t.equal(peer.session.accepted, whole, `${cut} bytes`)
    t.equal(peer.link.ended?.code, ends.includes(cut) ? undefined : Code.MALFORMED)
    peer.close()
  }
  core.turns()
  t.same(core.broken, [])
})

t.test('urgent events overtake what waits in the router', async (t) => {
  const { core, publisher, subscriber } = pair()
  for (let i = 0; i < 20; i++) publisher.publish('flood', [`low ${i}`], 7)
  publisher.publish('alarm', ['high'], 0)
  core.turns()
  t.equal(events(subscriber)[0], 'high')
})

t.test('an urgent event overtakes a backlog in the lanes within one drain', async (t) => {
  const { core, publisher, subscriber } = pair({ drainBytes: 2000, inlineDrainFrames: 1000, inlineDrainBytes: 1 << 30 })
  for (let i = 0; i < 30; i++) publisher.publish(`t${i % 2}`, ['x'.repeat(1000)], 7, { id: 'x' })
  core.host.runTurn()
  const before = subscriber.link.takeEvents().length
  t.ok(before > 0 && before < 10, 'a drain does its work and leaves the rest')
  t.ok(core.host.hasTurns, 'for the next turn')
  publisher.publish('alarm', ['high'], 0)
  core.host.runTurn()
  t.equal(events(subscriber)[0], 'high')
  core.turns()
  t.same(core.held, NOTHING_HELD)
})

t.test('enough frames or bytes are drained in line', async (t) => {
  const frames = pair({ inlineDrainFrames: 3 })
  for (let i = 0; i < 2; i++) frames.publisher.publish('a', ['x'])
  t.equal(frames.subscriber.link.writes.length, 0)
  frames.publisher.publish('a', ['x'])
  t.equal(frames.subscriber.link.takeEvents().length, 3)
  const bytes = pair({ inlineDrainBytes: 1000 })
  bytes.publisher.publish('a', ['x'.repeat(900)])
  t.equal(bytes.subscriber.link.writes.length, 0)
  bytes.publisher.publish('a', ['x'.repeat(100)])
  t.equal(bytes.subscriber.link.takeEvents().length, 2)
})

t.test('who outruns the drain drains', async (t) => {
  const { core, publisher, subscriber } = pair({
    inlineDrainBytes: 1000,
    drainBytes: 100,
    pendingBytesMax: 5000,
    slabs: 8,
  })
  for (let i = 0; i < 40; i++) {
    publisher.publish('a', ['x'.repeat(1000)], 3, { id: 'x' })
    const pending = core.router.meters.pendingInLanes
    if (pending > 6) t.fail(`${pending} events of a kilobyte are pending`)
  }
  core.turns()
  t.equal(subscriber.link.takeEvents().length, 40)
})

t.test('with all slabs held the drain makes room, and nothing is lost', async (t) => {
  const { core, publisher, subscriber } = pair({
    slabs: 1,
    inlineDrainFrames: 1000,
    inlineDrainBytes: 1 << 30,
    pendingBytesMax: 1 << 30,
  })
  for (let i = 0; i < 100; i++) publisher.publish('a', [`${i} ${'x'.repeat(3000)}`])
  core.turns()
  t.same(
    events(subscriber).map((payload) => Number.parseInt(payload, 10)),
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.same(core.held, NOTHING_HELD)
})

t.test('an event that expires in its lane is not delivered', async (t) => {
  const { core, publisher, subscriber } = pair()
  publisher.publish('a', ['short'], 3, { ttl: 10 })
  publisher.publish('a', ['long'], 3, { ttl: 11 })
  core.host.ms += 10
  core.turns()
  t.same(events(subscriber), ['long'])
  t.equal(core.router.meters.expiredUnrouted, 1)
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('events for nobody are counted', async (t) => {
  const core = new CoreHarness()
  const publisher = core.peer()
  publisher.publish('a', ['1', '2'])
  publisher.publish('b', ['3'], 3, { ttl: 5 })
  core.turns()
  const { routed, unmatched, matched, accepted } = core.router.meters
  t.same({ routed, unmatched, matched, accepted }, { routed: 3, unmatched: 3, matched: 0, accepted: 3 })
})

t.test('meters add up', async (t) => {
  const { core, publisher, subscriber } = pair()
  core.peer().subscribe('a')
  publisher.publish('a', ['1', '2'], 0)
  publisher.publish('b', ['3'], 6)
  core.turns()
  const { meters } = core.router
  t.same(
    [meters.accepted, meters.routed, meters.matched, meters.delivered, meters.routedByLane[0], meters.routedByLane[6]],
    [3, 3, 5, 5, 2, 1],
  )
  t.equal(meters.writtenBytes - 0 > meters.acceptedBytes, true)
  t.equal(
    meters.acceptedBytes,
    Buffer.concat(subscriber.link.writes).length,
    'the bytes of accepted events, as they were written to one subscriber',
  )
})

t.test('idle topics are given up by the tick', async (t) => {
  const core = new CoreHarness({ topicIdleMs: 8000 })
  const publisher = core.peer()
  for (let i = 0; i < 1000; i++) publisher.publish(`t.${i}`, ['x'])
  core.turns()
  t.equal(core.router.topics.size, 1000)
  for (let second = 0; second < 11; second++) {
    core.host.ms += 1000
    publisher.publish('t.7', ['x'])
    core.router.tick()
    core.turns()
  }
  t.equal(core.router.topics.size, 1)
  t.equal(core.router.topics.evicted, 999)
})

t.test('a session that is closed gets nothing of what was on its way', async (t) => {
  const { core, publisher, subscriber } = pair()
  publisher.publish('a', ['1'])
  subscriber.close()
  core.turns()
  t.equal(core.router.meters.unmatched, 1)
  t.equal(subscriber.link.writes.length, 0)
  t.equal(core.router.sessions.size, 1)
})

t.test('shutting down delivers what is pending and says goodbye', async (t) => {
  const { core, publisher, subscriber } = pair({ drainBytes: 1 })
  for (let i = 0; i < 10; i++) publisher.publish(`t.${i}`, [`${i}`], 3, { id: 'x' })
  core.router.sayGoodbye(subscriber.session, 1234)
  core.router.drainAll()
  t.match(subscriber.link.take().slice(0, 1), [{ op: Op.GOAWAY, code: Code.SHUTTING_DOWN, retryAfterMs: 1234 }])
  t.equal(core.router.meters.delivered, 10)
  core.turns()
  t.same(core.held, NOTHING_HELD)
})

t.test('lines of the JSON subprotocol that gave no frame', async (t) => {
  const { core, publisher } = pair()
  const lines = { code: Code.BAD_JSON, message: 'line 3: no array', request: 0, count: 4, events: 2, topic: null }
  core.router.refuseLines(publisher.session, lines)
  core.router.refuseLines(publisher.session, { ...lines, request: 9, count: 1, events: 0 })
  core.turns()
  t.match(publisher.link.take(), [
    { op: Op.ERROR, request: 9, code: Code.BAD_JSON, message: 'line 3: no array' },
    { op: Op.ERROR, request: 0, code: Code.BAD_JSON, details: { count: 4 } },
  ])
  t.equal(publisher.session.refused, 2)
  t.equal(core.router.meters.refused.get(Code.BAD_JSON), 5)
})

t.test('options that cannot work are our bug', async (t) => {
  t.throws(() => new CoreHarness({ messageBytesMax: 100_000, slabBytes: 65_536 }), { name: 'AssertionFailed' })
  t.throws(() => new CoreHarness({ directBytes: 5000, batchBytes: 4999 }), { name: 'AssertionFailed' })
  t.ok(coreOptions().poison)
})

t.test('under a standing overload every lane is served by its share', async (t) => {
  const { core, publisher, subscriber } = pair({
    drainBytes: 20_000,
    inlineDrainFrames: 1 << 30,
    inlineDrainBytes: 1 << 30,
    pendingBytesMax: 1 << 30,
    slabBytes: 1 << 20,
    slabs: 16,
    strictShare: 0.5,
  })
  const { lanes, meters } = core.router
  for (let round = 0; round < 1500; round++) {
    for (let lane = 0; lane < 8; lane++) {
      while (lanes.depth(lane) < 40) publisher.publish(`l${lane}`, ['x'.repeat(400)], lane, { id: 'x' })
    }
    core.host.runTurn()
    subscriber.link.writes.length = 0
  }
  const total = meters.routed
  t.ok(Math.abs(meters.routedByLane[0] / total - 0.5) < 0.05, `lane 0: ${meters.routedByLane[0]} of ${total}`)
  const weights = [64, 32, 16, 8, 4, 2, 1]
  for (let lane = 1; lane < 8; lane++) {
    const due = (total * 0.5 * weights[lane - 1]) / 127
    t.ok(
      Math.abs(meters.routedByLane[lane] / due - 1) < 0.25,
      `lane ${lane}: ${meters.routedByLane[lane]} of ${Math.round(due)}`,
    )
  }
})
