import t from 'tap'
import { Stage } from '../../src/core/latency.js'
import { Written } from '../../src/core/link.js'
import { CoreHarness } from '../helpers/core-harness.js'
import { SeenLatency } from '../helpers/core-latency.js'

function timed(options: ConstructorParameters<typeof CoreHarness>[0] = {}) {
  const seen = new SeenLatency()
  const core = new CoreHarness({ latency: seen.counts, ...options })
  const publisher = core.peer()
  const subscriber = core.peer()
  subscriber.subscribe('>')
  return { core, publisher, subscriber, seen, host: core.host }
}

t.test('an event that waits in its lane is timed from there', async (t) => {
  const { core, publisher, seen, host } = timed()
  host.ms = 100
  publisher.publish('a', ['1', '2'])
  host.ms = 110
  core.turns()
  t.same(seen.of(Stage.QUEUE), [[10, 2]])
  t.same(seen.of(Stage.ROUTING), [[10, 2]])
  t.same(seen.of(Stage.DELIVERY), [[10, 2]])
  t.same(seen.of(Stage.FANOUT), [[0, 2]])
})

t.test('a run that went on for a while is timed evenly from its first event to its last', async (t) => {
  const { core, publisher, seen, host } = timed()
  host.ms = 100
  publisher.publish('a', ['1'])
  // The clock is read for one message in sixteen.
  for (let i = 0; i < 15; i++) publisher.publish('a', ['x'])
  host.ms = 104
  for (let i = 0; i < 16; i++) publisher.publish('a', ['y'])
  t.equal(core.router.lanes.length, 1, 'one run')
  host.ms = 110
  core.turns()
  t.same(seen.of(Stage.ROUTING), [
    [6.5, 8],
    [7.5, 8],
    [8.5, 8],
    [9.5, 8],
  ])
  t.equal(seen.total(Stage.DELIVERY), 32)
})

t.test('what a link takes but does not pass on is routed, and delivered once it has', async (t) => {
  const { core, publisher, subscriber, seen, host } = timed()
  subscriber.freeze()
  host.ms = 100
  publisher.publish('a', ['1'])
  host.ms = 101
  core.turns()
  t.same(seen.of(Stage.ROUTING), [[1, 1]])
  t.same(seen.of(Stage.DELIVERY), [])
  t.equal(core.router.meters.blockedOutboxes, 1)
  t.equal(subscriber.session.outbox.blockedSince, 101)
  host.ms = 150
  subscriber.thaw()
  t.same(
    seen.of(Stage.DELIVERY).map(([, count]) => count),
    [1],
  )
  t.ok(Math.abs(seen.of(Stage.DELIVERY)[0][0] - 50) < 0.5)
  t.same([core.router.meters.blockedOutboxes, subscriber.session.outbox.blockedSince], [0, 0])
})

t.test('what waits for a receiver is routed when it begins to wait, and delivered when it leaves', async (t) => {
  for (const policy of ['drop-oldest', 'conflate'] as const) {
    const { core, publisher, subscriber, seen, host } = timed()
    subscriber.subscribe('>', { policy })
    subscriber.block()
    host.ms = 100
    publisher.publish('a', ['1'])
    core.turns()
    host.ms = 120
    publisher.publish('b', ['2'])
    core.turns()
    t.equal(seen.total(Stage.ROUTING), 2, policy)
    t.equal(seen.total(Stage.DELIVERY), 0, policy)
    host.ms = 200
    subscriber.thaw()
    const delivered = seen.of(Stage.DELIVERY)
    t.same(
      delivered.map(([, count]) => count),
      [1, 1],
      policy,
    )
    t.ok(Math.abs(delivered[0][0] - 80) < 0.5 && Math.abs(delivered[1][0] - 100) < 0.5, policy)
    t.equal(seen.total(Stage.FANOUT), 0, 'no part of the drain')
  }
})

t.test('what was dropped or never left is not delivered', async (t) => {
  const { core, publisher, subscriber, seen } = timed()
  subscriber.subscribe('>', { eventsMax: 1 })
  subscriber.freeze()
  publisher.publish('a', ['taken'])
  core.turns()
  publisher.publish('a', ['dropped', 'kept'])
  core.turns()
  subscriber.close()
  t.equal(seen.total(Stage.DELIVERY), 0)
  t.equal(core.router.meters.blockedOutboxes, 0)
  const gone = core.peer()
  gone.subscribe('>')
  gone.link.answers.push(Written.GONE)
  publisher.publish('a', ['lost'])
  core.turns()
  t.equal(seen.total(Stage.DELIVERY), 0)
  t.equal(gone.session.outbox.droppedEvents, 1)
})

t.test('long runs that are written straight from the slab are timed too, by lane', async (t) => {
  const { core, publisher, subscriber, seen, host } = timed({ directBytes: 64 })
  const other = core.peer()
  other.subscribe('a')
  host.ms = 10
  publisher.publish('a', ['x'.repeat(100)], 0)
  host.ms = 15
  core.turns()
  t.same(seen.of(Stage.ROUTING, 0), [[5, 2]])
  t.same(seen.of(Stage.DELIVERY, 0), [[5, 2]])
  t.same(seen.of(Stage.QUEUE, 0), [[5, 1]])
  other.freeze()
  publisher.publish('a', ['x'.repeat(100)], 0)
  host.ms = 16
  core.turns()
  t.equal(seen.total(Stage.DELIVERY), 3)
  t.equal(subscriber.session.outbox.deliveredEvents, 2)
})

t.test('classes of topics are timed apart, and do not share a run', async (t) => {
  const { core, publisher, seen, host } = timed({ topicClasses: ['orders.>', 'orders.eu.*', 'quiet'] })
  host.ms = 1
  publisher.publish('orders.eu.a', ['1'])
  publisher.publish('orders.us.a', ['2'])
  publisher.publish('other', ['3'])
  t.equal(core.router.lanes.length, 3)
  host.ms = 3
  core.turns()
  t.same(seen.of(Stage.ROUTING), [[2, 3]])
  t.same(seen.ofClass(Stage.ROUTING, 0), [[2, 2]])
  t.same(seen.ofClass(Stage.DELIVERY, 1), [[2, 1]])
  t.same(seen.ofClass(Stage.DELIVERY, 2), [])
})

t.test('a class holds for topics that others subscribe to by the same pattern, and come and go', async (t) => {
  const { core, publisher, seen } = timed({ topicClasses: ['orders.>'] })
  const other = core.peer()
  other.subscribe('orders.>')
  publisher.publish('orders.a', ['1'])
  core.turns()
  other.unsubscribe('orders.>')
  publisher.publish('orders.a', ['2'])
  core.turns()
  t.equal(
    seen.ofClass(Stage.ROUTING, 0).reduce((sum, [, count]) => sum + count, 0),
    3,
  )
})

t.test('work is counted where it is done, and not at all when nothing is timed', async (t) => {
  const { core, publisher, host } = timed()
  const { work } = core.router
  // Each reading of the clock takes a millisecond.
  host.now = () => host.ms++
  for (let i = 0; i < 64; i++) {
    publisher.publish(`topic.${i}`, ['x'])
    core.turns()
  }
  t.equal(work.drains, 64)
  t.ok(work.drainMs >= 64, `${work.drainMs} ms`)
  t.ok(work.acceptMs >= 32, `${work.acceptMs} ms, from one in sixteen`)
  t.ok(work.writeMs >= 32, `${work.writeMs} ms, from one in sixteen`)
  t.ok(work.matches >= 64 && work.matchMs >= work.matches, `${work.matches} matches in ${work.matchMs} ms`)
  const untimed = new CoreHarness()
  untimed.host.now = host.now
  const peer = untimed.peer()
  peer.subscribe('>')
  for (let i = 0; i < 64; i++) peer.publish(`topic.${i}`, ['x'])
  untimed.turns()
  t.same(
    { ...untimed.router.work },
    { acceptMs: 0, matchMs: 0, matches: 0, drainMs: 0, drains: 0, writeMs: 0, transcodedBytes: 0 },
  )
})

t.test(
  'what a receiver never gets is counted by class of topics, but not what it wanted conflated or left behind',
  async (t) => {
    const { core, publisher, subscriber, seen, host } = timed({ topicClasses: ['orders.>', 'ticks.>'] })
    const lost = () => [seen.counts.lostOfClass(0), seen.counts.lostOfClass(1)]
    subscriber.unsubscribe('>')
    subscriber.subscribe('orders.*', { policy: 'drop-oldest', eventsMax: 2 })
    subscriber.subscribe('ticks.*', { policy: 'drop-newest', eventsMax: 2 })
    subscriber.block()
    publisher.publish('orders.a', ['1'])
    core.turns()
    publisher.publish('orders.a', ['2', '3', '4', '5', '6'])
    core.turns()
    t.same(lost(), [4, 0], 'the waiting one, and those of its own that are too many')
    publisher.publish('ticks.a', ['1', '2', '3'])
    core.turns()
    t.same(lost(), [4, 1])
    subscriber.close()
    t.same(lost(), [4, 1], 'what waited has gone with its connection')

    const other = core.peer()
    other.subscribe('orders.*')
    other.block()
    publisher.publish('orders.a', ['1'], 3, { ttl: 5 })
    core.turns()
    host.ms += 10
    other.thaw()
    t.same(lost(), [5, 1], 'expired while it waited')
    publisher.publish('orders.a', ['2'], 3, { ttl: 5 })
    host.ms += 10
    core.turns()
    t.same(lost(), [6, 1], 'expired in its lane')
    other.close()

    const conflating = core.peer()
    conflating.subscribe('orders.*', { policy: 'conflate' })
    conflating.block()
    for (const value of ['1', '2', '3']) {
      publisher.publish('orders.a', [value])
      core.turns()
    }
    t.same(lost(), [6, 1])
    t.same(core.broken, [])
  },
)
