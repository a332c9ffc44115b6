import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'
import { upgradeLines } from '../../helpers/ws-socket.js'

const skip = { skip: uwsMissing }
/** Well below the 8 s after which the engine would close them itself. */
const HEADER_TIMEOUT_MS = 300
const ENGINE_TIMEOUT_MS = 8000

interface Peer {
  readonly socket: Socket
  received: string
  isClosed: boolean
}

function dial(t: Test, port: number, localAddress: string): Peer {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  const peer: Peer = { socket, received: '', isClosed: false }
  socket.on('data', (data: Buffer) => {
    peer.received += data.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    peer.isClosed = true
  })
  t.teardown(() => socket.destroy())
  return peer
}

t.setTimeout(60_000)

t.test('who sends nothing, or half a head, is gone in time; nobody else is touched', skip, async (t) => {
  const started = performance.now()
  const { port, ingress, meters } = await uwsIngress(t, (exchange) => exchange.respond(200, {}, 'here'), {
    headerTimeoutMs: HEADER_TIMEOUT_MS,
  })
  const silent = Array.from({ length: 100 }, () => dial(t, port, '127.0.0.2'))
  const half = Array.from({ length: 100 }, () => dial(t, port, '127.0.0.3'))
  const trickle = setInterval(() => {
    for (const { socket } of half) socket.write('x')
  }, 20)
  const webSocket = dial(t, port, '127.0.0.1')
  webSocket.socket.write([...upgradeLines(), '', ''].join('\r\n'))
  const plain = dial(t, port, '127.0.0.4')
  plain.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const body = dial(t, port, '127.0.0.5')
  body.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello')
  await until('the ends', () => [...silent, ...half].every(({ isClosed }) => isClosed))
  clearInterval(trickle)
  if (performance.now() - started < ENGINE_TIMEOUT_MS) t.equal(meters.hostile.get('head_timeout'), 200)
  else t.comment('a slow machine: some were closed by the engine')
  t.match(webSocket.received, /^HTTP\/1\.1 101/)
  t.match(plain.received, /here$/)
  t.match(body.received, /here$/)
  t.notOk(webSocket.isClosed, 'who is a WebSocket stays')
  t.equal(ingress.connections, 3)
})

t.test('connections that come, speak, or go in any order: each is touched only while it is there', skip, async (t) => {
  const { port, ingress } = await uwsIngress(t, (exchange) => exchange.respond(200, {}, 'here'), {
    headerTimeoutMs: 50,
  })
  let seed = 7
  const below = (n: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * n)
  }
  const acts: ((socket: Socket) => void)[] = [
    () => {},
    (socket) => socket.write('GET / HTT'),
    (socket) => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
    (socket) => socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhel'),
    (socket) => socket.write([...upgradeLines(), '', ''].join('\r\n')),
    (socket) => socket.write([...upgradeLines('nonsense'), '', ''].join('\r\n')),
    (socket) => socket.write('\0garbage\r\n\r\n'),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end(),
  ]
  const peers: Peer[] = []
  for (let i = 0; i < 600; i++) {
    const peer = dial(t, port, `127.0.0.${1 + below(5)}`)
    peers.push(peer)
    const act = acts[below(acts.length)]
    if (below(3) > 0) peer.socket.once('connect', () => act(peer.socket))
    else setTimeout(() => act(peer.socket), below(120))
    if (below(4) === 0) await new Promise((resolve) => setTimeout(resolve, below(8)))
  }
  await until('all to have come', () => peers.every(({ socket, isClosed }) => isClosed || !socket.connecting))
  for (const { socket } of peers) socket.destroy()
  await until('all to be gone', () => ingress.connections === 0)
  const last = dial(t, port, '127.0.0.1')
  last.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await until('an answer', () => last.received.endsWith('here'))
})
