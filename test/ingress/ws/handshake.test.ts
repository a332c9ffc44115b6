import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import t from 'tap'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/ops.js'
import { NOTHING_LEFT, portOf, StreamsUnderTest, streamsHere } from '../../helpers/streams-server.js'
import { until } from '../../helpers/until.js'
import { clientFrame } from '../../helpers/ws-frames.js'
import { request, upgradeLines, WsSocket } from '../../helpers/ws-socket.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A proper request with one header changed; an empty value leaves it out. */
function changed(name: string, value: string): string[] {
  const others = upgradeLines().filter((line) => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return value === '' ? others : [...others, `${name}: ${value}`]
}

t.test('a proper request is answered as RFC 6455, 4.2.2 has it', async (t) => {
  const under = await streamsHere(t)
  const lines = upgradeLines()
  const key = lines.find((line) => line.startsWith('Sec-WebSocket-Key'))?.split(': ')[1]
  const { answer, socket } = await request(under.port, lines)
  t.equal(answer.status, 101)
  t.equal(answer.headers.get('upgrade'), 'websocket')
  t.equal(answer.headers.get('connection'), 'Upgrade')
  t.equal(answer.headers.get('sec-websocket-accept'), createHash('sha1').update(`${key}${GUID}`).digest('base64'))
  t.equal(answer.headers.get('sec-websocket-protocol'), SUBPROTOCOL_MSGPACK)
  t.notOk(answer.headers.has('sec-websocket-extensions'))
  t.equal(under.streams.connections, 1)
  socket.destroy()
  await until('it is gone', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('what may be written otherwise is understood', async (t) => {
  const under = await streamsHere(t)
  for (const [name, value] of [
    ['Upgrade', 'WebSocket'],
    ['Upgrade', 'h2c, websocket'],
    ['Connection', 'keep-alive, Upgrade'],
    ['Connection', 'UPGRADE'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
    ['Sec-WebSocket-Protocol', ''],
    ['Sec-WebSocket-Protocol', `soap, ${SUBPROTOCOL_JSON} ,${SUBPROTOCOL_MSGPACK}`],
  ]) {
    const { answer, socket } = await request(under.port, changed(name, value))
    t.equal(answer.status, 101, `${name}: ${value}`)
    t.notOk(answer.headers.has('sec-websocket-extensions'), 'no extension is agreed on')
    if (name === 'Sec-WebSocket-Protocol') {
      t.equal(answer.headers.get('sec-websocket-protocol'), value === '' ? undefined : SUBPROTOCOL_JSON)
    }
    socket.destroy()
  }
  await until('all are gone', () => under.streams.connections === 0)
})

t.test('what is wrong is refused with a status and counted', async (t) => {
  const under = await streamsHere(t)
  const cases: [lines: string[], status: number, reason: string, header?: [string, string | RegExp]][] = [
    [changed('Sec-WebSocket-Version', '8'), 426, 'version', ['sec-websocket-version', '13']],
    [changed('Sec-WebSocket-Version', ''), 426, 'version', ['sec-websocket-version', '13']],
    [changed('Sec-WebSocket-Key', ''), 400, 'key'],
    [changed('Sec-WebSocket-Key', 'short'), 400, 'key'],
    [changed('Sec-WebSocket-Key', '!!!!!!!!!!!!!!!!!!!!!!=='), 400, 'key'],
    [changed('Sec-WebSocket-Protocol', 'soap, mqtt'), 400, 'subprotocol'],
    [changed('Upgrade', 'h2c'), 426, 'upgrade', ['upgrade', 'websocket']],
    [['POST / HTTP/1.1', ...upgradeLines().slice(1)], 405, 'method', ['allow', 'GET']],
    [['GET / HTTP/1.0', ...upgradeLines().slice(1)], 400, 'http_version'],
  ]
  const expected = new Map<string, number>()
  for (const [lines, status, reason, header] of cases) {
    const { answer, socket } = await request(under.port, lines)
    t.equal(answer.status, status, reason)
    t.match(answer.headers.get('connection'), /close/)
    t.match(answer.body, /\w+.*\n/, 'says why')
    t.equal(Number(answer.headers.get('content-length')), Buffer.byteLength(answer.body))
    if (header !== undefined) t.equal(answer.headers.get(header[0]), header[1])
    await until('the connection is closed', () => socket.destroyed || socket.readableEnded)
    expected.set(reason, (expected.get(reason) ?? 0) + 1)
    socket.destroy()
  }
  t.same(under.meters.rejected, expected)
  t.equal(under.meters.opened, 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('frames right behind the request, without waiting for the answer, are taken in', async (t) => {
  const under = await streamsHere(t)
  const { answer, socket, rest } = await request(
    under.port,
    upgradeLines(SUBPROTOCOL_JSON),
    Buffer.concat([clientFrame(1, '["ping",1]'), clientFrame(9, 'early')]),
  )
  t.equal(answer.status, 101)
  const client = new WsSocket(socket, rest)
  await until('both answers', () => client.payloads(1).length >= 2 && client.payloads(10).length === 1)
  t.match(client.payloads(1)[1].toString(), '["pong",1]')
  t.equal(client.payloads(10)[0].toString(), 'early')
  client.cut()
})

t.test('a socket that is gone by the time it is handed over leaves nothing behind', async (t) => {
  const under = new StreamsUnderTest(t)
  const server = createServer()
  const port = await portOf(t, server)
  const handed = new Promise<void>((resolve) => {
    server.on('upgrade', (upgrade, socket, head) => {
      socket.destroy()
      socket.once('close', () => {
        under.streams.upgrade(upgrade, socket, head)
        resolve()
      })
    })
  })
  const { socket } = await request(port, upgradeLines())
  await handed
  t.equal(under.meters.opened, 0)
  t.same(under.held, NOTHING_LEFT)
  socket.destroy()
})

t.test('WELCOME is the first message', async (t) => {
  const under = await streamsHere(t)
  const msgpack = await WsSocket.open(under.port)
  await until('WELCOME', () => msgpack.payloads(2).length === 1)
  t.equal(msgpack.payloads(2)[0][1], Op.WELCOME)
  const json = await WsSocket.json(under.port)
  await until('WELCOME', () => json.payloads(1).length === 1)
  t.match(JSON.parse(json.payloads(1)[0].toString()), ['welcome', { version: 1 }])
  msgpack.cut()
  json.cut()
})
