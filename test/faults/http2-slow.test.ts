import t, { type Test } from 'tap'
import {
  Flag,
  frame,
  hpack,
  PREFACE,
  RawHttp2,
  request,
  requestHeaders,
  Setting,
  settings,
  Type,
} from '../helpers/http2-raw.js'
import { TcpProxy } from '../helpers/tcp-proxy.js'
import { until } from '../helpers/until.js'
import { http2Neighbours } from './http2-neighbours.js'
import { Http2Target, type TargetReport } from './http2-target.js'

const TRICKLE_MS = 50

const TIMES = { headerTimeoutMs: 1000, httpIdleTimeoutMs: 1500, idleTimeoutMs: 2000 }

/** Sends one byte after another, for ever. */
function trickle(client: RawHttp2, bytes: Buffer): void {
  let sent = 0
  const timer = setInterval(() => {
    if (client.isClosed) clearInterval(timer)
    else client.send(bytes.subarray(sent % bytes.length, (sent++ % bytes.length) + 1))
  }, TRICKLE_MS)
}

interface Slow {
  name: string
  /** Null: it is closed, but nobody is accused of anything. */
  reason: string | null
  orReason?: string
  open(port: number): Promise<RawHttp2>
}

async function silentWith(port: number, ...first: Buffer[]): Promise<RawHttp2> {
  const client = await RawHttp2.silent(port)
  client.send(...first)
  return client
}

const headWithoutEnd = frame(Type.HEADERS, Flag.END_STREAM, 1, hpack(requestHeaders('GET', '/')))
const crumbs = Buffer.concat(
  Array.from({ length: 100 }, (_, i) => frame(Type.CONTINUATION, 0, 1, hpack([[`x${i}`, 'y']]))),
)

const SLOW: Slow[] = [
  { name: 'silence', reason: 'head_timeout', open: (port) => RawHttp2.silent(port) },
  { name: 'half a preface', reason: 'head_timeout', open: (port) => silentWith(port, PREFACE.subarray(0, 12)) },
  { name: 'one byte of a preface', reason: 'head_timeout', open: (port) => silentWith(port, PREFACE.subarray(0, 1)) },
  { name: 'a preface and no more', reason: 'head_timeout', open: (port) => silentWith(port, PREFACE) },
  { name: 'settings and no request', reason: 'head_timeout', open: (port) => RawHttp2.open(port) },
  {
    // Whoever is the first to have enough of it: nghttp2, or our time for heads.
    name: 'a head of HTTP/2 in crumbs',
    reason: 'protocol',
    orReason: 'head_timeout',
    async open(port) {
      const client = await RawHttp2.open(port)
      client.send(headWithoutEnd)
      trickle(client, crumbs)
      return client
    },
  },
  {
    name: 'a head of HTTP/1.1 in crumbs',
    reason: 'head_timeout',
    async open(port) {
      const client = await silentWith(port, Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n'))
      trickle(client, Buffer.from('x: y\r\n'))
      return client
    },
  },
  {
    name: 'half a head of HTTP/1.1 after a whole request',
    reason: 'head_timeout',
    open: (port) => silentWith(port, Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\n')),
  },
  {
    name: 'a window of nothing, so that no answer can be sent',
    reason: 'stalled',
    async open(port) {
      const client = await RawHttp2.open(port, settings([Setting.INITIAL_WINDOW_SIZE, 0]))
      for (let i = 0; i < 10; i++) client.send(request(2 * i + 1, { path: '/big' }))
      return client
    },
  },
  {
    name: 'a body of HTTP/1.1 that goes on after its answer',
    reason: 'stalled',
    async open(port) {
      const client = await silentWith(
        port,
        Buffer.from('POST /big HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n'),
      )
      trickle(client, Buffer.from('x'))
      return client
    },
  },
  {
    name: 'idle after a request of HTTP/2',
    reason: null,
    async open(port) {
      const client = await RawHttp2.open(port)
      client.send(request(1))
      client.onFrame = ({ type, flags, payload }) => {
        if (type === Type.PING && (flags & Flag.ACK) === 0) client.send(frame(Type.PING, Flag.ACK, 0, payload))
      }
      return client
    },
  },
  {
    name: 'idle after a request of HTTP/1.1',
    reason: null,
    open: (port) => silentWith(port, Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')),
  },
  {
    name: 'a stream of events that nobody is there for',
    reason: 'no_answer',
    async open(port) {
      const client = await RawHttp2.open(port)
      client.send(request(1, { path: '/events' }))
      return client
    },
  },
]

t.setTimeout(120_000)

function accused(before: TargetReport, after: TargetReport, reason: string): number {
  return (after.hostile[reason] ?? 0) - (before.hostile[reason] ?? 0)
}

async function target(t: Test): Promise<Http2Target> {
  return Http2Target.start(t, TIMES)
}

for (const { name, reason, orReason, open } of SLOW) {
  t.test(`${name}: closed, and nothing else is`, async (t) => {
    const CROWD = 20
    const slow = await target(t)
    const beside = await http2Neighbours(slow.port)
    const before = await slow.report()
    const clients = await Promise.all(Array.from({ length: CROWD }, () => open(slow.port)))
    await until('they are closed', () => clients.every(({ isClosed }) => isClosed))
    const after = await slow.report()
    const also = orReason === undefined ? 0 : accused(before, after, orReason)
    if (reason !== null) t.equal(accused(before, after, reason) + also, CROWD, `counted as ${reason}`)
    else t.same(after.hostile, before.hostile)
    await until('only the neighbours are left', async () => (await slow.report()).connections === before.connections)
    t.same((await beside.stop()).failures, [])
  })
}

t.test('a reader of events stays for as long as it answers to PING, and is found when it has vanished', async (t) => {
  const slow = await target(t)
  const proxy = await TcpProxy.open(`http://127.0.0.1:${slow.port}`)
  t.teardown(() => proxy.close())
  const client = await RawHttp2.open(Number(new URL(proxy.url).port))
  let pings = 0
  client.onFrame = ({ type, flags, payload }) => {
    if (type !== Type.PING || (flags & Flag.ACK) !== 0) return
    pings++
    client.send(frame(Type.PING, Flag.ACK, 0, payload))
  }
  client.send(request(1, { path: '/events' }))
  await until('three PINGs', () => pings >= 3)
  t.notOk(client.isClosed)
  proxy.freeze()
  await until('it is gone', async () => (await slow.report()).connections === 0)
  t.same((await slow.report()).hostile, { no_answer: 1 })
})
