import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const PAYLOAD = Buffer.alloc(1000, 1)

/** Publishes until at least so many bytes wait for subscribers that do not read. */
async function fill(daemon: DaemonProcess, publisher: RawClient, topic: string, bytes: number): Promise<number> {
  let published = 0
  for (let used = 0; used < bytes; used = (await daemon.scrape()).get('sluice_memory_used_bytes')) {
    for (let i = 0; i < 100; i++) publisher.publish(topic, PAYLOAD)
    published += 100
    await publisher.sync()
  }
  return published
}

t.setTimeout(120_000)

t.test('SIGTERM: no new connections, everybody is told when to come back, exit code 0', async (t) => {
  const spreadMs = 3000
  const daemon = await DaemonProcess.start(t, {
    'shutdown.goaway_spread': `${spreadMs}ms`,
    'shutdown.drain_timeout': '20s',
  })
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.open(daemon.url)))
  await clients[0].sync()
  daemon.signal('SIGTERM')
  await until('all are told', () => clients.every((client) => client.told(Op.GOAWAY).length === 1))
  const told = clients.map((client) => client.told(Op.GOAWAY)[0])
  t.ok(told.every(({ code }) => code === Code.SHUTTING_DOWN))
  t.ok(told.every(({ retryAfterMs }) => retryAfterMs >= 0 && retryAfterMs <= spreadMs))
  t.ok(new Set(told.map(({ retryAfterMs }) => retryAfterMs)).size > 20, 'spread, not all at one moment')
  await t.rejects(RawClient.open(daemon.url), { message: /ECONNREFUSED/ })
  t.same(await daemon.exited, { code: 0, signal: null })
  for (const client of clients) t.equal((await client.untilClosed()).code, Code.SHUTTING_DOWN)
  t.match(daemon.logs.at(-1), { msg: 'stopped', lostAtStop: 0 })
})

t.test('what waits for a subscriber is flushed before the end', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '30s' })
  const publisher = await RawClient.open(daemon.url)
  const subscriber = await RawClient.open(daemon.url)
  await subscriber.subscribe('a')
  subscriber.freeze()
  const published = await fill(daemon, publisher, 'a', 500_000)
  daemon.signal('SIGTERM')
  await publisher.until('GOAWAY', () => publisher.told(Op.GOAWAY).length === 1)
  subscriber.thaw()
  t.match(await subscriber.untilClosed(), { code: Code.SHUTTING_DOWN })
  t.equal(subscriber.events.length + subscriber.missed, published)
  t.equal(subscriber.missed, 0)
  t.same(await daemon.exited, { code: 0, signal: null })
  t.match(daemon.logs.at(-1), {
    msg: 'stopped',
    accepted: published,
    delivered: published,
    dropped: 0,
    lostAtStop: 0,
    sessionsBehind: 0,
  })
})

t.test('what is published while it drains is delivered', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '30s' })
  const publisher = await RawClient.open(daemon.url)
  const subscriber = await RawClient.open(daemon.url)
  await subscriber.subscribe('a')
  daemon.signal('SIGTERM')
  await publisher.until('GOAWAY', () => publisher.told(Op.GOAWAY).length === 1)
  publisher.publish('a', 'late')
  t.match(await publisher.sync(), { accepted: 1, refused: 0 })
  await subscriber.until('the late one', () => subscriber.events.length === 1)
  t.equal(subscriber.events[0].payload.toString(), 'late')
  t.same(await daemon.exited, { code: 0, signal: null })
})

t.test('a frozen subscriber delays the end by the drain timeout at most, and its loss is logged', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '700ms' })
  const publisher = await RawClient.open(daemon.url)
  const frozen = await RawClient.open(daemon.url)
  await frozen.subscribe('a')
  frozen.freeze()
  const published = await fill(daemon, publisher, 'a', 500_000)
  const waiting = (await daemon.scrape()).get('sluice_deliveries_pending')
  t.ok(waiting > 0)
  daemon.signal('SIGTERM')
  t.same(await daemon.exited, { code: 0, signal: null })
  t.match(daemon.logs.at(-1), {
    msg: 'stopped',
    accepted: published,
    delivered: published - waiting,
    dropped: waiting,
    lostAtStop: waiting,
    sessionsBehind: 1,
  })
  frozen.thaw()
  await frozen.untilClosed()
  t.ok(frozen.events.length <= published - waiting)
})

t.test(
  'bytes that the engine could not pass on yet are waited for too, though nothing waits in the outbox',
  async (t) => {
    const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '1500ms' })
    const publisher = await RawClient.open(daemon.url)
    const frozen = await RawClient.open(daemon.url)
    await frozen.subscribe('a', { policy: 'drop-newest', bytesMax: 1 })
    frozen.freeze()
    while ((await daemon.scrape()).dropped('drop-newest') === 0) {
      for (let i = 0; i < 100; i++) publisher.publish('a', PAYLOAD)
      await publisher.sync()
    }
    t.equal((await daemon.scrape()).get('sluice_deliveries_pending'), 0)
    daemon.signal('SIGTERM')
    t.same(await daemon.exited, { code: 0, signal: null })
    t.match(daemon.logs.at(-1), { msg: 'stopped', lostAtStop: 0, sessionsBehind: 1 })
  },
)

t.test('a second signal ends it at once', async (t) => {
  const daemon = await DaemonProcess.start(t, { 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '10m' })
  const publisher = await RawClient.open(daemon.url)
  const frozen = await RawClient.open(daemon.url)
  await frozen.subscribe('a')
  frozen.freeze()
  await fill(daemon, publisher, 'a', 100_000)
  daemon.signal('SIGTERM')
  await publisher.until('GOAWAY', () => publisher.told(Op.GOAWAY).length === 1)
  t.ok(daemon.isRunning, 'it waits for the frozen one')
  daemon.signal('SIGTERM')
  t.same(await daemon.exited, { code: 143, signal: null })
})
