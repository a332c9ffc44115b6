import t from 'tap'
import { connect as connectWeb } from '../../src/client/browser.js'
import { type Bus, connect as connectNode, type Status } from '../../src/client/index.js'
import { Code } from '../../src/protocol/codes.js'
import { FakeDaemon, type Listening, listen } from '../helpers/fake-daemon.js'
import { listenHttp2 } from '../helpers/fake-http2-daemon.js'
import { until } from '../helpers/manual-runtime.js'

interface Way {
  name: string
  connect: typeof connectWeb
  listen(daemon: FakeDaemon, port?: number): Promise<Listening>
  skip: false | string
}

const ways: Way[] = [
  { name: 'ws', connect: connectNode, listen, skip: false },
  {
    name: 'HTTP/2',
    connect: connectNode,
    listen: (daemon, port = 0) => listenHttp2(daemon, { port }),
    skip: false,
  },
  {
    name: 'the global WebSocket',
    connect: connectWeb,
    listen,
    skip: typeof globalThis.WebSocket === 'undefined' && 'this Node has no global WebSocket',
  },
]

for (const { name, connect, listen, skip } of ways) {
  t.test(`over ${name}`, { skip }, async (t) => {
    t.test('there and back, in order, much at once', async (t) => {
      const daemon = new FakeDaemon()
      const { url, close } = await listen(daemon)
      const bus = await connect(url, { name: 'test' })
      const seen: number[] = []
      const sub = bus.subscribe<number[]>('n', { onEvent: ({ value }) => seen.push(value[0]) })
      await sub.ready
      for (let i = 0; i < 20_000; i++) {
        if (!bus.publish('n', [i, 'x'.repeat(i % 50)])) await bus.ready()
      }
      t.match(await bus.sync(), { accepted: 20_000, refused: 0 })
      await until('all have arrived', () => seen.length === 20_000)
      t.ok(seen.every((value, i) => value === i))
      t.match(daemon.last.heard[0], { info: { version: 1, name: 'test' } })
      await bus.drain()
      await close()
    })

    t.test('a daemon that is killed and comes back', async (t) => {
      const daemon = new FakeDaemon()
      const { url, close } = await listen(daemon)
      const statuses: Status[] = []
      const bus = await connect(url, {
        backoffBaseMs: 5,
        backoffCapMs: 20,
        onStatus: (status) => statuses.push(status),
      })
      const seen: unknown[] = []
      bus.subscribe('a', { onEvent: ({ value }) => seen.push(value), onGap: ({ reason }) => seen.push(reason) })
      bus.publish('a', 1)
      await bus.sync()
      await until('the first event', () => seen.length === 1)
      await close()
      await until('the break is noticed', () => statuses.some(({ type }) => type === 'reconnecting'))
      bus.publish('a', 2)
      const again = await listen(daemon, Number(new URL(url).port))
      await until('the second event', () => seen.length === 3)
      t.same(seen, [1, 'reconnected', 2])
      await bus.close()
      await again.close()
    })

    t.test('a closed port, a wrong URL, a close code', async (t) => {
      const daemon = new FakeDaemon()
      const { url, close } = await listen(daemon)
      const bus: Bus = await connect(url)
      const ended = new Promise<Status>((resolve) => {
        bus.on('status', (status) => status.type === 'closed' && resolve(status))
      })
      daemon.last.close(Code.UNSUPPORTED_VERSION, 'too old')
      t.match(await ended, { code: Code.UNSUPPORTED_VERSION, reason: 'too old' })
      await close()
      await t.rejects(connect(url), { name: 'ConnectError', code: 1006, mayRetry: true })
      await t.rejects(connect('no url'), { name: 'ConnectError', mayRetry: false })
      await t.rejects(connect([]), { name: 'TypeError' })
      await t.rejects(connect(url, { bufferBytesMax: -1 }), { name: 'RangeError', message: /bufferBytesMax/ })
    })
  })
}

t.test('in a browser there is WebSocket, and nothing to say about TLS', async (t) => {
  for (const url of ['http://bus:7401', 'https://bus:7443/x', 'HTTPS://bus']) {
    const reason = 'http:// and https:// are for Node; here say ws:// or wss://'
    await t.rejects(connectWeb(url), { name: 'ConnectError', reason, mayRetry: false })
  }
  await t.rejects(connectWeb('wss://bus', { tls: {} } as object), { name: 'TypeError', message: 'unknown option tls' })
})

t.test('a refusal by HTTP says so', async (t) => {
  const { createServer } = await import('node:http')
  for (const [status, mayRetry] of [
    [400, false],
    [503, true],
  ] as const) {
    const server = createServer()
    server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await t.rejects(connectNode(`ws://127.0.0.1:${port}`), {
      name: 'ConnectError',
      reason: `HTTP status ${status}`,
      mayRetry,
    })
    server.close()
  }
})

t.test('a refused connection keeps the platform’s error as cause', async (t) => {
  const { url, close } = await listen(new FakeDaemon())
  await close()
  await t.rejects(connectNode(url), { cause: { code: 'ECONNREFUSED' } })
})
