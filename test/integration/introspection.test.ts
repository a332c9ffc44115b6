import { once } from 'node:events'
import { connect } from 'node:http2'
import t from 'tap'
import type { ClosedRow, ConnectionView, TraceRow } from '../../src/observe/introspect/rows.js'
import { Code } from '../../src/protocol/codes.js'
import { encodeControl } from '../../src/protocol/control.js'
import { Op, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { uwsMissing } from '../helpers/uws-ingress.js'

t.setTimeout(120_000)

interface Teardown {
  teardown(run: () => unknown): void
}

interface Listed {
  readonly total: number
  readonly connections: readonly ConnectionView[]
  readonly next: string | null
}

interface Traced {
  readonly total: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly receivers: readonly TraceRow[]
}

async function ask<Body>(daemon: DaemonProcess, path: string, body?: unknown): Promise<Body> {
  const post = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(`${daemon.adminUrl}${path}`, body === undefined ? {} : post)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}

async function all(daemon: DaemonProcess, query = ''): Promise<ConnectionView[]> {
  return [...(await ask<Listed>(daemon, `/connections?limit=1000${query}`)).connections]
}

/** Opens a stream of events over HTTP/1.1, which goes on until the end of the test. */
async function stream(t: Teardown, url: string, accept: string): Promise<void> {
  const abort = new AbortController()
  const response = await fetch(`${url}/v1/events?topic=a`, { headers: { accept }, signal: abort.signal })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  t.teardown(() => {
    abort.abort()
    reader.read().catch(() => {})
  })
}

/** A WebSocket over HTTP/2 (RFC 8441), and a session over one request, on one connection. */
async function overHttp2(t: Teardown, url: string): Promise<void> {
  const session = connect(url)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  const socket = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'here',
      ':path': '/',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': SUBPROTOCOL_MSGPACK,
    },
    { endStream: false },
  )
  const media = 'application/vnd.sluice.frames'
  const frames = session.request(
    { ':method': 'POST', ':path': '/v1/events', 'content-type': media, accept: media },
    { endStream: false },
  )
  frames.write(encodeControl({ op: Op.HELLO, info: { name: 'over one request' } }))
  for (const each of [socket, frames]) {
    each.on('error', () => {})
    await once(each, 'data')
  }
}

t.test('who is connected by which transport, and from where', { skip: opensslMissing }, async (t) => {
  const { certificateFile, keyFile, certificate } = makeCertificate(t)
  const daemon = await DaemonProcess.start(t, {
    'tls.certificate': certificateFile,
    'tls.key': keyFile,
  })
  const http = daemon.url.replace('ws:', 'http:')
  await RawClient.open(daemon.url)
  await RawClient.open(daemon.http2Url.replace('http:', 'ws:'))
  await RawClient.open(daemon.httpsUrl.replace('https:', 'wss:'), undefined, { ca: certificate })
  await stream(t, http, 'text/event-stream')
  await stream(t, daemon.http2Url, 'text/event-stream')
  await stream(t, http, 'application/x-ndjson')
  await overHttp2(t, daemon.http2Url)
  const rows = await all(daemon, '&sort=age')
  t.same(
    rows.map(({ listener, transport }) => `${listener} ${transport}`).sort(),
    [
      'http2 http-session',
      'http2 sse',
      'http2 websocket',
      'http2 websocket-h2',
      'https websocket',
      'listen http-frames',
      'listen sse',
      'listen websocket',
    ].sort(),
  )
  for (const { listener, transport, address } of rows) {
    // uWebSockets.js does not tell the port.
    const expected = listener === 'listen' && uwsMissing === false ? /^127\.0\.0\.1$/ : /^127\.0\.0\.1:\d+$/
    t.match(address, expected, `${listener} ${transport}`)
  }
  t.equal(rows.find(({ transport }) => transport === 'http-session')?.name, 'over one request')
})

t.test('hundreds of connections, some of them frozen, while events go on', async (t) => {
  const daemon = await DaemonProcess.start(t, {
    'outbox.bytes_max': '64KiB',
    'outbox.soft_bytes': '64KiB',
    'listen.send_buffer': '16KiB',
  })
  const size = 300
  const clients: RawClient[] = []
  for (let index = 0; index < size; index++) {
    const url = index % 3 === 0 ? daemon.http2Url.replace('http:', 'ws:') : daemon.url
    const client = await RawClient.open(url)
    client.onEvent = () => {}
    client.send({ op: Op.HELLO, info: { name: `reader-${index}` } })
    await client.subscribe(index % 2 === 0 ? 'even.>' : 'odd.>')
    clients.push(client)
  }
  const frozen = [clients[20], clients[21]]
  for (const client of frozen) client.freeze()
  const publisher = await RawClient.open(daemon.url)
  publisher.send({ op: Op.HELLO, info: { name: 'publisher' } })
  let isLoading = true
  const payload = Buffer.alloc(2000, 1)
  const loading = (async () => {
    for (let index = 0; isLoading; index++) {
      for (const topic of ['even.a', 'odd.b', 'odd.c']) publisher.publish(topic, payload)
      if (index % 10 === 0) await publisher.sync()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  })()
  t.teardown(() => {
    isLoading = false
  })

  const frozenNames = ['reader-20', 'reader-21']
  await until('the frozen ones are those that are furthest behind', async () => {
    const worst = (await ask<Listed>(daemon, '/slow?limit=2')).connections
    const isDropping = worst.length === 2 && worst.every(({ dropped }) => dropped > 0)
    return isDropping && worst.every(({ name, blockedMs }) => frozenNames.includes(name) && blockedMs > 0)
  })
  const named = await ask<Listed>(daemon, '/connections?name=READER-1&limit=10')
  t.equal(named.total, 111, 'reader-1, reader-10 to reader-19, reader-100 to reader-199')
  t.equal(named.connections.length, 10)

  const seen = new Set<number>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Listed = await ask<Listed>(daemon, `/connections?sort=age&limit=64&cursor=${cursor}`)
    t.equal(page.total, size + 1)
    for (const { session } of page.connections) seen.add(session)
    cursor = page.next
  }
  t.equal(seen.size, size + 1, 'each once over all pages')

  const [busiest] = (await ask<Listed>(daemon, '/connections?sort=rate&limit=5')).connections
  t.ok((busiest.acceptedRate ?? 0) + (busiest.deliveredRate ?? 0) > 0)
  const topics = await ask<{ topics: { topic: string; rate: number }[]; topicsActive: number }>(daemon, '/topics')
  t.same(topics.topics.map(({ topic }) => topic).sort(), ['even.a', 'odd.b', 'odd.c'])
  t.ok(topics.topics.every(({ rate }) => rate > 0))
  t.same(await ask(daemon, '/subscriptions'), {
    total: 2,
    patterns: [
      { pattern: 'even.>', subscriptions: 150 },
      { pattern: 'odd.>', subscriptions: 150 },
    ],
  })
  t.match(await ask(daemon, '/receivers?topic=even.x'), { total: 150 })

  const traced = await ask<Traced>(daemon, '/trace?limit=1000', { topic: 'even.trace', lane: 0, payload: { id: 1 } })
  t.equal(traced.total, 150)
  t.equal(new Set(traced.receivers.map(({ session }) => session)).size, 150)
  t.equal(traced.receivers.find(({ name }) => name === 'reader-20')?.outcome, 'waiting')
  t.ok((traced.outcomes.sent ?? 0) > 0)

  const [behind] = (await ask<Listed>(daemon, '/connections?name=reader-20&limit=1')).connections
  await ask(daemon, `/connections/${behind.session}/kick`, { reason: 'frozen' })
  t.notOk(
    (await all(daemon)).some(({ session }) => session === behind.session),
    'it is gone at once',
  )
  const { closed } = await ask<{ closed: ClosedRow[] }>(daemon, '/connections/closed')
  t.match(closed[0], { session: behind.session, name: 'reader-20', code: 4007, codeName: 'kicked', reason: 'frozen' })
  t.ok(closed[0].pendingBytes > 0, 'as it stood when it ended')
  clients[20].thaw()
  t.match(await clients[20].untilClosed(), { code: Code.KICKED, reason: 'frozen' })
  isLoading = false
  await loading
  t.same((await daemon.scrape()).imbalance, { routing: 0, delivery: 0 })
  const [row] = (await ask<Listed>(daemon, '/connections?name=reader-0')).connections
  await clients[0].close()
  await until('who leaves by itself is among the closed', async () => {
    const answer = await ask<{ closed: ClosedRow[] }>(daemon, '/connections/closed?name=reader-0')
    return answer.closed.some(({ session, code }) => session === row.session && code === 1005)
  })
})

t.test('a reader of server-sent events is kicked as any other', async (t) => {
  const daemon = await DaemonProcess.start(t)
  const response = await fetch(`${daemon.url.replace('ws:', 'http:')}/v1/events?topic=a`)
  const [row] = await all(daemon)
  await ask(daemon, `/connections/${row.session}/kick`, { reason: 'enough' })
  const text = await response.text()
  t.match(text, /event: error\n/)
  t.match(text, '"enough"')
  t.match(text, '4007')
  t.same(await all(daemon), [])
  t.match(await ask(daemon, '/connections/closed'), { closed: [{ transport: 'sse', codeName: 'kicked' }] })
})

t.test('how far away clients are', async (t) => {
  const daemon = await DaemonProcess.start(t)
  const answering = await RawClient.open(daemon.url)
  const mute = await RawClient.open(daemon.url)
  let answered = 0
  answering.socket.on('message', () => {
    for (const { token } of answering.told(Op.PING).slice(answered)) {
      answered++
      answering.send({ op: Op.PONG, token })
    }
  })
  const [first, second] = (await all(daemon, '&sort=age')).map(({ session }) => session)
  const { connections } = await ask<Listed>(daemon, '/connections?rtt&sort=age')
  t.ok((connections[0].roundTripMs ?? 0) > 0)
  t.equal(connections[1].roundTripMs, null, 'a client that does not answer is not waited for')
  t.equal(mute.closed, null, 'nor ended')
  t.ok((await ask<{ roundTripMs: number }>(daemon, `/connections/${first}?rtt`)).roundTripMs > 0)
  t.same((await ask<{ roundTripMs: null }>(daemon, `/connections/${second}?rtt`)).roundTripMs, null)
})
