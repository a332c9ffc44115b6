import t from 'tap'
import { Bus } from '../../src/client/bus.js'
import type { ConnectError } from '../../src/client/errors.js'
import type { ConnectOptions } from '../../src/client/options.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { rig } from '../helpers/client.js'
import { FakeDaemon } from '../helpers/fake-daemon.js'
import { ManualRuntime, settle } from '../helpers/manual-runtime.js'

const shown = (daemon: FakeDaemon) =>
  daemon.last.heard.flatMap((frame) => (frame.op === Op.AUTH ? [frame.credentials] : []))

t.test('credentials are shown first, and nothing goes out before they are known', async (t) => {
  const daemon = new FakeDaemon()
  daemon.knows = () => null
  const runtime = new ManualRuntime(daemon)
  const bus = new Bus(runtime, ['ws://a'], { user: 'ann', password: 'secret' })
  const connected = bus.start()
  bus.subscribe('a.>')
  bus.publish('a.b', 1)
  await settle()
  t.same(
    daemon.last.heard.map(({ op }) => op),
    [Op.HELLO, Op.AUTH],
  )
  t.same(shown(daemon), [{ user: 'ann', password: 'secret' }])
  t.notOk(bus.isConnected)
  t.equal(daemon.taken.length, 0)
  const [auth] = daemon.last.heard.filter((frame) => frame.op === Op.AUTH)
  daemon.last.send({ op: Op.OK, request: 'request' in auth ? auth.request : 0, info: { user: 'ann' } })
  await connected
  await bus.sync()
  t.equal(daemon.taken.length, 1)
  t.same(
    daemon.last.heard.map(({ op }) => op),
    [Op.HELLO, Op.AUTH, Op.SUBSCRIBE, Op.SYNC],
  )
  await bus.close()
})

t.test('options that make no sense', async (t) => {
  const bad: [object, RegExp][] = [
    [{ token: 'a', user: 'b', password: 'c' }, /a token, or user and password/],
    [{ user: 'b' }, /strings/],
    [{ password: 'b' }, /strings/],
    [{ token: '' }, /token is a string/],
    [{ token: 7 }, /token is a string/],
  ]
  for (const [options, message] of bad) {
    t.throws(() => new Bus(new ManualRuntime(new FakeDaemon()), ['ws://a'], options as ConnectOptions), message)
  }
})

t.test('what is not accepted ends it, and is not tried again', async (t) => {
  for (const code of [Code.BAD_CREDENTIALS, Code.TOKEN_REVOKED]) {
    const daemon = new FakeDaemon()
    daemon.knows = () => code
    await t.rejects(rig({ token: 'bad' }, daemon), { name: 'ConnectError', code, mayRetry: false })
  }
  const { bus, daemon, runtime, told } = await rig({ token: () => 'good' })
  daemon.knows = () => Code.BAD_CREDENTIALS
  daemon.last.kill()
  await runtime.advance(60_000)
  t.equal(runtime.opened.length, 2)
  t.match(told('closed'), [{ code: Code.BAD_CREDENTIALS }])
  t.throws(() => bus.subscribe('a'), { name: 'ClosedError', code: Code.BAD_CREDENTIALS })
})

t.test('credentials that cannot be checked just now are shown again later', async (t) => {
  const { bus, daemon, runtime } = await rig({ token: 'good' })
  let answers = 0
  daemon.knows = () => (++answers < 3 ? Code.AUTH_UNAVAILABLE : { user: 'ann' })
  daemon.last.kill()
  await runtime.advance(10_000)
  t.equal(answers, 3)
  t.ok(bus.isConnected)
  daemon.knows = () => null
  daemon.last.kill()
  await runtime.advance(100)
  t.notOk(bus.isConnected)
  daemon.knows = () => ({ user: 'ann' })
  await runtime.advance(10_000)
  t.ok(bus.isConnected, 'no answer is as bad as none')
  await bus.close()
})

t.test('a token is asked for before each connection, and renewed in time', async (t) => {
  let asked = 0
  const daemon = new FakeDaemon()
  daemon.knows = () => ({ user: 'ann', expiresInMs: 60_000 })
  const { bus, runtime } = await rig({ token: async () => `token ${++asked}` }, daemon)
  t.same(shown(daemon), [{ token: 'token 1' }])
  await runtime.advance(47_000)
  t.equal(asked, 1)
  await runtime.advance(2_000)
  t.same(shown(daemon), [{ token: 'token 1' }, { token: 'token 2' }])
  t.ok(bus.isConnected)
  daemon.last.close(Code.TOKEN_EXPIRED)
  await runtime.advance(200)
  t.same(shown(daemon), [{ token: 'token 3' }])
  t.equal(daemon.sessions.length, 2)
  await bus.close()
  const timers = runtime.timersWaiting
  t.equal(timers, 0, 'nothing is renewed any more')
})

t.test('a renewal that fails is tried again while the connection lasts', async (t) => {
  const daemon = new FakeDaemon()
  daemon.knows = () => ({ expiresInMs: 10_000 })
  let fails = 0
  let isFailing = false
  const token = (): string => {
    if (!isFailing) return 'good'
    fails++
    throw new Error('the issuer is away')
  }
  const { bus, runtime, told } = await rig({ token }, daemon)
  isFailing = true
  await runtime.advance(9_500)
  t.equal(fails, 2)
  t.match(told('error'), [{ name: 'auth_unavailable', message: 'no token: the issuer is away' }, {}])
  isFailing = false
  daemon.knows = () => Code.AUTH_UNAVAILABLE
  await runtime.advance(1_000)
  t.match(told('error').at(-1), { name: 'auth_unavailable', code: Code.AUTH_UNAVAILABLE })
  daemon.knows = () => ({ expiresInMs: 10_000 })
  const before = shown(daemon).length
  await runtime.advance(1_000)
  t.equal(shown(daemon).length, before + 1)
  t.equal(daemon.sessions.length, 1)
  await bus.close()
})

t.test('a token that never comes', async (t) => {
  await t.rejects(rig({ token: () => Promise.reject(new Error('no')) }), {
    name: 'ConnectError',
    code: Code.AUTH_UNAVAILABLE,
    reason: 'no token: no',
    mayRetry: true,
  })
  await t.rejects(rig({ token: () => 7 as unknown as string }), /token is a string/)
  const runtime = new ManualRuntime(new FakeDaemon())
  const bus = new Bus(runtime, ['ws://a', 'ws://b'], {
    token: () => new Promise<string>(() => {}),
    connectTimeoutMs: 500,
  })
  let error: ConnectError | null = null
  bus.start().catch((thrown: ConnectError) => {
    error = thrown
  })
  await runtime.advance(1_000)
  t.match(error, { reason: 'no token within 500 ms' })
  t.equal(runtime.opened.length, 0)
  const other = new Bus(runtime, ['ws://a'], { token: () => new Promise<string>(() => {}) })
  other.start().catch(() => {})
  await other.close()
  t.equal(runtime.timersWaiting, 0)
})

t.test('a token that is always the same is not shown again when it has expired', async (t) => {
  const daemon = new FakeDaemon()
  daemon.knows = () => ({ expiresInMs: 5_000 })
  const { runtime, told } = await rig({ token: 'once' }, daemon)
  await runtime.advance(4_900)
  t.equal(shown(daemon).length, 1)
  daemon.last.close(Code.TOKEN_EXPIRED)
  await runtime.advance(60_000)
  t.match(told('closed'), [{ code: Code.TOKEN_EXPIRED }])
  t.equal(daemon.sessions.length, 1)
})

t.test('who publishes too fast waits', async (t) => {
  const { bus, daemon, runtime, told } = await rig()
  daemon.refuses = (topic) => (topic === 'fast' ? Code.RATE_LIMITED : 0)
  bus.publish('fast', 1)
  await bus.sync()
  t.match(told('error'), [{ name: 'rate_limited', count: 1, topic: 'fast' }])
  t.equal(bus.publish('a', 1), false)
  t.equal(daemon.taken.length, 0)
  await runtime.advance(100)
  t.equal(daemon.taken.length, 1)
  await bus.close()
})
