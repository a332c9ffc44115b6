import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { startDaemon } from '../../src/daemon/daemon.js'
import { Code } from '../../src/protocol/codes.js'
import { encodeControl } from '../../src/protocol/control.js'
import { Op, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { configOf, daemonHere } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

t.setTimeout(90_000)

t.test('the subprotocol is the first of ours that the client offers', async (t) => {
  const daemon = await daemonHere(t)
  for (const [offered, chosen] of [
    [[SUBPROTOCOL_MSGPACK], SUBPROTOCOL_MSGPACK],
    [[SUBPROTOCOL_JSON], SUBPROTOCOL_JSON],
    [['soap', SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK], SUBPROTOCOL_JSON],
  ] as const) {
    const client = await RawClient.open(daemon.url, [...offered])
    t.equal(client.socket.protocol, chosen)
    await client.close()
  }
})

t.test('no subprotocol means msgpack', async (t) => {
  const daemon = await daemonHere(t)
  const client = await RawClient.open(daemon.url, [])
  t.equal(client.socket.protocol, '')
  await client.until('WELCOME', () => client.controls.length > 0)
  t.match(client.controls[0], { op: Op.WELCOME })
})

t.test('only unknown subprotocols are refused with 400', async (t) => {
  const daemon = await daemonHere(t)
  await t.rejects(RawClient.open(daemon.url, ['soap', 'mqtt']), { message: /400/ })
  t.equal((await daemon.scrape()).get('sluice_upgrades_rejected_total', 'reason', 'subprotocol'), 1)
})

t.test('WELCOME is the first frame, and says what holds here', async (t) => {
  const daemon = await daemonHere(t, { 'listen.message_bytes_max': '64KiB', 'protocol.payload_bytes_max': '32KiB' })
  const client = await RawClient.open(daemon.url)
  await client.subscribe('a')
  const [welcome] = client.controls
  t.match(welcome, {
    op: Op.WELCOME,
    info: { version: 1, software: /^sluice\/\d/, limits: { messageBytesMax: 65_536, payloadBytesMax: 32_768 } },
  })
  const json = await RawClient.json(daemon.url)
  await json.until('WELCOME', () => json.lines.length > 0)
  t.match(json.lines[0], ['welcome', { version: 1, limits: { messageBytesMax: 65_536 } }])
  t.equal((json.lines[0][1] as { server: string }).server, (welcome as { info: { server: string } }).info.server)
})

t.test('PING is answered by PONG, a WebSocket ping too', async (t) => {
  const daemon = await daemonHere(t)
  const client = await RawClient.open(daemon.url)
  client.send({ op: Op.PING, token: 42 })
  await client.until('PONG', () => client.told(Op.PONG).length > 0)
  t.same(client.told(Op.PONG), [{ op: Op.PONG, token: 42 }])
  let ponged = ''
  client.socket.on('pong', (data) => {
    ponged = data.toString()
  })
  client.socket.ping('hello')
  await until('a WebSocket pong', () => ponged !== '')
  t.equal(ponged, 'hello')
})

t.test('a message over the limit ends the connection with 1009, the one at the limit does not', async (t) => {
  const daemon = await daemonHere(t, { 'listen.message_bytes_max': '64KiB', 'protocol.payload_bytes_max': '32KiB' })
  const client = await RawClient.open(daemon.url)
  const ping = encodeControl({ op: Op.PING, token: 1 })
  const fit = Math.floor(65_536 / ping.length)
  client.send(...Array.from({ length: fit }, () => ping))
  await client.until('all answers', () => client.told(Op.PONG).length === fit)
  t.equal(client.told(Op.PONG).length, fit)
  client.socket.send(Buffer.alloc(65_537, 0xc0))
  t.match(await client.untilClosed(), { code: 1009, reason: /65536 bytes/ })
  // Far over the limit uWebSockets.js cuts it without a word while the message is still coming in.
  const greedy = await RawClient.open(daemon.url)
  greedy.socket.send(Buffer.alloc(200_000, 0xc0))
  t.match(await greedy.untilClosed(), { code: daemon.engine === 'uWebSockets.js' ? 1006 : 1009 })
  t.equal((await daemon.scrape()).get('sluice_connections_closed_total', 'code', '1009'), 2)
})

t.test('text in a msgpack session and binary in a JSON session end it', async (t) => {
  const daemon = await daemonHere(t)
  const msgpack = await RawClient.open(daemon.url)
  msgpack.socket.send('["ping",1]')
  t.match(await msgpack.untilClosed(), { code: Code.WRONG_MESSAGE_KIND })
  t.same(msgpack.errors, [Code.WRONG_MESSAGE_KIND])
  const json = await RawClient.json(daemon.url)
  json.send({ op: Op.PING, token: 1 })
  t.match(await json.untilClosed(), { code: Code.WRONG_MESSAGE_KIND })
  t.match(json.lines.at(-1), ['error', 0, Code.WRONG_MESSAGE_KIND])
  const scraped = await daemon.scrape()
  t.equal(scraped.refused('wrong_message_kind'), 2)
  t.equal(scraped.get('sluice_connections_closed_total', 'code', 'wrong_message_kind'), 2)
})

t.test('plain HTTP is answered by the HTTP API', async (t) => {
  const daemon = await daemonHere(t)
  const response = await fetch(daemon.url.replace('ws:', 'http:'))
  t.equal(response.status, 200)
  t.match(await response.json(), { software: /^sluice\// })
})

t.test('one connection too many is told so and closed; a place that is free again is given again', async (t) => {
  const daemon = await daemonHere(t, { 'listen.connections_max': '2' })
  const first = await RawClient.open(daemon.url)
  const second = await RawClient.open(daemon.url)
  const third = await RawClient.open(daemon.url)
  t.match(await third.untilClosed(), { code: Code.TOO_MANY_CONNECTIONS })
  t.same(third.errors, [Code.TOO_MANY_CONNECTIONS])
  await first.close()
  await until('the place is free', async () => (await daemon.scrape()).get('sluice_sessions') === 1)
  const fourth = await RawClient.open(daemon.url)
  t.match(await fourth.sync(), { accepted: 0 })
  t.match(await second.sync(), { accepted: 0 })
  t.equal((await daemon.scrape()).get('sluice_connections_closed_total', 'code', 'too_many_connections'), 1)
})

t.test('two daemons do not share a port, and it is said which option is wrong', async (t) => {
  const daemon = await daemonHere(t)
  const port = new URL(daemon.url).port
  await t.rejects(startDaemon(configOf({ 'listen.port': port })), {
    message: new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${port}.*listen\\.port`),
  })
  const adminPort = new URL(daemon.adminUrl).port
  await t.rejects(startDaemon(configOf({ 'admin.port': adminPort })), { message: /EADDRINUSE.*admin\.port/ })
})

t.test('close codes of clients are counted', async (t) => {
  const daemon = await daemonHere(t)
  const leaving = await RawClient.open(daemon.url)
  leaving.socket.close(1000)
  await leaving.untilClosed()
  const cut = await RawClient.open(daemon.url)
  cut.cut()
  await until('both are gone', async () => (await daemon.scrape()).sum('sluice_connections_closed_total') === 2)
  const scraped = await daemon.scrape()
  t.equal(scraped.get('sluice_connections_closed_total', 'code', '1000'), 1)
  t.equal(scraped.get('sluice_connections_closed_total', 'code', '1006'), 1)
  t.equal(scraped.get('sluice_connections_opened_total'), 2)
  t.equal(scraped.get('sluice_connections', 'listener', 'listen'), 0)
})

t.test('a socket that says nothing, and one that says half a request, hold no session', async (t) => {
  const daemon = await daemonHere(t)
  const { port, hostname } = new URL(daemon.url)
  const sockets = ['', 'GET / HTTP/1.1\r\nHost: x\r\nUpgra'].map((text) => {
    const socket = connectTcp({ port: Number(port), host: hostname })
    socket.write(text)
    t.teardown(() => socket.destroy())
    return socket
  })
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  const client = await RawClient.open(daemon.url)
  await client.sync()
  t.equal((await daemon.scrape()).get('sluice_sessions'), 1)
})
