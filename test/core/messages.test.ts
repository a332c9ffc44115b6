import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, packed } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'

/** Hands messages over in one call, as they lie back to back. */
function sendTogether({ router }: CoreHarness, peer: Peer, messages: readonly Uint8Array[]): void {
  const all = Buffer.concat(messages)
  const start = router.reserve(all.length)
  all.copy(router.slabs.bytes, start)
  let end = start
  const ends = Uint32Array.from(messages, ({ length }) => {
    end += length
    return end
  })
  router.acceptMessages(peer.session, start, ends, ends.length)
}

function sendOneByOne(_core: CoreHarness, peer: Peer, messages: readonly Uint8Array[]): void {
  for (const message of messages) peer.send(message)
}

/** Hands them over one by one, to be gathered. */
function sendGathered({ router }: CoreHarness, peer: Peer, messages: readonly Uint8Array[]): void {
  for (const message of messages) router.intake.take(peer.session, message)
}

const event = eventFrame('a', 'x')
const sync = (request: number) => controlFrame({ op: Op.SYNC, request })
const CASES: Record<string, Uint8Array[]> = {
  'nothing at all': [],
  'events of one topic': [event, event, event],
  'many in one message and one in many': [Buffer.concat([event, event]), event, Buffer.concat([event, event])],
  'empty messages between': [Buffer.alloc(0), event, Buffer.alloc(0), Buffer.alloc(0), event, Buffer.alloc(0)],
  'a sync between events': [event, sync(1), Buffer.concat([event, sync(2), event]), sync(3)],
  'a subscription between events': [
    event,
    controlFrame({ op: Op.SUBSCRIBE, request: 9, pattern: 'a', options: {} }),
    event,
  ],
  'refused events': [eventFrame('a..b', 'x'), event, eventFrame('$sys.a', 'x'), packed([99]), event],
  'a frame that goes over the end of a message': [event, event.subarray(0, 5), event.subarray(5), event],
  'the head of a known event alone': [event, event.subarray(0, 4), event],
  'an event that lacks its last byte': [event, event.subarray(0, -1), event],
  'an event with a byte too many': [event, Buffer.concat([event, Buffer.from([0xc1])]), event],
  'what is no frame': [event, Buffer.from([0xc1]), event, sync(1)],
  'a version that is not spoken': [event, controlFrame({ op: Op.HELLO, info: { version: 2 } }), event],
  'the last one ends it': [event, event, Buffer.from([0xc1])],
}

/** All that can be seen of messages that were sent one way or the other. */
function outcome(send: typeof sendTogether, messages: readonly Uint8Array[]) {
  const core = new CoreHarness()
  const publisher = core.peer()
  const subscriber = core.peer()
  subscriber.subscribe('>')
  send(core, publisher, messages)
  core.turns()
  const { accepted, acceptedBytes, routed, refused } = core.router.meters
  return {
    told: publisher.link.take(),
    ended: publisher.link.ended,
    received: subscriber.link.take(),
    session: [publisher.session.accepted, publisher.session.refused],
    meters: { accepted, acceptedBytes, routed, refused: [...refused] },
    broken: core.broken,
    isHeld: Object.keys(NOTHING_HELD).some((pool) => core.held[pool] !== 0),
  }
}

for (const [name, messages] of Object.entries(CASES)) {
  t.test(`together as one by one: ${name}`, async (t) => {
    const together = outcome(sendTogether, messages)
    t.strictSame(together, outcome(sendOneByOne, messages))
    t.strictSame(together, outcome(sendGathered, messages), 'and as gathered')
    t.match(together, { broken: [], isHeld: false })
  })
}

t.test('together as one by one: anything', async (t) => {
  const frame = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom('a', 'b.c'), fc.nat(20))
        .map(([topic, n]) => eventFrame(topic, 'x'.repeat(n))),
    },
    { weight: 1, arbitrary: fc.nat(99).map((request) => sync(request)) },
    { weight: 1, arbitrary: fc.constantFrom(eventFrame('a..b', 'x'), packed([99]), eventFrame('$sys.a', '')) },
  )
  const message = fc.oneof(
    { weight: 9, arbitrary: fc.array(frame, { maxLength: 4 }).map((frames) => Buffer.concat(frames)) },
    { weight: 1, arbitrary: fc.tuple(frame, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5 }) },
  )
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const together = outcome(sendTogether, messages)
      deepStrictEqual(together, outcome(sendOneByOne, messages))
      deepStrictEqual(together, outcome(sendGathered, messages))
    }),
    { numRuns: 500 },
  )
  t.pass('for any messages, whole, cut or wrong')
})

t.test('where a frame ends is not looked for in the next message', async (t) => {
  const core = new CoreHarness()
  const publisher = core.peer()
  sendTogether(core, publisher, [event, event.subarray(0, 5), event.subarray(5)])
  t.match(publisher.link.ended, { code: Code.MALFORMED })
  t.equal(publisher.session.accepted, 1)
})

t.test('messages that come together count as one towards the in-line drain, and all by their bytes', async (t) => {
  const core = new CoreHarness({ inlineDrainFrames: 3, inlineDrainBytes: 100 * event.length })
  const publisher = core.peer()
  const many = (count: number) => Array.from({ length: count }, () => event)
  sendTogether(core, publisher, many(10))
  sendTogether(core, publisher, many(10))
  t.equal(core.router.meters.routed, 0)
  sendTogether(core, publisher, many(10))
  t.equal(core.router.meters.routed, 30, 'the third call')
  sendTogether(core, publisher, many(100))
  t.equal(core.router.meters.routed, 130, 'so many bytes')
})

t.test('runs go on over messages that lie back to back', async (t) => {
  const core = new CoreHarness()
  const publisher = core.peer()
  sendTogether(core, publisher, [event, event, event])
  core.turns()
  t.equal(core.router.meters.runs, 1)
})
