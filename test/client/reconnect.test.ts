import t from 'tap'
import { backoffMs } from '../../src/client/backoff.js'
import type { Gap } from '../../src/client/status.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { rig } from '../helpers/client.js'
import { FakeDaemon } from '../helpers/fake-daemon.js'
import { settle } from '../helpers/manual-runtime.js'

const topicsOf = (daemon: FakeDaemon) => daemon.taken.map(({ topic }) => topic)

t.test('the bus comes back, subscribes in order, and tells of the gap before any event', async (t) => {
  const { bus, daemon, runtime, told } = await rig()
  const story: unknown[] = []
  const note = (name: string) => ({
    onEvent: () => story.push(name),
    onGap: ({ count, reason }: Gap) => story.push([name, count, reason]),
  })
  const subs = ['c', 'a.>', 'b'].map((pattern) => bus.subscribe(pattern, note(pattern)))
  await bus.sync()
  daemon.last.kill()
  await settle()
  t.equal(bus.isConnected, false)
  bus.publish('c', 1)
  bus.publish('a.x', 1)
  await runtime.advance(100)
  await bus.sync()
  t.equal(bus.isConnected, true)
  const asked = daemon.last.heard.flatMap((frame) => (frame.op === Op.SUBSCRIBE ? [frame.pattern] : []))
  t.same(asked, ['c', 'a.>', 'b'])
  t.same(story, [['c', null, 'reconnected'], ['a.>', null, 'reconnected'], ['b', null, 'reconnected'], 'c', 'a.>'])
  t.same(
    subs.map(({ missed }) => missed.reconnects),
    [1, 1, 1],
  )
  t.equal(told('gap').length, 3)
  t.same(
    told('connected').map(({ reconnected }) => reconnected),
    [false, true],
  )
  await bus.close()
})

t.test('what was sent and not confirmed is told as lost, and never sent again', async (t) => {
  const { bus, daemon, runtime, told } = await rig()
  for (let i = 0; i < 3; i++) bus.publish(`confirmed.${i}`, i)
  await bus.sync()
  daemon.answersSyncs = false
  for (let i = 0; i < 4; i++) bus.publish(`doubtful.${i}`, i)
  await settle()
  daemon.last.kill()
  for (let i = 0; i < 5; i++) bus.publish(`later.${i}`, i)
  await settle()
  t.match(told('lost'), [{ count: 4 }])
  daemon.answersSyncs = true
  await runtime.advance(100)
  await t.rejects(bus.sync(), { name: 'UnconfirmedError', count: 4 }, 'the loss is told to the next sync')
  t.same(await bus.sync(), { accepted: 8, refused: 0, dropped: 0 })
  const topics = topicsOf(daemon)
  t.equal(new Set(topics).size, topics.length, 'no doubles')
  t.same(
    topics.filter((topic) => topic.startsWith('later')),
    [0, 1, 2, 3, 4].map((i) => `later.${i}`),
  )
  t.match(bus.counts, { published: 12, accepted: 8, lost: 4, unconfirmed: 0, buffered: 0 })
  await bus.close()
})

t.test('a sync across a break rejects when something is in doubt, and goes on when not', async (t) => {
  const { bus, daemon, runtime } = await rig()
  daemon.answersSyncs = false
  bus.publish('a', 1)
  const doubtful = bus.sync()
  await settle()
  daemon.last.kill()
  await t.rejects(doubtful, { name: 'UnconfirmedError', count: 1 })
  daemon.answersSyncs = true
  bus.publish('b', 1)
  const parked = bus.sync()
  await runtime.advance(100)
  t.match(await parked, { accepted: 1 })
  await bus.close()
})

t.test('twenty restarts under a publisher: no event twice, and the counts add up', async (t) => {
  const { bus, daemon, runtime } = await rig()
  let sent = 0
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 50; i++) bus.publish(`t.${sent++}`, i)
    if (round % 3 === 0) await settle()
    if (round % 4 === 0) await bus.sync().catch(() => {})
    for (let i = 0; i < 50; i++) bus.publish(`t.${sent++}`, i)
    daemon.last.kill()
    for (let i = 0; i < 50; i++) bus.publish(`t.${sent++}`, i)
    await runtime.advance(6000)
  }
  await bus.sync().catch(() => bus.sync())
  const topics = topicsOf(daemon)
  t.equal(new Set(topics).size, topics.length)
  const { published, accepted, lost, buffered, unconfirmed } = bus.counts
  t.equal(published, sent)
  t.equal(accepted + lost + buffered + unconfirmed, sent)
  t.ok(topics.length >= accepted)
  t.ok(sent - topics.length <= lost, 'what is missing was told')
  await bus.close()
})

t.test('waits grow, are spread by the die, and end at the cap', async (t) => {
  const { daemon, runtime, statuses, told, bus } = await rig({ backoffBaseMs: 100, backoffCapMs: 1000 })
  runtime.dice = 0.5
  runtime.daemon = null
  daemon.last.kill()
  await settle()
  const expected = [50, 100, 200, 400, 500, 500]
  for (const delayMs of expected) {
    t.equal(told('reconnecting').at(-1)?.delayMs, delayMs)
    const tries = runtime.opened.length
    await runtime.advance(delayMs - 1)
    t.equal(runtime.opened.length, tries, 'not before')
    await runtime.advance(1)
    t.equal(runtime.opened.length, tries + 1)
  }
  t.equal(statuses.at(-1)?.type, 'reconnecting')
  await bus.close()
  t.equal(runtime.timersWaiting, 0, 'close ends the wait')
})

t.test('full jitter fills the whole range', async (t) => {
  t.equal(
    backoffMs(3, 100, 10_000, () => 0),
    0,
  )
  t.equal(
    backoffMs(3, 100, 10_000, () => 0.25),
    200,
  )
  t.equal(
    backoffMs(1000, 100, 10_000, () => 1),
    10_000,
  )
})

t.test('a connection that breaks at once does not reset the wait; one that held does', async (t) => {
  const { daemon, runtime, told, bus } = await rig()
  runtime.dice = 1
  for (let i = 0; i < 3; i++) {
    daemon.last.kill()
    await runtime.advance(400)
  }
  t.same(
    told('reconnecting').map(({ delayMs }) => delayMs),
    [100, 200, 400],
  )
  await runtime.advance(10_000)
  daemon.last.kill()
  await settle()
  t.equal(told('reconnecting').at(-1)?.delayMs, 100)
  await bus.close()
})

t.test('goaway: what was sent is confirmed, the rest waits for the next daemon, at the given time', async (t) => {
  const { daemon, runtime, told, bus } = await rig()
  runtime.dice = 0
  const first = daemon.last
  bus.publish('before', 1)
  await settle()
  first.send({ op: Op.GOAWAY, code: Code.SHUTTING_DOWN, retryAfterMs: 3000, reason: 'restart' })
  await settle()
  t.match(told('goaway'), [{ retryAfterMs: 3000, reason: 'restart' }])
  t.equal(bus.counts.unconfirmed, 0)
  t.equal(bus.publish('after', 2), true, 'taken, like without a connection')
  await settle()
  t.same(topicsOf(daemon), ['before'])
  await runtime.advance(1000)
  first.close(1001)
  await runtime.advance(1999)
  t.equal(daemon.sessions.length, 1)
  await runtime.advance(1)
  t.equal(daemon.sessions.length, 2)
  await bus.sync()
  t.same(topicsOf(daemon), ['before', 'after'])
  t.equal(told('lost').length, 0)
  await bus.close()
})

t.test('goaway from a daemon that never closes: the client does, in time', async (t) => {
  const { daemon, runtime, bus } = await rig()
  runtime.dice = 0
  daemon.last.send({ op: Op.GOAWAY, code: Code.SHUTTING_DOWN, retryAfterMs: 500, reason: '' })
  await runtime.advance(499)
  t.equal(daemon.sessions[0].isOpen, true)
  await runtime.advance(1)
  t.equal(daemon.sessions[0].isOpen, false)
  t.equal(daemon.sessions.length, 2)
  await bus.close()
})

t.test('a close code that says not to try again is obeyed', async (t) => {
  const { daemon, runtime, told, bus } = await rig()
  const sub = bus.subscribe('a')
  await bus.sync()
  daemon.last.close(Code.UNKNOWN_OP, 'no such op')
  await runtime.advance(60_000)
  t.equal(daemon.sessions.length, 1)
  t.match(told('closed'), [{ code: Code.UNKNOWN_OP, reason: 'no such op', unsent: 0, unconfirmed: 0 }])
  await t.rejects(sub.next(), { name: 'ClosedError', code: Code.UNKNOWN_OP })
  await t.rejects(bus.sync(), { name: 'ClosedError' })
  await t.rejects(bus.ready(), { name: 'ClosedError' })
  t.throws(() => bus.subscribe('b'), { name: 'ClosedError' })
  t.equal(bus.publish('a', 1), false)
  t.equal(bus.counts.notTaken, 1)
})

t.test('a silent daemon is pinged, then given up', async (t) => {
  const { daemon, runtime, told, bus } = await rig()
  const first = daemon.last
  await runtime.advance(14_999)
  t.equal(first.count(Op.PING), 0)
  await runtime.advance(1)
  t.equal(first.count(Op.PING), 1)
  await runtime.advance(60_000)
  t.equal(bus.isConnected, true, 'it answered')
  daemon.answersPings = false
  await runtime.advance(31_000)
  t.equal(daemon.sessions.length >= 2, true)
  t.match(told('reconnecting')[0], { code: Code.IDLE_TIMEOUT, reason: 'nothing heard for 30000 ms' })
  await bus.close()
})

t.test('the client answers pings', async (t) => {
  const { daemon, bus } = await rig()
  daemon.last.send({ op: Op.PING, token: 7 })
  await settle()
  t.match(
    daemon.last.heard.filter(({ op }) => op === Op.PONG),
    [{ token: 7 }],
  )
  await bus.close()
})

t.test('connect rejects with code, reason and whether to try again', async (t) => {
  const silent = new FakeDaemon()
  silent.welcomes = false
  const { Bus } = await import('../../src/client/bus.js')
  const { ManualRuntime } = await import('../helpers/manual-runtime.js')

  const nobody = new ManualRuntime(silent)
  nobody.daemon = null
  await t.rejects(new Bus(nobody, ['ws://a', 'ws://b'], {}).start(), {
    name: 'ConnectError',
    mayRetry: true,
    code: 1006,
    message: /ws:\/\/b/,
  })
  t.same(nobody.opened, ['ws://a', 'ws://b'], 'after every URL was tried')
  t.equal(nobody.timersWaiting, 0)

  const mute = new ManualRuntime(silent)
  const connecting = t.rejects(new Bus(mute, ['ws://a'], {}).start(), { name: 'ConnectError', mayRetry: true })
  await mute.advance(5000)
  await connecting

  const old = new FakeDaemon()
  old.welcomeInfo = { ...old.welcomeInfo, version: 2 }
  await t.rejects(new Bus(new ManualRuntime(old), ['ws://a'], {}).start(), {
    name: 'ConnectError',
    code: Code.UNSUPPORTED_VERSION,
    mayRetry: false,
  })

  for (const options of [
    { heartbeatMs: 0 },
    { whenFull: 'x' },
    { typo: 1 },
    { deadMs: 1 },
    { name: 'x'.repeat(200) },
  ]) {
    t.throws(() => new Bus(mute, ['ws://a'], options as object), /whenFull|typo|heartbeatMs|name/)
  }
})
