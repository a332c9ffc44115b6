import t from 'tap'
import { connect } from '../../src/client/index.js'
import type { Subscription } from '../../src/client/subscription.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { rig } from '../helpers/client.js'
import { FakeDaemon, listen } from '../helpers/fake-daemon.js'
import { listenHttp2 } from '../helpers/fake-http2-daemon.js'
import { settle } from '../helpers/manual-runtime.js'
import { until } from '../helpers/until.js'

/** A message of `count` events of one topic, numbered on from `from`. */
function numbered(topic: string, from: number, count: number): Uint8Array {
  const frames = Array.from({ length: count }, (_, i) =>
    encodeEvent(topic, 3, Uint8Array.of(0xcd, (from + i) >> 8, (from + i) & 255)),
  )
  return new Uint8Array(Buffer.concat(frames))
}

async function read(sub: Subscription<number>, count: number): Promise<number[]> {
  const seen: number[] = []
  while (seen.length < count) {
    const { value, done } = await sub.next()
    if (done) break
    seen.push(value.value)
  }
  return seen
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

t.test('a queue that fills stops the socket, and one that is read starts it; nothing is dropped', async (t) => {
  const { bus, daemon, runtime } = await rig()
  const sub = bus.subscribe<number>('a', { bufferMax: 100 })
  await sub.ready
  for (let i = 0; i < 1000; i += 10) daemon.last.send(numbered('a', i, 10))
  await settle()
  t.equal(runtime.isPaused, true)
  t.same(await read(sub, 30), range(30))
  t.equal(runtime.isPaused, true, 'not at once, so that it does not go to and fro')
  t.same(await read(sub, 970), range(1000).slice(30))
  t.same(sub.missed, { daemon: 0, local: 0, reconnects: 0 })
  t.equal(runtime.isPaused, false)
  await bus.close()
})

t.test('bytes count too', async (t) => {
  const { bus, daemon, runtime } = await rig()
  const sub = bus.subscribe('a', { bufferBytesMax: 10_000 })
  await sub.ready
  for (let i = 0; i < 20; i++) daemon.last.send(encodeEvent('a', 3, new Uint8Array(1000)))
  await settle()
  t.equal(runtime.isPaused, true)
  for (let i = 0; i < 20; i++) await sub.next()
  t.equal(sub.missed.local, 0)
  await bus.close()
})

t.test('whoever waits for something from the daemon gets it', async (t) => {
  const { bus, daemon, runtime, told } = await rig()
  const slow = bus.subscribe<number>('slow', { bufferMax: 20 })
  await slow.ready
  const fill = async (): Promise<void> => {
    daemon.last.send(numbered('slow', 0, 20))
    await settle()
    t.equal(runtime.isPaused, true)
  }
  await fill()
  await bus.sync()
  t.pass('sync')

  await fill()
  const quick = bus.subscribe<number>('quick')
  await quick.ready
  t.pass('ready of a subscription')

  await fill()
  const next = quick.next()
  daemon.last.send(numbered('quick', 7, 1))
  t.equal((await next).value.value, 7, 'another iterator')

  await fill()
  daemon.last.send({ op: Op.ERROR, request: 0, code: Code.OVERLOADED, message: '', details: { retryAfterMs: 10 } })
  await bus.sync()
  t.equal(bus.publish('x', 1), false)
  const ready = bus.ready()
  await runtime.advance(10)
  await ready
  t.pass('ready of the bus')

  await fill()
  const seen: unknown[] = []
  bus.subscribe('>', { onEvent: ({ topic }) => seen.push(topic) })
  for (let round = 0; round < 5; round++) daemon.last.send(numbered('slow', 0, 20), numbered('c', 0, 1))
  await settle()
  t.equal(runtime.isPaused, false, 'a callback waits always')
  t.equal(seen.filter((topic) => topic === 'c').length, 5)
  t.ok(slow.missed.local > 0)
  t.ok(
    told('gap').some(({ reason }) => reason === 'local-buffer'),
    'and what does not fit is told',
  )
  await bus.close()
})

t.test('a full subscription that goes lets the others go on', async (t) => {
  const { bus, daemon, runtime } = await rig()
  const one = bus.subscribe<number>('one', { bufferMax: 20 })
  const two = bus.subscribe<number>('two', { bufferMax: 20 })
  await bus.sync()
  daemon.last.send(numbered('one', 0, 15), numbered('two', 0, 15))
  await settle()
  t.equal(runtime.isPaused, true)
  one.unsubscribe()
  t.equal(runtime.isPaused, true)
  await two.return()
  t.equal(runtime.isPaused, false)
  t.same(await read(one, 20), range(15), 'what has arrived can still be read')
  await bus.close()
})

t.test('a connection that is not read is not given up for its silence, and tells that we live', async (t) => {
  const { bus, daemon, runtime } = await rig()
  const sub = bus.subscribe<number>('a', { bufferMax: 20 })
  await sub.ready
  daemon.last.send(numbered('a', 0, 20))
  await settle()
  await runtime.advance(600_000)
  t.equal(bus.isConnected, true)
  t.equal(daemon.sessions.length, 1)
  t.ok(daemon.last.count(Op.PONG) >= 600_000 / 8_000, 'more often than the shortest idle time of a daemon')
  t.equal(daemon.last.count(Op.PING), 0)
  await read(sub, 20)
  t.equal(runtime.isPaused, false)
  daemon.answersPings = false
  await runtime.advance(29_999)
  t.equal(daemon.sessions.length, 1)
  await runtime.advance(10_000)
  t.equal(daemon.sessions.length, 2, 'once it is read its silence counts')
  await bus.close()
})

t.test('a break while the socket is not read', async (t) => {
  const { bus, daemon, runtime } = await rig()
  const sub = bus.subscribe<number>('a', { bufferMax: 20 })
  await sub.ready
  daemon.last.send(numbered('a', 0, 20))
  await settle()
  t.equal(runtime.isPaused, true)
  daemon.last.kill()
  await runtime.advance(200)
  t.equal(daemon.sessions.length, 2)
  t.same(sub.missed, { daemon: 0, local: 0, reconnects: 1 })
  await bus.sync()
  daemon.last.send(numbered('a', 20, 1))
  await settle()
  t.equal(runtime.isPaused, true, 'its queue is full on the new connection too')
  t.same(await read(sub, 21), range(21))
  t.equal(runtime.isPaused, false)
  await bus.close()
})

t.test(
  'where a socket cannot stop reading, what overflows is dropped here, and a dead connection is found',
  async (t) => {
    const { bus, daemon, runtime } = await rig({}, new FakeDaemon(), false)
    const sub = bus.subscribe<number>('a', { bufferMax: 20 })
    await sub.ready
    daemon.last.send(numbered('a', 0, 30))
    await settle()
    t.equal(sub.missed.local, 10)
    await runtime.advance(60_000)
    t.equal(daemon.sessions.length, 1)
    t.ok(daemon.last.count(Op.PING) > 0)
    daemon.answersPings = false
    await runtime.advance(60_000)
    t.ok(daemon.sessions.length > 1)
    await bus.close()
  },
)

for (const { name, open } of [
  { name: 'ws', open: (daemon: FakeDaemon) => listen(daemon) },
  { name: 'HTTP/2', open: (daemon: FakeDaemon) => listenHttp2(daemon) },
]) {
  t.test(`over ${name}: what a slow reader leaves waits with the daemon`, async (t) => {
    const daemon = new FakeDaemon()
    const { url, close } = await open(daemon)
    t.teardown(close)
    const bus = await connect(url)
    const sub = bus.subscribe<Uint8Array>('a', { bufferBytesMax: 8 * 1024 * 1024 })
    await sub.ready
    const payload = new Uint8Array(50_000)
    const count = 1_000
    for (let i = 0; i < count; i++) {
      payload.set([i >> 8, i & 255], 5)
      daemon.last.send(encodeEvent('a', 3, payload))
    }
    await sub.next()
    await until('the socket is not read any more', () => daemon.last.bufferedBytes > 20_000_000)
    let before = 0
    await until('nothing moves', () => {
      const isStill = before === daemon.last.bufferedBytes
      before = daemon.last.bufferedBytes
      return isStill
    })
    for (let i = 1; i < count; i++) {
      const { value } = await sub.next()
      const [high, low] = value.bytes.subarray(5)
      if ((high << 8) + low !== i) return t.fail(`event ${i} is ${(high << 8) + low}`)
    }
    t.same(sub.missed, { daemon: 0, local: 0, reconnects: 0 })
    await bus.close()
  })

  t.test(`over ${name}: closing, and being cut, while the socket is not read`, async (t) => {
    const daemon = new FakeDaemon()
    const { url, close } = await open(daemon)
    t.teardown(close)
    const bus = await connect(url, { backoffBaseMs: 1, backoffCapMs: 2 })
    const sub = bus.subscribe('a', { bufferMax: 2 })
    await sub.ready
    const leave = async (): Promise<void> => {
      daemon.last.send(numbered('a', 0, 2))
      await sub.next()
      daemon.last.send(numbered('a', 0, 2))
      await settle()
    }
    await leave()
    daemon.last.kill()
    await until('the break is noticed', () => sub.missed.reconnects === 1)
    await bus.sync()
    t.equal(daemon.sessions.length, 2)
    await leave()
    await bus.close()
    await until('the daemon knows', () => !daemon.last.isOpen)
    t.equal(daemon.sessions.length, 2)
  })
}
