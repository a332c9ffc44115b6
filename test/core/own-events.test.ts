import t from 'tap'
import { Stage } from '../../src/core/latency.js'
import type { TraceReport } from '../../src/core/trace.js'
import { Code } from '../../src/protocol/codes.js'
import { CoreHarness } from '../helpers/core-harness.js'
import { SeenLatency } from '../helpers/core-latency.js'

t.test('the daemon publishes on its own branch when somebody listens', async (t) => {
  const core = new CoreHarness()
  const { own, meters } = core.router
  t.notOk(own.publish('$sys.stats', Buffer.from('x')))
  const everything = core.peer()
  everything.subscribe('>')
  t.notOk(own.publish('$sys.stats', Buffer.from('x')), 'a wildcard does not match the branch')
  const peer = core.peer()
  peer.subscribe('$sys.>')
  t.ok(own.publish('$sys.stats', Buffer.from('x')))
  core.turns()
  t.same(
    peer.link.takeEvents().map(({ topic, payload, lane }) => [topic, payload, lane]),
    [['$sys.stats', 'x', 3]],
  )
  t.same([meters.accepted, meters.delivered], [1, 1])
  t.same(core.broken, [])
})

t.test('a probe goes all the way and is counted nowhere', async (t) => {
  const seen = new SeenLatency()
  const core = new CoreHarness({ latency: seen.counts })
  const peer = core.peer()
  peer.subscribe('>')
  let arrived = 0
  const before = [core.router.meters.writes, core.router.meters.writtenBytes]
  core.router.own.probe(() => arrived++)
  t.equal(arrived, 0, 'it waits in a lane')
  core.turns()
  t.equal(arrived, 1)
  const { accepted, acceptedBytes, routed, matched, delivered, unmatched, writes, writtenBytes } = core.router.meters
  t.same([accepted, acceptedBytes, routed, matched, delivered, unmatched], [0, 0, 0, 0, 0, 0])
  t.same([writes, writtenBytes], before, 'what the peer was sent')
  t.equal(seen.total(Stage.ROUTING), 0)
  t.same(peer.link.take(), [])
  t.same(core.broken, [])
  t.equal(core.router.sessions.size, 1)
  t.equal(core.router.patterns.size, 1)
})

t.test('a probe does not come back while the router stands still', async (t) => {
  const core = new CoreHarness()
  let arrived = 0
  core.router.own.probe(() => arrived++)
  core.router.own.probe(() => arrived++)
  t.equal(arrived, 0)
  core.turns()
  t.equal(arrived, 2)
})

t.test('a probe is no topic that a peer could publish or subscribe to', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  for (const pattern of ['\u0000probe', '*', '>', 'probe', '$sys.>']) peer.subscribe(pattern)
  peer.link.take()
  core.router.own.probe(() => {})
  core.turns()
  t.same(peer.link.take(), [])
})

t.test('who would get an event', async (t) => {
  const core = new CoreHarness()
  const [one, other] = [core.peer(), core.peer()]
  one.subscribe('a.*')
  other.subscribe('a.b')
  other.subscribe('a.>')
  const receivers = core.router.own.receiversOf('a.b')
  t.same(typeof receivers === 'number' ? [] : receivers.map(({ session, pattern }) => [session.id, pattern]), [
    [other.session.id, 'a.b'],
    [one.session.id, 'a.*'],
  ])
  t.same(core.router.own.receiversOf('x'), [])
  t.equal(core.router.own.receiversOf('a..b'), Code.BAD_TOPIC)
  t.equal(core.router.own.receiversOf('a.*'), Code.BAD_TOPIC)
  t.equal(core.router.own.receiversOf('$sys.x'), Code.RESERVED_TOPIC)
})

t.test('a trace tells what became of an event at each receiver, and when', async (t) => {
  const core = new CoreHarness()
  const [ready, filling, full, gone] = [core.peer(), core.peer(), core.peer(), core.peer()]
  for (const peer of [ready, filling, full, gone]) peer.subscribe('a.>')
  full.block()
  core.host.ms = 5
  const reports: TraceReport[] = []
  t.equal(
    core.router.own.trace('a.b', 2, Buffer.from('x'), (report) => reports.push(report)),
    0,
  )
  filling.freeze()
  gone.link.answers.push(2)
  core.host.ms = 7
  core.turns()
  t.equal(reports.length, 1)
  const [{ acceptedMs, drainedMs, receivers }] = reports
  t.same([acceptedMs, drainedMs], [5, 7])
  const told = new Map(receivers.map((receiver) => [receiver.session.id, receiver]))
  const of = (peer: typeof ready) => told.get(peer.session.id)
  t.match(of(ready), { outcome: 'sent', pattern: 'a.>', atMs: 7, waitingEvents: 0 })
  t.match(of(filling), { outcome: 'buffered', waitingEvents: 0 })
  t.match(of(full), { outcome: 'waiting', waitingEvents: 1 })
  t.match(of(gone), { outcome: 'gone' })
  t.same(
    ready.link.takeEvents().map(({ topic, lane }) => [topic, lane]),
    [['a.b', 2]],
  )
  t.same(core.broken, [])
})

t.test('a trace is refused as a publish would be', async (t) => {
  const core = new CoreHarness({ payloadBytesMax: 10 })
  const { own } = core.router
  const refused = () => t.fail('not published')
  t.equal(own.trace('a.*', 3, Buffer.from(''), refused), Code.BAD_TOPIC)
  t.equal(own.trace('$sys.stats', 3, Buffer.from(''), refused), Code.RESERVED_TOPIC)
  t.equal(own.trace('a', 8, Buffer.from(''), refused), Code.BAD_FLAGS)
  t.equal(own.trace('a', 3, Buffer.alloc(11), refused), Code.PAYLOAD_TOO_LARGE)
  core.router.delivery.overloadedFrom = 3
  t.equal(own.trace('a', 3, Buffer.alloc(1), refused), Code.OVERLOADED)
  core.turns()
  const reports: TraceReport[] = []
  t.equal(
    own.trace('nobody', 2, Buffer.alloc(1), (report) => reports.push(report)),
    0,
  )
  core.turns()
  t.same(
    reports.map(({ receivers }) => receivers),
    [[]],
  )
})

t.test('the busiest topics: events since the visit before, in slices', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.publish('busy', ['1', '2', '3', '4'])
  peer.publish('quiet', ['1'])
  peer.publish('busy', ['5'])
  const visit = (slice: number) => {
    const seen = new Map<string, number>()
    let from = 0
    do from = core.router.topics.sweep(from, slice, (topic, events) => seen.set(topic, events))
    while (from !== 0)
    return [...seen].sort()
  }
  t.same(visit(1), [
    ['busy', 5],
    ['quiet', 1],
  ])
  t.same(visit(100), [], 'counted anew')
  peer.publish('quiet', ['2', '3'])
  t.same(visit(100), [['quiet', 2]])
})
