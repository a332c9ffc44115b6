import fc from 'fast-check'
import t from 'tap'
import { LOCKED } from '../../src/core/access.js'
import { Rate } from '../../src/core/rate.js'
import { eventFrame } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'

const event = eventFrame('a', 'x')

/** The bytes that were written to a link, of events only: what it was told before was taken. */
function received({ link }: Peer): Buffer {
  return Buffer.concat(link.writes.splice(0))
}

function take({ router }: CoreHarness, peer: Peer, ...messages: readonly Uint8Array[]): void {
  for (const message of messages) router.intake.take(peer.session, message)
}

t.test('what is gathered is accepted by the end of the turn, as one run', async (t) => {
  const core = new CoreHarness()
  const [publisher, subscriber] = [core.peer(), core.peer()]
  subscriber.subscribe('a')
  core.turns()
  subscriber.link.take()
  take(core, publisher, event, event, event)
  t.equal(core.router.meters.accepted, 0, 'not yet')
  core.turns()
  t.match(core.router.meters, { accepted: 3, runs: 1, delivered: 3 })
  t.strictSame(received(subscriber), Buffer.concat([event, event, event]))
  t.strictSame(core.held, NOTHING_HELD)
})

t.test('as many as an in-line drain takes are drained at once', async (t) => {
  const core = new CoreHarness({ inlineDrainFrames: 4 })
  const publisher = core.peer()
  take(core, publisher, event, event, event)
  t.equal(core.router.meters.routed, 0)
  take(core, publisher, event)
  t.equal(core.router.meters.routed, 4)
})

t.test('a long message takes those before it along', async (t) => {
  const core = new CoreHarness()
  const publisher = core.peer()
  take(core, publisher, event, eventFrame('a', 'y'.repeat(3000)))
  t.equal(core.router.meters.accepted, 2)
  take(core, publisher, eventFrame('a', 'y'.repeat(3000)))
  t.equal(core.router.meters.accepted, 3)
})

t.test('who may send so much only, or is not known, is looked at for each message', async (t) => {
  const core = new CoreHarness()
  const [slow, stranger] = [core.peer(), core.peer()]
  slow.session.rate = new Rate({ eventsPerSecond: 2, bytesPerSecond: 0 })
  take(core, slow, event, event, event, event)
  t.match(slow.session, { accepted: 2, refused: 2 }, 'as if each was accepted when it came')
  stranger.session.access = LOCKED
  take(core, stranger, event)
  t.match(stranger.session, { accepted: 0, refused: 1 }, 'at once')
  core.turns()
  t.strictSame(core.held, NOTHING_HELD)
})

t.test('no more than some bytes wait', async (t) => {
  const core = new CoreHarness()
  const publisher = core.peer()
  const thousand = eventFrame('a', 'y'.repeat(1000))
  for (let i = 0; i < 40; i++) take(core, publisher, thousand)
  t.ok(core.router.meters.accepted >= 32, 'before the turn ends')
})

t.test('another session, another transport and another slab end what is gathered', async (t) => {
  const core = new CoreHarness()
  const [first, second, third] = [core.peer(), core.peer(), core.peer()]
  third.subscribe('>')
  core.turns()
  third.link.take()
  take(core, first, event, event)
  take(core, second, eventFrame('b', '1'))
  t.equal(core.router.meters.accepted, 2, 'what the first sent')
  first.publish('c', ['2'])
  t.equal(core.router.meters.accepted, 3, 'what was accepted at once does not wait')
  take(core, second, eventFrame('b', '3'))
  t.equal(core.router.meters.accepted, 4, 'what is not next to it')
  core.turns()
  t.match(core.router.meters, { accepted: 5, delivered: 5 })
  t.strictSame(core.held, NOTHING_HELD)
})

t.test('a session that ends has sent what it has sent', async (t) => {
  for (const end of ['close', 'fail', 'drainAll'] as const) {
    const core = new CoreHarness()
    const [publisher, subscriber] = [core.peer(), core.peer()]
    subscriber.subscribe('a')
    core.turns()
    subscriber.link.take()
    take(core, publisher, event, event)
    if (end === 'close') publisher.close()
    else if (end === 'fail') core.router.fail(publisher.session, 4500)
    else core.router.drainAll()
    t.equal(core.router.meters.accepted, 2, end)
    core.turns()
    t.strictSame(received(subscriber), Buffer.concat([event, event]), end)
    t.strictSame(core.held, NOTHING_HELD)
  }
})

t.test('however sessions take turns, each one’s events arrive in order, and nothing is left behind', async (t) => {
  const step = fc.record({
    who: fc.nat(2),
    isDirect: fc.boolean(),
    bytes: fc.oneof(fc.nat(60), fc.integer({ min: 1900, max: 2200 }), fc.integer({ min: 9000, max: 20_000 })),
    turns: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      // Slabs of 64 KiB, so that they are changed often; what is released is poisoned.
      const core = new CoreHarness({ outboxBytesMax: 8 << 20 })
      const peers = [core.peer(), core.peer(), core.peer()]
      const subscriber = core.peer()
      subscriber.subscribe('>')
      core.turns()
      subscriber.link.take()
      const sent: string[][] = [[], [], []]
      for (const [i, { who, isDirect, bytes, turns }] of steps.entries()) {
        const payload = `${i} `.padEnd(bytes + 8, '.')
        const frame = eventFrame(`from.${who}`, payload)
        // A session's way in is one or the other.
        if (who === 0 && isDirect) peers[who].send(frame)
        else if (who === 0) peers[who].publish(`from.${who}`, [payload])
        else take(core, peers[who], frame)
        sent[who].push(frame.toString('latin1'))
        if (turns) core.turns()
      }
      core.turns()
      const arrived = received(subscriber).toString('latin1')
      for (const frames of sent) {
        let from = 0
        for (const frame of frames) {
          const at = arrived.indexOf(frame, from)
          if (at < 0) throw new Error('an event is missing, or out of order')
          from = at + frame.length
        }
      }
      const all = sent.flat().reduce((sum, frame) => sum + frame.length, 0)
      if (arrived.length !== all) throw new Error(`${arrived.length} bytes of ${all} arrived`)
      for (const [pool, held] of Object.entries(core.held)) if (held !== 0) throw new Error(`${held} ${pool} are held`)
    }),
    { numRuns: 300 },
  )
  t.pass('for any')
})
