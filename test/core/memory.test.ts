import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import type { Seen } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'

const KIB = 1024

/** Fills a blocked subscriber's lane with some kilobytes, a run each: a run finds room or does not. */
function fill(core: CoreHarness, publisher: Peer, topic: string, lane: number, kib: number): void {
  for (let i = 0; i < kib; i++) {
    publisher.publish(topic, ['x'.repeat(KIB - 20)], lane)
    core.turns()
  }
}

function errors(frames: Seen[]): { code: number; count: number | undefined; retryAfterMs: number | undefined }[] {
  return frames.flatMap((frame) =>
    frame.op === Op.ERROR
      ? [{ code: frame.code, count: frame.details.count, retryAfterMs: frame.details.retryAfterMs }]
      : [],
  )
}

function world(budgetKib: number) {
  const core = new CoreHarness({
    memoryBudgetBytes: budgetKib * KIB,
    memoryResumeRatio: 0.5,
    retryAfterMs: 250,
    outboxBytesMax: 64 << 20,
  })
  const publisher = core.peer()
  const subscriber = (pattern: string) => {
    const peer = core.peer()
    peer.subscribe(pattern, { policy: 'drop-oldest' })
    peer.block()
    return peer
  }
  return { core, publisher, subscriber }
}

/** What waits of a peer, by lane. */
function waiting(core: CoreHarness, lane: number): number {
  let events = 0
  for (const one of core.router.delivery.waiting[lane]) events += one.events
  return events
}

t.test('the least urgent lane sheds first, whoever it belongs to', async (t) => {
  const { core, publisher, subscriber } = world(300)
  const low = subscriber('low')
  const middle = subscriber('middle')
  const high = subscriber('high')
  fill(core, publisher, 'low', 7, 100)
  fill(core, publisher, 'middle', 4, 100)
  const before = [waiting(core, 7), waiting(core, 4)]
  t.same(before, [100, 100])
  fill(core, publisher, 'high', 1, 150)
  t.ok(waiting(core, 7) < 100, 'the least urgent made room')
  t.equal(waiting(core, 4), 100, 'the others have nothing to fear as long as it has something')
  t.equal(waiting(core, 1), 150)
  fill(core, publisher, 'high', 1, 100)
  t.equal(waiting(core, 7), 0)
  t.ok(waiting(core, 4) < 100)
  t.equal(waiting(core, 1), 250)
  t.equal(core.router.delivery.isOverloaded, false, 'as long as less urgent events make room nobody is refused')
  t.equal(core.router.meters.dropped[4], 100 + 100 - waiting(core, 4))
  t.same(core.broken, [])
  for (const peer of [low, middle, high]) peer.thaw()
  const gaps = [low, middle].flatMap((peer) => peer.link.take().filter((frame) => frame.op === Op.GAP))
  t.equal(
    gaps.reduce((sum, gap) => sum + (gap.op === Op.GAP && gap.reason === 'memory' ? gap.count : 0), 0),
    core.router.meters.dropped[4],
    'and were told how many',
  )
  t.same(core.held, NOTHING_HELD)
})

t.test('with nothing less urgent to shed publishers are refused that lane, until memory is free', async (t) => {
  const { core, publisher, subscriber } = world(1000)
  const frozen = subscriber('>')
  fill(core, publisher, 'a', 3, 1200)
  t.equal(core.router.delivery.overloadedFrom, 3)
  t.ok(core.router.delivery.budget.used <= 1000 * KIB)
  publisher.link.take()
  publisher.publish('a', ['1', '2'], 3)
  publisher.publish('a', ['3'], 7)
  publisher.publish('a', ['4'], 2)
  core.turns()
  t.same(errors(publisher.link.take()), [{ code: Code.OVERLOADED, count: 3, retryAfterMs: 250 }])
  t.equal(publisher.session.refused >= 3, true)
  t.equal(waiting(core, 2), 1, 'a more urgent event is taken, and sheds')
  core.turns()
  core.router.tick()
  t.equal(core.router.delivery.isOverloaded, true, 'the budget is still full')
  frozen.thaw()
  core.router.tick()
  t.equal(core.router.delivery.isOverloaded, false)
  publisher.publish('a', ['5'], 7)
  core.turns()
  t.equal(frozen.link.takeEvents().at(-1)?.payload, '5')
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('an event that nobody waits for is taken all the same while lanes above are free', async (t) => {
  const { core, publisher, subscriber } = world(1000)
  subscriber('a')
  fill(core, publisher, 'a', 5, 1200)
  t.equal(core.router.delivery.overloadedFrom, 5)
  const reader = core.peer()
  reader.subscribe('b')
  publisher.publish('b', ['urgent'], 4)
  core.turns()
  t.same(
    reader.link.takeEvents().map(({ payload }) => payload),
    ['urgent'],
  )
})

t.test('conflating subscriptions count against the budget and shed', async (t) => {
  const { core, publisher } = world(60)
  const peer = core.peer()
  peer.subscribe('>', { policy: 'conflate' })
  peer.block()
  for (let i = 0; i < 100; i++) {
    publisher.publish(`t.${i}`, ['x'.repeat(800)], 6)
    core.turns()
  }
  const { budget } = core.router.delivery
  t.ok(budget.used <= 60 * KIB && budget.used > 50 * KIB)
  const { meters } = core.router
  t.equal(meters.accepted + (meters.refused.get(Code.OVERLOADED) ?? 0), 100)
  t.equal(meters.dropped[4], meters.accepted - waiting(core, 6))
  for (let i = 0; i < 40; i++) publisher.publish(`t.${i}`, ['x'.repeat(800)], 1)
  core.turns()
  t.equal(waiting(core, 1), 40)
  t.ok(budget.used <= 60 * KIB)
  t.same(core.broken, [])
  peer.thaw()
  t.same(core.held, NOTHING_HELD)
})

t.test('a budget too small for anything loses everything that waits, told and counted', async (t) => {
  const { core, publisher, subscriber } = world(1)
  const peer = subscriber('>')
  publisher.publish('a', ['1', '2', '3'])
  core.turns()
  t.equal(core.router.meters.dropped[4], 3)
  peer.thaw()
  t.match(peer.link.take(), [{ op: Op.GAP, count: 3, reason: 'memory' }])
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('memory that one session gave back is there for the next', async (t) => {
  const { core, publisher, subscriber } = world(100)
  for (let round = 0; round < 20; round++) {
    const peer = subscriber('>')
    fill(core, publisher, 'a', 3, 40)
    t.equal(waiting(core, 3), 40)
    peer.close()
  }
  t.equal(core.router.meters.dropped[4], 0)
  t.same(core.held, NOTHING_HELD)
})
