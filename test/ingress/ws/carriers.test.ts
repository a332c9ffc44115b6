import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer as createHttp2,
} from 'node:http2'
import { createServer as createHttps } from 'node:https'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { Code } from '../../../src/protocol/codes.js'
import { encodeControl } from '../../../src/protocol/control.js'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/ops.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { NOTHING_LEFT, portOf, StreamsUnderTest } from '../../helpers/streams-server.js'
import { until } from '../../helpers/until.js'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'
import { WsSocket } from '../../helpers/ws-socket.js'

t.setTimeout(120_000)

const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

const subscribe = encodeControl({ op: Op.SUBSCRIBE, request: 1, pattern: '>', options: {} })

/** A server for HTTP/2 and one connection to it. */
async function overHttp2(
  t: Test,
  ...options: ConstructorParameters<typeof StreamsUnderTest> extends [unknown, ...infer Rest] ? Rest : never
) {
  const under = new StreamsUnderTest(t, ...options)
  const server = createHttp2({ settings: { enableConnectProtocol: true } })
  server.on('stream', (stream, headers) => under.streams.connect(stream, headers))
  server.on('sessionError', () => {})
  const port = await portOf(t, server)
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  return { ...under, under, session }
}

/** An extended CONNECT (RFC 8441), and its answer. */
async function open(session: ClientHttp2Session, headers: Record<string, string> = {}) {
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'here',
      ':path': '/',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': SUBPROTOCOL_MSGPACK,
      ...headers,
    },
    { endStream: false },
  )
  const [answer] = (await once(stream, 'response')) as [Record<string, string>]
  return { stream, answer }
}

t.test('several WebSockets over one connection of HTTP/2', async (t) => {
  const { under, session } = await overHttp2(t)
  const opened = await Promise.all([open(session), open(session), open(session)])
  const sockets = opened.map(({ stream }) => new WsSocket(stream))
  for (const { answer } of opened) {
    t.equal(answer[':status'], 200)
    t.equal(answer['sec-websocket-protocol'], SUBPROTOCOL_MSGPACK)
    t.notOk('sec-websocket-accept' in answer)
  }
  await until('each its WELCOME', () => sockets.every((socket) => socket.payloads(BINARY)[0]?.[1] === Op.WELCOME))
  const [publisher, one, other] = sockets
  one.send(BINARY, subscribe)
  other.send(BINARY, subscribe)
  await until('both OK', () => [one, other].every((socket) => socket.payloads(BINARY).some(([, op]) => op === Op.OK)))
  const event = encodeEvent('a', 3, Buffer.alloc(1000, 7))
  for (let i = 0; i < 300; i++) publisher.send(BINARY, event)
  const received = (socket: WsSocket) =>
    socket.payloads(BINARY).reduce((sum, body) => sum + (body[1] === Op.EVENT ? body.length : 0), 0)
  await until('all events', () => [one, other].every((socket) => received(socket) === 300 * event.length))
  publisher.send(PING, 'over HTTP/2')
  await until('PONG', () => publisher.payloads(PONG).length === 1)
  t.equal(publisher.payloads(PONG)[0].toString(), 'over HTTP/2')
  one.send(CLOSE, closePayload(1000, 'done'))
  t.equal(await one.untilEnd(), 1000)
  t.equal(under.meters.closed.get(1000), 1)
  t.equal(under.streams.connections, 2)
  // A stream that is reset, and one whose connection goes.
  ;(other.stream as ClientHttp2Stream).close(constants.NGHTTP2_CANCEL)
  await until('it is gone', () => under.streams.connections === 1)
  session.destroy()
  await until('all are gone', () => under.streams.connections === 0)
  t.equal(under.meters.closed.get(1006), 2)
  t.same(under.held, NOTHING_LEFT)
})

t.test('what is wrong with a CONNECT is told by a status', async (t) => {
  const { under, session } = await overHttp2(t)
  const refused: [Record<string, string>, number, string][] = [
    [{ 'sec-websocket-version': '8' }, 400, 'version'],
    [{ 'sec-websocket-protocol': 'soap' }, 400, 'subprotocol'],
    [{ ':protocol': 'connect-udp' }, 501, 'upgrade'],
  ]
  for (const [headers, status, reason] of refused) {
    const { stream, answer } = await open(session, headers)
    t.equal(answer[':status'], status, reason)
    stream.resume().end()
    await once(stream, 'close')
    t.equal(under.meters.rejected.get(reason), 1)
  }
  const json = await open(session, { 'sec-websocket-protocol': SUBPROTOCOL_JSON })
  const socket = new WsSocket(json.stream)
  await until('WELCOME', () => socket.payloads(1).length === 1)
  socket.send(1, '["ping",5]')
  await until('PONG', () => socket.payloads(1).some((text) => text.toString() === '["pong",5]'))
  socket.send(BINARY, 'x')
  t.equal(await socket.untilEnd(), Code.WRONG_MESSAGE_KIND)
})

t.test('a stream of HTTP/2 that does not read is a slow consumer like any other', async (t) => {
  const { under, session } = await overHttp2(t, {}, { outboxBytesMax: 256 << 10 })
  const publisher = new WsSocket((await open(session)).stream)
  const { stream } = await open(session)
  const subscriber = new WsSocket(stream)
  subscriber.send(BINARY, subscribe)
  await until('OK', () => subscriber.payloads(BINARY).some(([, op]) => op === Op.OK))
  stream.pause()
  const event = encodeEvent('a', 3, Buffer.alloc(10_000))
  while (under.router.meters.dropped.every((count) => count === 0)) {
    publisher.send(BINARY, event)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.ok(under.router.meters.pendingInOutboxes > 0, 'it waits in the outbox, within bounds')
  stream.resume()
  await until('all that waited', () => under.router.meters.pendingInOutboxes === 0)
  await until('a gap', () => subscriber.payloads(BINARY).some(([, op]) => op === Op.GAP))
  publisher.cut()
  subscriber.cut()
})

t.test('a peer that does not end its stream after us is cut', async (t) => {
  const { under, session } = await overHttp2(t)
  const { stream } = await open(session)
  const socket = new WsSocket(stream)
  stream.write(clientFrame(3))
  t.equal(await socket.untilEnd(), 1002)
  await until('the stream is closed', () => socket.isClosed)
  await until('nothing is left', () => under.held.sessions === 0)
  t.notOk(session.destroyed, 'the connection stays for others')
  t.equal((await open(session)).answer[':status'], 200)
})

t.test('over TLS', { skip: opensslMissing }, async (t) => {
  const under = new StreamsUnderTest(t)
  const { certificate, key } = makeCertificate(t)
  const server = createHttps({ cert: certificate, key })
  server.on('upgrade', (request, socket, head) => under.streams.upgrade(request, socket, head))
  const port = await portOf(t, server)
  const socket = new WebSocket(`wss://localhost:${port}`, [SUBPROTOCOL_MSGPACK], { ca: certificate })
  const came: Buffer[] = []
  socket.on('message', (data: Buffer) => came.push(data))
  await once(socket, 'open')
  socket.send(subscribe)
  const event = encodeEvent('a', 3, Buffer.alloc(1000, 7))
  for (let i = 0; i < 500; i++) socket.send(event)
  const events = () => came.reduce((sum, body) => sum + (body[1] === Op.EVENT ? body.length : 0), 0)
  await until('all events', () => events() === 500 * event.length)
  socket.close(1000)
  await once(socket, 'close')
  await until('it is gone', () => under.streams.connections === 0)
  t.equal(under.meters.closed.get(1000), 1)
  t.same(under.held, NOTHING_LEFT)
})
