import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { http1Peer, http2Peer } from '../../helpers/http-peer.js'
import { Flag, frame, hpack, PREFACE, RawHttp2, request, settings, Type } from '../../helpers/http2-raw.js'
import { nodeIngress } from '../../helpers/node-ingress.js'
import { loadTls } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

/** Answers with what the body was. */
function echo(exchange: HttpExchange): void {
  const body: Buffer[] = []
  exchange.receive({
    chunk: (bytes) => body.push(Buffer.from(bytes)),
    end: () => exchange.respond(200, {}, Buffer.concat([Buffer.from(`${exchange.method} ${exchange.path} `), ...body])),
  })
}

/** A socket that these bytes are sent on, and what comes back on it. */
class Plain {
  received = ''
  isClosed = false

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  static to(port: number): Plain {
    return new Plain(connect({ host: '127.0.0.1', port }))
  }

  until(what: string): Promise<void> {
    return until(what, () => this.received.includes(what))
  }
}

const POST = 'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello'

t.setTimeout(120_000)

t.test('who leaves before a word is gone at once', async (t) => {
  const { ingress, port, meters } = await nodeIngress(t, echo)
  for (const said of ['', 'P', 'PR']) {
    const one = Plain.to(port)
    if (said !== '') one.socket.write(said)
    await until('it is there', () => ingress.connections === 1)
    one.socket.end()
    await until('it is closed', () => one.isClosed && ingress.connections === 0)
  }
  t.equal(meters.hostile.size, 0, 'long before its time is over')
})

t.test('what is spoken is found out however it is cut', async (t) => {
  const { port } = await nodeIngress(t, echo)
  const two = Buffer.concat([PREFACE, settings(), request(1, { path: '/two' })])
  for (let cut = 1; cut <= PREFACE.length + 1; cut++) {
    const one = Plain.to(port)
    one.socket.write(POST.slice(0, cut))
    const raw = await RawHttp2.silent(port)
    raw.send(two.subarray(0, cut))
    // Two packets, and two reads: what came first has been looked at.
    await new Promise((resolve) => setImmediate(resolve))
    one.socket.write(POST.slice(cut))
    raw.send(two.subarray(cut))
    await one.until('POST /a hello')
    await until('an answer over HTTP/2', () => raw.isAnswered(1))
    one.socket.destroy()
    raw.socket.destroy()
  }
  t.pass('each was answered')
})

t.test('a first packet that holds much more than the preface', async (t) => {
  const { port } = await nodeIngress(t, echo)
  const raw = await RawHttp2.silent(port)
  const body = Buffer.alloc(16_000, 'b')
  const parts = Array.from({ length: 4 }, (_, i) => frame(Type.DATA, i === 3 ? Flag.END_STREAM : 0, 1, body))
  raw.send(PREFACE, settings(), request(1, { method: 'POST', endStream: false }), ...parts)
  await until('an answer', () => raw.isAnswered(1))
  const answered = raw.frames
    .filter(({ type }) => type === Type.DATA)
    .reduce((sum, { payload }) => sum + payload.length, 0)
  t.equal(answered, 4 * body.length + 'POST / '.length)
  raw.socket.destroy()
})

t.test('an offer to upgrade to something else is ignored, and the request is answered with its body', async (t) => {
  const { port } = await nodeIngress(t, echo)
  const offer = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n'
  const plain = Plain.to(port)
  const warned: Error[] = []
  const note = (warning: Error): unknown => warned.push(warning)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  for (let i = 0; i < 20; i++) {
    plain.socket.write(POST.replace('host: x\r\n', `host: x\r\n${offer}`).replace('/a', `/${i}.`))
    await plain.until(`POST /${i}. hello`)
  }
  plain.socket.write(POST)
  await plain.until('POST /a hello')
  t.same(warned, [])
  plain.socket.destroy()
})

t.test('requests of HTTP/1.1 that do not wait for each other are answered in order', async (t) => {
  const { port } = await nodeIngress(t, echo)
  const plain = Plain.to(port)
  plain.socket.write(['/1', '/2', '/3'].map((path) => POST.replace('/a', path)).join(''))
  await plain.until('POST /3 hello')
  t.same(plain.received.match(/POST \/\d/g), ['POST /1', 'POST /2', 'POST /3'])
  plain.socket.destroy()
})

t.test('what is no request is told so, and closed', async (t) => {
  const { port, meters } = await nodeIngress(t, echo)
  const cases: [status: number, bytes: string][] = [
    [400, 'GARBAGE\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    [400, 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    [431, `GET / HTTP/1.1\r\nhost: x\r\ny: ${'z'.repeat(10_000)}\r\n\r\n`],
    [501, 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ]
  for (const [status, bytes] of cases) {
    const plain = Plain.to(port)
    plain.socket.write(bytes)
    await until('a close', () => plain.isClosed)
    t.match(plain.received, `HTTP/1.1 ${status} `, bytes.slice(0, 30))
  }
  const raw = await RawHttp2.open(port)
  const connectTo = hpack([
    [':method', 'CONNECT'],
    [':authority', 'x:1'],
  ])
  raw.send(frame(Type.HEADERS, Flag.END_HEADERS, 1, connectTo))
  await until('an answer', () => raw.isAnswered(1))
  raw.send(request(3))
  await until('the next', () => raw.isAnswered(3))
  raw.socket.destroy()
  t.same([...meters.hostile], [], 'nobody is accused of anything')
})

t.test('garbage after the answer has begun cuts the connection, and nothing is written into the answer', async (t) => {
  const { port } = await nodeIngress(t, (exchange) => {
    exchange.receive({ chunk() {}, end() {} })
    exchange.begin(200, {})
    exchange.write('first')
  })
  const plain = Plain.to(port)
  plain.socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
  await plain.until('first')
  plain.socket.write('zz\r\n')
  await until('a close', () => plain.isClosed)
  t.equal(plain.received.match(/HTTP\/1\.1/g)?.length, 1)
})

t.test('connections above the limit are told that there is no room; then there is', async (t) => {
  const { port, ingress, meters } = await nodeIngress(t, echo, { admission: { connectionsMax: 2 } })
  const holders = [await RawHttp2.open(port), await RawHttp2.open(port)]
  for (const holder of holders) holder.send(request(1))
  await until('both are answered', () => holders.every((holder) => holder.isAnswered(1)))
  const one = Plain.to(port)
  one.socket.write(POST)
  await until('a close', () => one.isClosed)
  t.match(one.received, /^HTTP\/1\.1 503 /)
  t.match(one.received.toLowerCase(), 'retry-after: 1')
  t.match(one.received, 'too_many_connections')
  const two = await RawHttp2.silent(port)
  two.send(PREFACE, settings(), request(1))
  await two.untilClosed()
  t.equal(two.goaway, 11, 'ENHANCE_YOUR_CALM')
  t.notOk(two.isAnswered(1))
  t.equal(meters.refused.get('too_many_connections'), 2)
  holders[0].socket.destroy()
  await until('there is room', () => ingress.connections === 1)
  const third = await RawHttp2.open(port)
  third.send(request(1))
  await until('it is answered', () => third.isAnswered(1))
  for (const { socket } of [holders[1], third]) socket.destroy()
})

t.test('a crowd above the limit costs no more than a few sockets', async (t) => {
  const { port, ingress } = await nodeIngress(t, echo, { admission: { connectionsMax: 1 } })
  const crowd = Array.from({ length: 200 }, () => Plain.to(port))
  await until('most are closed', () => crowd.filter(({ isClosed }) => isClosed).length >= 200 - 65)
  t.ok(ingress.connections <= 65)
  for (const { socket } of crowd) socket.destroy()
})

t.test('stopping: HTTP/2 is told to go elsewhere, HTTP/1.1 with its answer; what is under way goes on', async (t) => {
  const { port, ingress } = await nodeIngress(t, echo)
  const raw = await RawHttp2.open(port)
  raw.send(request(1, { method: 'POST', endStream: false }))
  const plain = Plain.to(port)
  plain.socket.write(POST.slice(0, -1))
  await until('both are there', () => ingress.connections === 2)
  await until('their settings', () =>
    raw.frames.some(({ type, flags }) => type === Type.SETTINGS && flags === Flag.ACK),
  )
  ingress.stopListening()
  await until('GOAWAY', () => raw.goaway === 0)
  t.notOk(raw.isClosed)
  raw.send(request(3), frame(Type.DATA, Flag.END_STREAM, 1, Buffer.from('x')))
  await until('an answer', () => raw.isAnswered(1))
  const goaway = raw.frames.find(({ type }) => type === Type.GOAWAY)
  t.equal(goaway?.payload.readUInt32BE(0), 1, 'it says which was the last that is answered')
  t.notOk(raw.isAnswered(3))
  plain.socket.write(POST.slice(-1))
  await until('a close', () => plain.isClosed)
  t.match(plain.received.toLowerCase(), 'connection: close')
  t.match(plain.received, 'POST /a hello')
  const late = Plain.to(port)
  await until('nobody listens', () => late.isClosed)
  t.equal(late.received, '')
  await ingress.close()
  t.equal(ingress.connections, 0)
  await raw.untilClosed()
})

t.test('closing does not wait for answers that never end', async (t) => {
  const { port, ingress } = await nodeIngress(t, (exchange) => exchange.begin(200, {}))
  const one = http1Peer(port)
  const two = http2Peer(port)
  t.teardown(() => two.close())
  const open = [one.request(), two.request()]
  for (const each of open) each.end()
  await until('both have begun', () => open.every(({ status }) => status === 200))
  ingress.stopListening()
  await ingress.close()
  t.equal(ingress.connections, 0)
  for (const each of open) await each.untilCut()
})

t.test('a port that is taken is a sentence for the operator', async (t) => {
  const { port } = await nodeIngress(t, echo)
  const other = nodeIngress(t, echo, {}, port)
  await t.rejects(other, { message: `cannot listen on 127.0.0.1 port ${port}: something else is listening there` })
})

t.test('TLS: without ALPN it is HTTP/1.1', { skip: opensslMissing }, async (t) => {
  const files = makeCertificate(t)
  const { port } = await nodeIngress(t, echo, { tls: loadTls(t, files).tls })
  const dial = async (ALPNProtocols?: string[]) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      ca: files.certificate,
      ...(ALPNProtocols && { ALPNProtocols }),
    })
    await once(socket, 'secureConnect')
    return socket
  }
  const one = new Plain(await dial())
  one.socket.write(POST)
  await one.until('POST /a hello')
  const agreed = await dial(['http/1.1', 'h2'])
  t.equal(agreed.alpnProtocol, 'h2', 'which we prefer')
  const two = new Plain(agreed)
  two.socket.write(Buffer.concat([PREFACE, settings(), request(1, { path: '/two' })]))
  await two.until('GET /two')
  const bare = new Plain(await dial())
  bare.socket.write(Buffer.concat([PREFACE, settings(), request(1, { path: '/bare' })]))
  await until('a close', () => bare.isClosed)
  t.match(bare.received, 'HTTP/1.1 400 ', 'HTTP/2 must be agreed on')
  for (const { socket } of [one, two]) socket.destroy()
})
