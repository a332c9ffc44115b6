import t from 'tap'
import { Written } from '../../src/core/link.js'
import { Code } from '../../src/protocol/codes.js'
import { Op, type Policy } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, type Seen, type SeenEvent } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD, type Peer } from '../helpers/core-harness.js'

/** A frame in short: payload of an event, or op and what matters of a control frame. */
function brief(frame: Seen): string {
  switch (frame.op) {
    case 1:
      return (frame as SeenEvent).payload
    case Op.GAP:
      return `gap ${frame.pattern} ${frame.count} ${frame.reason}`
    case Op.PONG:
      return `pong ${frame.token}`
    default:
      return `op ${frame.op}`
  }
}

const read = (peer: Peer) => peer.link.take().map(brief)
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`)
const FRAME_BYTES = eventFrame('a', 'e0').length

function pair(options: ConstructorParameters<typeof CoreHarness>[0] = {}) {
  const core = new CoreHarness(options)
  return { core, publisher: core.peer(), subscriber: core.peer() }
}

t.test('what one drain brings is one write', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('>')
  publisher.publish('a', numbers(1, 3))
  publisher.publish('b', numbers(4, 5), 1)
  publisher.publish('a', numbers(6, 6))
  t.equal(subscriber.link.writes.length, 0, 'nothing before the end of the turn')
  core.turns()
  t.equal(subscriber.link.writes.length, 1)
  t.same(read(subscriber), ['e4', 'e5', 'e1', 'e2', 'e3', 'e6'], 'the urgent lane first')
  t.same(core.held, NOTHING_HELD)
})

t.test('a batch that is full is written, and another begun', async (t) => {
  const { core, publisher, subscriber } = pair({ batchBytes: 100, directBytes: 100 })
  subscriber.subscribe('>')
  // One event a run, so that they are gathered.
  for (let i = 1; i <= 30; i++) publisher.publish(`t.${i}`, [`e${i}`], 3, { id: 'x' })
  core.turns()
  t.ok(subscriber.link.writes.length > 5)
  t.ok(subscriber.link.writes.every((write) => write.length <= 100))
  t.same(read(subscriber), numbers(1, 30))
  t.equal(core.router.meters.delivered, 30)
})

t.test('a long run is written as it lies, after what was gathered before it', async (t) => {
  const { core, publisher, subscriber } = pair({ batchBytes: 64, directBytes: 64 })
  subscriber.subscribe('>')
  publisher.publish('x', ['e0'], 3, { id: 'x' })
  publisher.publish('a', numbers(1, 50))
  publisher.publish('x', ['e51'], 3, { ttl: 1000 })
  core.turns()
  t.equal(subscriber.link.writes.length, 3)
  t.same(read(subscriber), ['e0', ...numbers(1, 50), 'e51'])
})

t.test('a link that fills up between what was gathered and a long run', async (t) => {
  const { core, publisher, subscriber } = pair({ batchBytes: 64, directBytes: 64 })
  subscriber.subscribe('>')
  publisher.publish('x', ['e0'], 3, { id: 'x' })
  publisher.publish('a', numbers(1, 50))
  subscriber.freeze()
  core.turns()
  t.same(read(subscriber), ['e0'])
  t.equal(core.router.meters.pendingInOutboxes, 50)
  subscriber.thaw()
  t.same(read(subscriber), numbers(1, 50))
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('a link that fills up between two batches', async (t) => {
  const { core, publisher, subscriber } = pair({ batchBytes: 64, directBytes: 64 })
  subscriber.subscribe('>')
  for (let i = 1; i <= 20; i++) publisher.publish(`t.${i}`, [`e${i}`], 3, { id: 'x' })
  subscriber.freeze()
  core.turns()
  const first = read(subscriber)
  t.ok(first.length < 20)
  t.same(core.broken, [])
  subscriber.thaw()
  t.same([...first, ...read(subscriber)], numbers(1, 20))
})

t.test('while the link is full events wait; then the urgent ones leave first', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('>')
  subscriber.block()
  publisher.publish('a', ['low 1'], 7)
  core.turns()
  publisher.publish('b', ['middle 1'], 3)
  core.turns()
  publisher.publish('c', ['high 1'], 0)
  core.turns()
  publisher.publish('a', ['low 2'], 7)
  publisher.publish('c', ['high 2'], 0)
  core.turns()
  t.equal(core.router.meters.pendingInOutboxes, 5)
  subscriber.thaw()
  t.same(read(subscriber), ['high 1', 'high 2', 'middle 1', 'low 1', 'low 2'])
  t.equal(core.router.meters.pendingInOutboxes, 0)
  t.same(core.held, NOTHING_HELD)
  publisher.publish('a', ['next'])
  core.turns()
  t.same(read(subscriber), ['next'])
})

t.test('a link that fills up again on the way keeps the rest in order', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('>')
  subscriber.block()
  for (let i = 0; i < 100; i++) {
    publisher.publish('a', [`a${i} ${'x'.repeat(500)}`], 5)
    publisher.publish('b', [`b${i} ${'x'.repeat(500)}`], 2)
  }
  core.turns()
  const seen: string[] = []
  let resumed = 0
  for (; core.router.meters.pendingInOutboxes > 0; resumed++) {
    subscriber.resume()
    seen.push(...read(subscriber).map((payload) => payload.split(' ')[0]))
    t.same(core.broken, [])
  }
  t.ok(resumed > 3, `${resumed} writes`)
  for (const topic of ['a', 'b']) {
    t.same(
      seen.filter((payload) => payload.startsWith(topic)),
      Array.from({ length: 100 }, (_, i) => `${topic}${i}`),
    )
  }
  const lastUrgent = seen.lastIndexOf('b99')
  t.ok(lastUrgent < seen.lastIndexOf('a99'), 'the urgent lane was through first')
})

t.test('several subscriptions of a lane take turns', async (t) => {
  const { core, publisher, subscriber } = pair()
  for (const pattern of ['a', 'b', 'c']) subscriber.subscribe(pattern)
  subscriber.block()
  for (const topic of ['a', 'a', 'b', 'b', 'c']) {
    for (let i = 0; i < 8; i++) publisher.publish(topic, ['x'.repeat(8000)])
    core.turns()
  }
  const order: string[] = []
  while (core.router.meters.pendingInOutboxes > 0) {
    subscriber.resume()
    order.push(subscriber.link.takeEvents()[0].topic)
  }
  t.same(new Set(order.slice(0, 3)), new Set(['a', 'b', 'c']), 'one piece each')
  t.same(core.held, NOTHING_HELD)
})

t.test('drop-oldest: the oldest make room, and the gap comes before the next event', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'drop-oldest', eventsMax: 5 })
  subscriber.block()
  publisher.publish('a', numbers(1, 4))
  publisher.publish('a', numbers(5, 8))
  core.turns()
  t.equal(core.router.meters.dropped[0], 3)
  t.same(core.broken, [])
  subscriber.thaw()
  t.same(read(subscriber), ['gap a 3 drop-oldest', ...numbers(4, 8)])
  publisher.publish('a', ['e9'])
  core.turns()
  t.same(read(subscriber), ['e9'], 'a gap is told once')
})

t.test('drop-oldest: less urgent lanes go first, more urgent ones stay', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('>', { policy: 'drop-oldest', eventsMax: 4 })
  subscriber.block()
  publisher.publish('low', ['l1', 'l2'], 6)
  publisher.publish('high', ['h1', 'h2'], 1)
  core.turns()
  publisher.publish('middle', ['m1'], 3)
  core.turns()
  publisher.publish('middle', ['m2', 'm3', 'm4'], 3)
  core.turns()
  publisher.publish('low', ['l3'], 6)
  core.turns()
  subscriber.thaw()
  t.same(read(subscriber), ['gap > 5 drop-oldest', 'h1', 'h2', 'm3', 'm4'])
  t.equal(core.dropped, 5, 'l1 and l2, m1 and m2, and l3, for which nothing less urgent could go')
  t.same(core.broken, [])
})

t.test('drop-oldest: of a run that alone is over the bound the newest stay', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'drop-oldest', bytesMax: 3 * FRAME_BYTES })
  subscriber.block()
  publisher.publish('a', numbers(0, 9))
  core.turns()
  subscriber.thaw()
  t.same(read(subscriber), ['gap a 7 drop-oldest', 'e7', 'e8', 'e9'])
  subscriber.block()
  publisher.publish('a', ['x'.repeat(100)])
  core.turns()
  subscriber.thaw()
  t.same(read(subscriber), ['gap a 1 drop-oldest'], 'one event over the bound does not wait at all')
})

t.test('drop-newest: what arrives is dropped', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'drop-newest', eventsMax: 5 })
  subscriber.block()
  for (const [from, to] of [
    [1, 3],
    [4, 6],
    [7, 8],
  ]) {
    publisher.publish('a', numbers(from, to))
    core.turns()
  }
  t.equal(core.router.meters.dropped[1], 3, 'of a run there is room for a part')
  subscriber.thaw()
  t.same(read(subscriber), ['gap a 3 drop-newest', ...numbers(1, 5)])
  t.same(core.broken, [])
})

t.test('conflate: the latest of each key waits', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('price.*', { policy: 'conflate' })
  subscriber.block()
  for (let i = 1; i <= 50; i++) publisher.publish(`price.${i % 2 === 0 ? 'even' : 'odd'}`, [`e${i}`])
  core.turns()
  t.equal(core.router.meters.pendingInOutboxes, 2)
  t.equal(core.router.meters.dropped[2], 48)
  subscriber.thaw()
  t.same(read(subscriber), ['gap price.* 48 conflated', 'e49', 'e50'])
  t.same(core.held, NOTHING_HELD)
})

t.test('conflate: with too many keys the oldest goes', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('>', { policy: 'conflate', eventsMax: 3 })
  subscriber.block()
  for (let i = 1; i <= 6; i++) publisher.publish(`t.${i}`, [`e${i}`])
  core.turns()
  t.same(core.broken, [])
  subscriber.thaw()
  t.same(read(subscriber), ['gap > 3 drop-oldest', 'e4', 'e5', 'e6'])
})

t.test('disconnect: the bound ends the connection at the end of the turn', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'disconnect', eventsMax: 3 })
  subscriber.block()
  publisher.publish('a', numbers(1, 3))
  core.turns()
  t.equal(subscriber.link.ended, null)
  publisher.publish('a', numbers(4, 5))
  core.turns()
  t.equal(subscriber.link.ended?.code, Code.SLOW_CONSUMER)
  t.equal(core.router.meters.slowConsumers, 1)
  t.equal(core.router.meters.dropped[5], 5)
  t.equal(core.router.sessions.size, 1)
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('disconnect: a link that takes its time to end is counted once and takes nothing more', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.link.onEnd = null
  subscriber.subscribe('a', { policy: 'disconnect', eventsMax: 1 })
  subscriber.block()
  publisher.publish('a', numbers(1, 2))
  core.turns()
  for (let i = 0; i < 3; i++) {
    publisher.publish('a', ['more'])
    core.turns()
    core.router.tick()
  }
  subscriber.send(controlFrame({ op: Op.PING, token: 1 }))
  t.equal(core.router.meters.slowConsumers, 1)
  t.equal(core.router.meters.dropped[5], 5)
  subscriber.close()
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

for (const policy of ['drop-oldest', 'drop-newest', 'conflate', 'disconnect'] as Policy[]) {
  t.test(`${policy}: over the soft bound for long`, async (t) => {
    const { core, publisher, subscriber } = pair({ outboxSoftBytes: 1000, outboxSoftTimeMs: 5000 })
    subscriber.subscribe('>', { policy })
    subscriber.block()
    for (let i = 0; i < 5; i++) publisher.publish(`t.${i}`, ['x'.repeat(300)])
    core.turns()
    core.host.ms += 4999
    core.router.tick()
    t.equal(subscriber.link.ended, null, 'not yet')
    core.host.ms += 1
    core.router.tick()
    t.equal(subscriber.link.ended?.code, policy === 'disconnect' ? Code.SLOW_CONSUMER : undefined)
  })
}

t.test('under the soft bound again, its time begins anew', async (t) => {
  const { core, publisher, subscriber } = pair({ outboxSoftBytes: 1000, outboxSoftTimeMs: 5000 })
  subscriber.subscribe('>', { policy: 'disconnect' })
  for (let round = 0; round < 3; round++) {
    subscriber.block()
    publisher.publish('a', ['x'.repeat(2000)])
    core.turns()
    core.host.ms += 3000
    core.router.tick()
    subscriber.thaw()
    subscriber.link.take()
    core.host.ms += 3000
    core.router.tick()
  }
  t.equal(subscriber.link.ended, null)
})

t.test('the bound of the session holds for all its subscriptions together', async (t) => {
  const { core, publisher, subscriber } = pair({ outboxBytesMax: 1000 })
  subscriber.subscribe('a', { bytesMax: 10_000 })
  subscriber.subscribe('b')
  subscriber.block()
  for (let i = 0; i < 10; i++) {
    publisher.publish('a', ['x'.repeat(90)])
    publisher.publish('b', ['x'.repeat(90)])
    core.turns()
    t.ok(subscriber.session.outbox.backlogBytes <= 1000)
  }
  t.same(core.broken, [])
})

t.test('an event whose time is over does not leave the outbox, and the gap comes before the next', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a')
  subscriber.block()
  publisher.publish('a', ['e1'])
  publisher.publish('a', ['e2'], 3, { ttl: 100 })
  publisher.publish('a', ['e3'], 3, { ttl: 200 })
  publisher.publish('a', ['e4'])
  core.turns()
  core.host.ms += 100
  subscriber.thaw()
  t.same(read(subscriber), ['e1', 'gap a 1 expired', 'e3', 'e4'])
  t.equal(core.router.meters.dropped[3], 1)
  t.same(core.held, NOTHING_HELD)
  t.same(core.broken, [])
})

t.test('a link that takes the gap and nothing after it', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a')
  subscriber.block()
  publisher.publish('a', ['e1'], 3, { ttl: 10 })
  publisher.publish('a', ['e2'])
  core.turns()
  core.host.ms += 10
  subscriber.resume()
  t.same(read(subscriber), ['gap a 1 expired'])
  subscriber.resume()
  t.same(read(subscriber), ['e2'])
})

t.test('control frames go ahead of events that wait', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'drop-newest', eventsMax: 1 })
  subscriber.block()
  publisher.publish('a', ['e1'])
  core.turns()
  publisher.publish('a', ['e2'])
  core.turns()
  subscriber.send(controlFrame({ op: Op.PING, token: 7 }), controlFrame({ op: Op.PING, token: 8 }))
  subscriber.thaw()
  t.same(read(subscriber), ['pong 7', 'pong 8', 'gap a 1 drop-newest', 'e1'])
})

t.test('answers that nobody reads are bounded', async (t) => {
  const { core, subscriber } = pair({ outboxControlBytesMax: 1000 })
  subscriber.block()
  const pings = Array.from({ length: 5000 }, (_, i) => controlFrame({ op: Op.PING, token: i }))
  subscriber.send(...pings)
  core.turns()
  t.equal(subscriber.link.ended?.code, Code.SLOW_CONSUMER)
  t.equal(core.router.meters.slowConsumers, 1)
})

t.test('an open batch goes before the answer that comes after it', async (t) => {
  const { core, subscriber } = pair({ inlineDrainFrames: 1 })
  subscriber.subscribe('a')
  subscriber.send(eventFrame('a', 'own'), controlFrame({ op: Op.PING, token: 1 }))
  t.same(read(subscriber), ['pong 1', 'own'], 'the event was still in its lane')
  subscriber.send(controlFrame({ op: Op.PING, token: 2 }))
  t.same(read(subscriber), ['pong 2'])
  t.same(core.broken, [])
})

t.test('a link that is gone: its events are dropped as closed', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.link.onEnd = null
  subscriber.subscribe('>')
  subscriber.link.answer = Written.GONE
  publisher.publish('a', numbers(1, 3))
  core.turns()
  t.equal(core.router.meters.dropped[5], 3)
  publisher.publish('a', numbers(4, 5))
  core.turns()
  t.same(core.broken, [])
  subscriber.close()
  t.equal(core.router.meters.dropped[5], 5)
  t.same(core.held, NOTHING_HELD)
  t.same(core.broken, [])
})

t.test('what waits when a session closes is dropped as closed', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a')
  subscriber.subscribe('b', { policy: 'conflate' })
  subscriber.block()
  publisher.publish('a', numbers(1, 7))
  publisher.publish('b', numbers(8, 9))
  core.turns()
  subscriber.close()
  subscriber.close()
  t.equal(core.router.meters.dropped[5], 8)
  t.same(core.held, NOTHING_HELD)
  t.same(core.broken, [])
  core.turns()
})

t.test('a subscription that is taken back tells what it had waiting and what it missed', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a.*', { policy: 'drop-newest', eventsMax: 2 })
  subscriber.subscribe('a.b')
  subscriber.block()
  publisher.publish('a.b', numbers(1, 2))
  core.turns()
  publisher.publish('a.b', numbers(3, 5))
  core.turns()
  subscriber.unsubscribe('a.*')
  publisher.publish('a.b', ['e6'])
  core.turns()
  subscriber.thaw()
  t.same(read(subscriber), ['gap a.* 3 drop-newest', 'gap a.* 2 closed', 'e6'])
  t.same(core.broken, [])
  t.same(core.held, NOTHING_HELD)
})

t.test('a changed policy takes hold once what waits under the old one is gone', async (t) => {
  const { core, publisher, subscriber } = pair()
  subscriber.subscribe('a', { policy: 'drop-oldest' })
  subscriber.block()
  publisher.publish('a', numbers(1, 3))
  core.turns()
  subscriber.subscribe('a', { policy: 'conflate' })
  publisher.publish('a', numbers(4, 5))
  core.turns()
  t.same(core.broken, [])
  subscriber.thaw()
  t.same(read(subscriber), numbers(1, 5))
  subscriber.block()
  publisher.publish('a', numbers(6, 9))
  core.turns()
  subscriber.thaw()
  t.same(read(subscriber), ['gap a 3 conflated', 'e9'])
})

t.test('more sessions in one drain than there may be open batches', async (t) => {
  const core = new CoreHarness({ batchBytes: 4096, directBytes: 4096 })
  const publisher = core.peer()
  const subscribers = Array.from({ length: 2100 }, () => core.peer())
  for (const subscriber of subscribers) subscriber.subscribe('>')
  for (let i = 1; i <= 3; i++) publisher.publish(`t.${i}`, [`e${i}`], 3, { id: 'x' })
  core.turns()
  const wrong = subscribers.filter((subscriber) => read(subscriber).join() !== 'e1,e2,e3')
  t.equal(wrong.length, 0)
  t.equal(core.router.meters.delivered, 6300)
  t.same(core.held, NOTHING_HELD)
})
