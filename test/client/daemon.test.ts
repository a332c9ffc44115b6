// The library against the real daemon, by every way that leads to it.
import t from 'tap'
import { type Bus, connect, type Status } from '../../src/client/index.js'
import { Code } from '../../src/protocol/codes.js'
import { DaemonProcess, daemonHere, type Flags } from '../helpers/daemon.js'
import { until } from '../helpers/until.js'

interface Urls {
  readonly url: string
  readonly http2Url: string
}

interface Way {
  name: string
  urlOf(daemon: Urls): string
}

const ways: Way[] = [
  { name: 'WebSocket', urlOf: ({ url }) => url },
  { name: "WebSocket on Node's streams", urlOf: ({ http2Url }) => http2Url.replace('http:', 'ws:') },
  { name: 'HTTP/2', urlOf: ({ http2Url }) => http2Url },
]

/** Attempts that follow each other quickly, so that tests need not wait. */
const QUICKLY = { backoffBaseMs: 10, backoffCapMs: 100 }

/** What is published to a reader that does not read: several times what the kernel, the library and the daemon's outbox hold. */
const COUNT = 800
const PAYLOAD_BYTES = 10_000
const SLOW = { bufferBytesMax: 1024 * 1024, bytesMax: 128 * 1024 }
const SMALL_BUFFERS = { 'listen.send_buffer': '16KiB' }

function statusesOf(bus: Bus): Status[] {
  const statuses: Status[] = []
  bus.on('status', (status) => statuses.push(status))
  return statuses
}

for (const { name, urlOf } of ways) {
  t.test(`over ${name}`, async (t) => {
    t.test('there and back, in order', async (t) => {
      const daemon = await daemonHere(t)
      const bus = await connect(urlOf(daemon))
      const seen: number[] = []
      const sub = bus.subscribe<number>('n.*', { onEvent: ({ value }) => seen.push(value) })
      await sub.ready
      const count = 20_000
      for (let i = 0; i < count; i++) if (!bus.publish('n.x', i)) await bus.ready()
      t.match(await bus.sync(), { accepted: count, refused: 0 })
      await until('all have arrived', () => seen.length === count)
      t.ok(seen.every((value, i) => value === i))

      const big = bus.subscribe('big')
      const payload = new Uint8Array(bus.daemon.limits.payloadBytesMax).fill(7)
      bus.publishBytes('big', payload)
      t.ok(Buffer.from((await big.next()).value.bytes).equals(payload), 'the largest payload')
      t.equal(sub.isActive, true)
      await bus.close()
    })

    t.test('lanes: what is urgent goes first, of what waits', async (t) => {
      const daemon = await daemonHere(t, SMALL_BUFFERS)
      const [publisher, reader] = [await connect(urlOf(daemon)), await connect(urlOf(daemon))]
      const sub = reader.subscribe('lane.>', SLOW)
      await sub.ready
      const payload = new Uint8Array(PAYLOAD_BYTES)
      for (let i = 0; i < COUNT; i++)
        if (!publisher.publishBytes('lane.slow', payload, { lane: 7 })) await publisher.ready()
      await publisher.sync()
      publisher.publish('lane.urgent', 1, { lane: 0 })
      await publisher.sync()
      let before = 0
      for await (const { topic } of sub) {
        if (topic === 'lane.urgent') break
        before++
      }
      t.ok(before < COUNT, `${before} events were on their way already`)
      await publisher.close()
      await reader.close()
    })

    t.test('a slow iterator is the daemon’s slow consumer, by its policy', async (t) => {
      const daemon = await daemonHere(t, SMALL_BUFFERS)
      const [publisher, reader] = [await connect(urlOf(daemon)), await connect(urlOf(daemon))]
      const oldest = reader.subscribe<number>('a', SLOW)
      await oldest.ready
      const payload = new Uint8Array(PAYLOAD_BYTES)
      const count = COUNT
      for (let i = 0; i < count; i++) if (!publisher.publishBytes('a', payload)) await publisher.ready()
      publisher.publish('a', 'the last')
      await publisher.sync()
      let read = 0
      for await (const event of oldest) {
        read++
        if (event.bytes.length < 100) {
          t.equal(event.value, 'the last')
          break
        }
      }
      const { local, daemon: missed } = oldest.missed
      t.equal(local, 0)
      t.ok(missed > 0, 'the daemon dropped, not we')
      t.equal(read + missed, count + 1, 'and every event is accounted for')
      await publisher.close()
      await reader.close()
    })

    t.test('a slow iterator of what is conflated reads the latest', async (t) => {
      const daemon = await daemonHere(t, SMALL_BUFFERS)
      const [publisher, reader] = [await connect(urlOf(daemon)), await connect(urlOf(daemon))]
      const sub = reader.subscribe('price', { ...SLOW, policy: 'conflate' })
      await sub.ready
      const count = COUNT
      const payload = new Uint8Array(PAYLOAD_BYTES)
      for (let i = 1; i <= count; i++) {
        payload.set([i >> 8, i & 255], 0)
        if (!publisher.publishBytes('price', payload.slice())) await publisher.ready()
        if (i % 100 === 0) await publisher.sync()
      }
      let read = 0
      for await (const { bytes } of sub) {
        read++
        if ((bytes[0] << 8) + bytes[1] === count) break
      }
      t.ok(read < count, `${read} of ${count}`)
      t.equal(sub.missed.local, 0)
      await publisher.close()
      await reader.close()
    })

    t.test('killed and started again', async (t) => {
      const { daemon, again } = await startTwice(t)
      const bus = await connect(urlOf(daemon), QUICKLY)
      const statuses = statusesOf(bus)
      const seen: unknown[] = []
      const sub = bus.subscribe('a', { onEvent: ({ value }) => seen.push(value) })
      bus.publish('a', 1)
      await bus.sync()
      await until('the first event', () => seen.length === 1)
      daemon.signal('SIGKILL')
      await until('the break is noticed', () => statuses.some(({ type }) => type === 'reconnecting'))
      bus.publish('a', 2)
      await again()
      await until('the second event', () => seen.length === 2)
      t.same(seen, [1, 2])
      t.equal(sub.missed.reconnects, 1)
      await bus.close()
    })

    t.test('stopped in good order: told before, and nothing in doubt', async (t) => {
      const { daemon, again } = await startTwice(t, { 'shutdown.goaway_spread': '0' })
      const bus = await connect(urlOf(daemon), QUICKLY)
      const statuses = statusesOf(bus)
      bus.subscribe('a', { onEvent: () => {} })
      for (let i = 0; i < 100; i++) bus.publish('a', i)
      daemon.signal('SIGTERM')
      await until('the goodbye', () => statuses.some(({ type }) => type === 'goaway'))
      bus.publish('a', 100)
      t.same(await daemon.exited, { code: 0, signal: null })
      await again()
      await until('it is back', () => bus.isConnected)
      t.match(await bus.sync(), { accepted: 101, refused: 0 })
      t.match(
        statuses.find(({ type }) => type === 'goaway'),
        { code: Code.SHUTTING_DOWN },
      )
      t.equal(bus.counts.lost, 0)
      await bus.close()
    })

    t.test('a client that stays is sent away with the code', async (t) => {
      const daemon = await daemonHere(t, { 'shutdown.goaway_spread': '60s', 'shutdown.drain_timeout': '1s' })
      // The time it is given to leave is drawn from a minute, so most of them would stay.
      const buses = await Promise.all(Array.from({ length: 8 }, () => connect(urlOf(daemon), QUICKLY)))
      const all = buses.map(statusesOf)
      await daemon.stop('test')
      await until('all are gone', () => all.every((statuses) => statuses.some(({ type }) => type === 'reconnecting')))
      const reasons = all.map((statuses) => statuses.find(({ type }) => type === 'reconnecting'))
      t.ok(reasons.some((status) => status?.type === 'reconnecting' && status.code === Code.SHUTTING_DOWN))
      await Promise.all(buses.map((bus) => bus.close()))
    })
  })
}

interface Teardown {
  teardown(run: () => unknown): void
}

/** A daemon, and how to start another one on its ports. */
async function startTwice(
  t: Teardown,
  flags: Flags = {},
): Promise<{ daemon: DaemonProcess; again(): Promise<unknown> }> {
  const daemon = await DaemonProcess.start(t, { 'log.level': 'silent', ...flags })
  const ports = { 'listen.port': `${daemon.port}`, 'http2.port': new URL(daemon.http2Url).port }
  return { daemon, again: () => DaemonProcess.start(t, { 'log.level': 'silent', ...flags, ...ports }) }
}
