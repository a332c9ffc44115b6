import { createServer as createHttp1Server } from 'node:http'
import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import t from 'tap'
import { type Bus, connect, type Status } from '../../src/client/index.js'
import { Code } from '../../src/protocol/codes.js'
import { encodeControl } from '../../src/protocol/control.js'
import { MEDIA_FRAMES } from '../../src/protocol/media.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { FakeDaemon } from '../helpers/fake-daemon.js'
import { listenHttp2 } from '../helpers/fake-http2-daemon.js'
import { TcpProxy } from '../helpers/tcp-proxy.js'
import { until } from '../helpers/until.js'

interface Teardown {
  teardown(run: () => unknown): void
}

async function serve(t: Teardown, options: Parameters<typeof listenHttp2>[1] = {}) {
  const daemon = new FakeDaemon()
  const { url, close } = await listenHttp2(daemon, options)
  t.teardown(close)
  return { daemon, url }
}

/** A server of another kind; its port. */
async function portOf(t: Teardown, server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** An HTTP/2 server that does with each request what it is told. */
async function answering(t: Teardown, answer: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createServer()
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    answer(stream)
  })
  t.teardown(() => {
    for (const session of sessions) session.destroy()
  })
  return `http://127.0.0.1:${await portOf(t, server)}`
}

function statusesOf(bus: Bus): Status[] {
  const statuses: Status[] = []
  bus.on('status', (status) => statuses.push(status))
  return statuses
}

t.test('frames cut anywhere arrive whole', async (t) => {
  for (const size of [1, 2, 3, 7, 1000]) {
    const { daemon, url } = await serve(t, {
      cut: (bytes) => {
        const pieces: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
        return pieces
      },
    })
    const bus = await connect(url)
    const seen: unknown[] = []
    await bus.subscribe('>', { onEvent: ({ topic, value }) => seen.push([topic, value]) }).ready
    const sent = Array.from({ length: 50 }, (_, i) => [`t.${i}`, 'x'.repeat(i * i)])
    for (const [topic, value] of sent) bus.publish(topic, value)
    t.match(await bus.sync(), { accepted: 50 })
    await until('all have arrived', () => seen.length === 50)
    t.same(seen, sent)
    t.equal(daemon.sessions.length, 1)
    await bus.close()
  }
})

t.test('one event of many windows, both ways', async (t) => {
  const { daemon, url } = await serve(t)
  const { limits } = daemon.welcomeInfo
  daemon.welcomeInfo = {
    ...daemon.welcomeInfo,
    limits: { ...limits, messageBytesMax: 2 ** 24, payloadBytesMax: 2 ** 24 },
  }
  const bus = await connect(url)
  const sub = bus.subscribe('big')
  const payload = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) & 0xff)
  bus.publishBytes('big', payload, { type: 'image/x-raw' })
  const { value: event } = await sub.next()
  t.ok(Buffer.from(event.bytes).equals(payload))
  await bus.close()
})

t.test('the bytes of a message are the library’s again at once', async (t) => {
  const { daemon, url } = await serve(t)
  const bus = await connect(url)
  for (let i = 0; i < 2000; i++) {
    bus.publish('t', i)
    // Each lies in the same place as the one before it.
    if (i % 10 === 0) await Promise.resolve()
  }
  await bus.sync()
  t.same(
    daemon.taken.map(({ frame }) => Buffer.from(frame)),
    Array.from({ length: 2000 }, (_, i) => {
      const packed = i < 128 ? [i] : i < 256 ? [0xcc, i] : [0xcd, i >> 8, i & 255]
      return Buffer.from(encodeEvent('t', 3, Uint8Array.from(packed)))
    }),
  )
  await bus.close()
})

t.test('the path of the URL goes before that of the API', async (t) => {
  for (const path of ['/bus/v1/events', '/a/b/v1/events', '/v1/events?x=1']) {
    const headers: { [name: string]: unknown }[] = []
    const { url } = await serve(t, { path, onRequest: (given) => headers.push(given) })
    const [before, query = ''] = path.split('?')
    const base = `${url}${before.replace('/v1/events', '')}`
    const bus = await connect(query === '' ? base : `${base}?${query}`)
    await bus.sync()
    await bus.close()
    if (query === '') await (await connect(`${base}/`)).close()
    t.notOk('authorization' in headers[0])
  }
  const { url } = await serve(t)
  await t.rejects(connect(`${url}/elsewhere`), {
    name: 'ConnectError',
    code: Code.NOT_FOUND,
    reason: 'nothing at /elsewhere/v1/events',
    mayRetry: false,
  })
  await t.rejects(connect(`${url}/#x`), { name: 'ConnectError', reason: /fragment/, mayRetry: false })
})

t.test('a name and password in the URL are sent as such', async (t) => {
  const headers: { [name: string]: unknown }[] = []
  const { url } = await serve(t, { onRequest: (given) => headers.push(given) })
  const secret = url.replace('//', '//me:se%20cret@')
  const statuses: Status[] = []
  await (await connect(secret, { onStatus: (status) => statuses.push(status) })).close()
  t.equal(headers[0].authorization, `Basic ${Buffer.from('me:se cret').toString('base64')}`)
  t.match(
    statuses,
    [
      { type: 'connecting', url },
      { type: 'connected', url },
    ],
    'and told to nobody else',
  )
  await t.rejects(connect(`${secret}/elsewhere`), { message: /^cannot connect to http:\/\/127/ })
})

t.test('refusals: the problem’s code and detail, or the status', async (t) => {
  const problem = (fields: object) => ['application/problem+json', JSON.stringify(fields)]
  const cases: [number, string[], { code: number; reason: string; mayRetry: boolean }][] = [
    [503, problem({ code: 4000, detail: 'going' }), { code: 4000, reason: 'going', mayRetry: true }],
    [503, problem({ code: 4004, title: 'full' }), { code: 4004, reason: 'full', mayRetry: true }],
    [406, problem({ code: 4524, detail: 'no' }), { code: 4524, reason: 'no', mayRetry: false }],
    [406, problem({ code: 4524 }), { code: 4524, reason: 'HTTP status 406', mayRetry: false }],
    [403, problem({ title: 'of another' }), { code: 1006, reason: 'HTTP status 403', mayRetry: false }],
    [429, ['application/problem+json', '{'], { code: 1006, reason: 'HTTP status 429', mayRetry: true }],
    [
      502,
      ['text/html', '<h1>Bad Gateway</h1>'.repeat(10_000)],
      { code: 1006, reason: 'HTTP status 502', mayRetry: true },
    ],
    [404, ['', ''], { code: 1006, reason: 'HTTP status 404', mayRetry: false }],
    [200, ['text/html', 'hello'], { code: 1006, reason: /text\/html.*no Sluice/ as never, mayRetry: false }],
  ]
  for (const [status, [type, body], expected] of cases) {
    const url = await answering(t, (stream) => {
      stream.respond({ ':status': status, ...(type !== '' && { 'content-type': type }) })
      stream.end(body)
    })
    await t.rejects(connect(url), { name: 'ConnectError', ...expected }, `${status} ${body.slice(0, 40)}`)
  }
})

t.test('what the daemon says before it ends is why', async (t) => {
  const { daemon, url } = await serve(t)
  const ends: [(bus: FakeDaemon['last']) => void, { code: number; reason: string | RegExp }][] = [
    [(session) => session.close(Code.SHUTTING_DOWN, 'bye'), { code: Code.SHUTTING_DOWN, reason: 'bye' }],
    [(session) => session.close(Code.SLOW_CONSUMER, 'slow'), { code: Code.SLOW_CONSUMER, reason: 'slow' }],
    [(session) => session.close(1000), { code: 1005, reason: /ended/ }],
    [
      (session) => {
        session.send({ op: Op.GOAWAY, code: Code.SHUTTING_DOWN, retryAfterMs: 1, reason: 'restart' })
        session.close(1000)
      },
      { code: Code.SHUTTING_DOWN, reason: 'restart' },
    ],
    [
      (session) => {
        session.send(encodeEvent('a', 3, new Uint8Array(100)).subarray(0, 50))
        session.close(1000)
      },
      { code: 1006, reason: /within a frame/ },
    ],
    [(session) => session.kill(), { code: 1006, reason: /INTERNAL_ERROR/ }],
  ]
  for (const [end, expected] of ends) {
    const bus = await connect(url, { backoffBaseMs: 1, backoffCapMs: 2 })
    const statuses = statusesOf(bus)
    end(daemon.last)
    await until('it is back', () => statuses.some(({ type }) => type === 'connected'))
    t.match(
      statuses.find(({ type }) => type === 'reconnecting'),
      expected,
    )
    await bus.close()
  }
  const bus = await connect(url)
  const statuses = statusesOf(bus)
  daemon.last.close(Code.UNSUPPORTED_VERSION, 'too old')
  await until('the end', () => statuses.some(({ type }) => type === 'closed'))
  t.match(statuses.at(-1), { type: 'closed', code: Code.UNSUPPORTED_VERSION, reason: 'too old' })
})

t.test('an end of the connection below the request', async (t) => {
  const sessions: ServerHttp2Session[] = []
  const { url } = await serve(t, { onSession: (session) => sessions.push(session) })
  const ends: [(session: ServerHttp2Session) => void, RegExp][] = [
    [(session) => session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM), /ENHANCE_YOUR_CALM/],
    [(session) => session.destroy(), /./],
  ]
  for (const [end, reason] of ends) {
    const bus = await connect(url, { backoffBaseMs: 1, backoffCapMs: 2 })
    const statuses = statusesOf(bus)
    end(sessions[sessions.length - 1])
    await until('it is back', () => statuses.some(({ type }) => type === 'connected'))
    t.match(
      statuses.find(({ type }) => type === 'reconnecting'),
      { code: 1006, reason },
    )
    await bus.close()
  }
})

t.test('a wire that breaks, and one that goes silent', async (t) => {
  const { url } = await serve(t)
  const proxy = await TcpProxy.open(url)
  t.teardown(() => proxy.close())
  const bus = await connect(proxy.url.replace('ws:', 'http:'), {
    backoffBaseMs: 1,
    backoffCapMs: 2,
    heartbeatMs: 200,
    deadMs: 1000,
  })
  const statuses = statusesOf(bus)
  const breaks = () => statuses.filter(({ type }) => type === 'reconnecting')
  proxy.cut()
  await until('the break is noticed', () => breaks().length === 1)
  t.match(breaks()[0], { code: 1006, reason: /./ })
  await until('it is back', () => bus.isConnected)
  proxy.freeze()
  await until('the silence is noticed', () => breaks().length > 1)
  t.match(breaks()[1], { code: Code.IDLE_TIMEOUT, reason: /nothing heard/ })
  await bus.close()
})

t.test('a connection that says it will end goes on for what is under way', async (t) => {
  const sessions: ServerHttp2Session[] = []
  const { daemon, url } = await serve(t, { onSession: (session) => sessions.push(session) })
  const bus = await connect(url)
  sessions[0].goaway(constants.NGHTTP2_NO_ERROR)
  bus.publish('a', 1)
  t.match(await bus.sync(), { accepted: 1 })
  t.equal(daemon.sessions.length, 1)
  await bus.close()
})

t.test('what is there is no HTTP/2, or nothing', async (t) => {
  const http1 = await portOf(t, createHttp1Server())
  await t.rejects(connect(`http://127.0.0.1:${http1}`), { name: 'ConnectError', code: 1006, reason: /./ })
  const silent = await answering(t, () => {})
  await t.rejects(connect(silent, { connectTimeoutMs: 50 }), {
    name: 'ConnectError',
    reason: /no WELCOME/,
    mayRetry: true,
  })
  const { url } = await serve(t)
  await t.rejects(connect(url.replace('http:', 'https:')), { name: 'ConnectError', code: 1006, reason: /./ })
})

t.test('closing lets out what was published, and ends the connection', async (t) => {
  const sessions: ServerHttp2Session[] = []
  const { daemon, url } = await serve(t, { onSession: (session) => sessions.push(session) })
  const bus = await connect(url)
  for (let i = 0; i < 100; i++) bus.publish('last', i)
  await bus.close()
  t.equal(daemon.taken.length, 100)
  await until('the connection is gone', () => sessions[0].destroyed)
  t.equal(daemon.last.isOpen, false)

  const listener = await connect(url)
  await listener.subscribe('>', { onEvent: () => {} }).ready
  for (let i = 0; i < 100; i++) listener.publish('last', i)
  await listener.close()
  t.equal(daemon.taken.length, 200, 'with subscriptions, which keep the answer open')
  await until('the connection is gone', () => sessions[1].destroyed)
})

t.test('a daemon that does not read: publishing waits, and nothing is lost', async (t) => {
  let reads: ServerHttp2Stream | null = null
  const taken: number[] = []
  const daemon = new FakeDaemon()
  const url = await answering(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': MEDIA_FRAMES })
    const welcome = { op: Op.WELCOME, info: daemon.welcomeInfo } as const
    stream.write(encodeControl(welcome))
    stream.on('data', (chunk: Buffer) => taken.push(chunk.length))
    stream.on('end', () => stream.end())
    stream.pause()
    reads = stream
  })
  const bus = await connect(url, { bufferBytesMax: 1_000_000 })
  const payload = new Uint8Array(10_000)
  let published = 0
  while (bus.publishBytes('t', payload)) {
    published++
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.ok(published < 1000, 'it pushed back')
  const stream = reads as unknown as ServerHttp2Stream
  stream.resume()
  await bus.ready()
  const all = (published + 1) * payload.length
  await until('all of it has come', () => taken.reduce((sum, length) => sum + length, 0) >= all)
  t.equal(bus.counts.notTaken, 0)
  await bus.close()
})
