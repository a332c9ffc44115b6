import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { makeCertificate, opensslMissing, replaceCertificate, replaceFile } from '../../helpers/certificates.js'
import { loadTls } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

const skip = uwsMissing || opensslMissing

t.setTimeout(180_000)

function hello(exchange: HttpExchange): void {
  exchange.receive({ chunk() {}, end: () => exchange.respond(200, {}, 'hello') })
}

/** A client that has sent a request and has its answer; tickets have come by then. */
async function visit(t: Test, port: number, options: ConnectionOptions = {}) {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  t.teardown(() => socket.destroy())
  let session: Buffer | undefined
  socket.on('session', (ticket: Buffer) => {
    session = ticket
  })
  await once(socket, 'secureConnect')
  const serial = socket.getPeerX509Certificate()?.serialNumber
  await ask(socket)
  socket.on('error', () => {})
  return { socket, serial, session: session ?? socket.getSession(), isReused: socket.isSessionReused() }
}

async function ask(socket: TLSSocket): Promise<void> {
  let said = ''
  const onData = (data: Buffer) => {
    said += data
  }
  socket.on('data', onData)
  socket.write('GET / HTTP/1.1\r\nHost: bus\r\n\r\n')
  await until('an answer', () => said.endsWith('hello') || socket.destroyed)
  socket.off('data', onData)
  if (!said.endsWith('hello')) throw new Error('cut')
}

t.test('TLS 1.2 and 1.3, and nothing older', { skip }, async (t) => {
  const { tls } = loadTls(t, makeCertificate(t))
  const { port } = await uwsIngress(t, hello, { tls })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { socket } = await visit(t, port, { minVersion: version, maxVersion: version })
    t.equal(socket.getProtocol(), version)
    t.match(socket.getCipher().name, /GCM|CHACHA20/)
  }
  await t.rejects(
    visit(t, port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    'TLS 1.1',
  )
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:AES128-SHA:@SECLEVEL=0' } as const
  await t.rejects(visit(t, port, weak), 'ciphers without authentication')
})

t.test('where 1.3 is the oldest, 1.2 is refused', { skip }, async (t) => {
  for (const kind of ['ec', 'rsa'] as const) {
    const { tls } = loadTls(t, makeCertificate(t, { kind }), { minVersion: '1.3' })
    const { port } = await uwsIngress(t, hello, { tls })
    t.equal((await visit(t, port)).socket.getProtocol(), 'TLSv1.3')
    await t.rejects(visit(t, port, { maxVersion: 'TLSv1.2' }), { code: /HANDSHAKE_FAILURE/ })
  }
})

t.test('kinds of keys', { skip }, async (t) => {
  for (const kind of ['ec', 'rsa', 'ed25519'] as const) {
    const { tls } = loadTls(t, makeCertificate(t, { kind }))
    const { port } = await uwsIngress(t, hello, { tls })
    t.match(await visit(t, port), { isReused: false }, kind)
  }
})

t.test('a certificate that this engine does not know is refused with a sentence', { skip }, async (t) => {
  const files = makeCertificate(t)
  const { tls } = loadTls(t, files)
  writeFileSync(files.keyFile, 'nonsense')
  await t.rejects(
    uwsIngress(t, hello, { tls }),
    new Error(
      `uWebSockets.js does not take the certificate ${files.certificateFile} with the key ${files.keyFile}: ` +
        'it knows RSA, ECDSA over P-256, P-384 and P-521, and Ed25519; listen.engine = "node" knows more',
    ),
  )
})

t.test('sessions are resumed, with both versions', { skip }, async (t) => {
  const { tls } = loadTls(t, makeCertificate(t))
  const { port } = await uwsIngress(t, hello, { tls })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { minVersion: version, maxVersion: version }
    const { session } = await visit(t, port, options)
    t.equal((await visit(t, port, { ...options, session })).isReused, true, version)
  }
})

t.test(
  '200 connections through three certificates: none is closed, new ones see the new serial',
  { skip },
  async (t) => {
    const files = makeCertificate(t)
    const { tls, meters } = loadTls(t, files)
    const streams: HttpExchange[] = []
    const { port, ingress } = await uwsIngress(
      t,
      (exchange) => {
        if (exchange.path !== '/stream') {
          hello(exchange)
          return
        }
        exchange.begin(200, {})
        exchange.write('begun')
        streams.push(exchange)
      },
      { tls },
    )
    let closed = 0
    const readers: { socket: TLSSocket; said: string }[] = []
    const webSockets: WebSocket[] = []
    const settle = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const webSocket = new WebSocket(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false })
        t.teardown(() => webSocket.terminate())
        await once(webSocket, 'open')
        webSocket.on('close', () => closed++)
        webSockets.push(webSocket)
        const reader = { socket: connect({ port, host: '127.0.0.1', rejectUnauthorized: false }), said: '' }
        t.teardown(() => reader.socket.destroy())
        reader.socket.on('close', () => closed++)
        reader.socket.on('data', (data: Buffer) => {
          reader.said += data
        })
        reader.socket.write('GET /stream HTTP/1.1\r\nHost: bus\r\n\r\n')
        await until('the stream', () => reader.said.includes('begun'))
        readers.push(reader)
      }
    }
    await settle(50)
    const before = await visit(t, port)
    t.equal(before.serial, files.serial)
    let session = before.session
    for (let round = 0; round < 2; round++) {
      const next = makeCertificate(t)
      // Connections come all the time.
      let isOver = false
      const serials = new Set<string | undefined>()
      const storm = (async () => {
        while (!isOver) {
          const visited = await visit(t, port)
          serials.add(visited.serial)
          visited.socket.destroy()
        }
      })()
      replaceCertificate(files, next)
      t.equal(tls.reload(), null)
      await until('the new serial', () => serials.has(next.serial))
      isOver = true
      await storm
      for (const servername of ['', 'localhost', 'unknown.example']) {
        t.equal((await visit(t, port, { servername })).serial, next.serial, `with the name "${servername}"`)
      }
      // Keys of tickets belong to the app: one full handshake, then the new ones are good.
      const after = await visit(t, port, { session })
      t.equal(after.isReused, false)
      t.equal((await visit(t, port, { session: after.session })).isReused, true)
      session = after.session
      await settle(25)
    }
    t.equal(closed, 0)
    t.equal(readers.length + webSockets.length, 200)
    for (const webSocket of webSockets) {
      webSocket.ping()
      await once(webSocket, 'pong')
    }
    for (const stream of streams) stream.write('still there')
    await until('all have it', () => readers.every(({ said }) => said.includes('still there')))
    t.equal(meters.reloads, 2)
    t.ok((meters.handshakes.get('uWebSockets.js unknown unknown') ?? 0) >= 200)
    for (const { socket } of readers) socket.destroy()
    for (const webSocket of webSockets) webSocket.terminate()
    await until('few are left', () => ingress.connections < 50)
  },
)

t.test('what cannot be taken up leaves the old one in place, on this engine too', { skip }, async (t) => {
  const files = makeCertificate(t)
  const { tls, warned } = loadTls(t, files)
  const { port } = await uwsIngress(t, hello, { tls })
  replaceFile(files.keyFile, 'broken')
  t.type(tls.reload(), 'string')
  t.equal((await visit(t, port)).serial, files.serial)
  t.equal(warned.length, 0)
})

t.test('a file that changes again in the moment it is read is tried again', { skip }, async (t) => {
  const files = makeCertificate(t)
  const { tls } = loadTls(t, files)
  const listeners: (() => void)[] = []
  const source = {
    options: tls.options,
    meters: tls.meters,
    onChange: (listener: () => void) => listeners.push(listener),
  }
  const { port } = await uwsIngress(t, hello, { tls: source })
  const next = makeCertificate(t)
  replaceFile(files.keyFile, next.key)
  for (const listener of listeners) listener()
  t.equal((await visit(t, port)).serial, files.serial)
  replaceFile(files.certificateFile, next.certificate)
  await until('the next try', async () => (await visit(t, port)).serial === next.serial)
})
