import { connect as connectPlain } from 'node:net'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import t from 'tap'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { EchoPort, loadTls, openssl, visit } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

const skip = { skip: opensslMissing }

for (const kind of ['ec', 'rsa', 'ed25519'] as const) {
  t.test(`${kind}: TLS 1.2 and 1.3, with and without SNI`, skip, async (t) => {
    const files = makeCertificate(t, { kind })
    const { tls, meters } = loadTls(t, files)
    const { port, secured } = await EchoPort.open(t, tls)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const servername of ['localhost', '']) {
        const options = { servername, minVersion: version, maxVersion: version, ca: files.certificate }
        const { socket, serial } = await visit(t, port, {
          ...options,
          rejectUnauthorized: servername !== '',
          ALPNProtocols: ['nonsense', 'http/1.1'],
        })
        t.equal(serial, files.serial)
        t.equal(socket.getProtocol(), version)
        t.equal(socket.alpnProtocol, 'http/1.1')
        t.equal(secured.at(-1)?.alpnProtocol, 'http/1.1')
        t.equal(secured.at(-1)?.servername || '', servername)
      }
    }
    t.same(Object.fromEntries(meters.handshakes), { 'node 1.2 full': 2, 'node 1.3 full': 2 })
    t.same([meters.underWay, meters.waiting, meters.failed.size], [0, 0, 0])
  })
}

t.test('the oldest version spoken', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t), { minVersion: '1.3' })
  const { port } = await EchoPort.open(t, tls)
  await t.rejects(visit(t, port, { maxVersion: 'TLSv1.2' }), { message: /protocol version/ })
  await until('the failure', () => meters.failed.size > 0)
  t.same([...meters.failed], [['version', 1]])
  t.equal((await visit(t, port)).socket.getProtocol(), 'TLSv1.3')
})

t.test('handshakes that fail are counted by reason, and hold nothing', skip, async (t) => {
  const files = makeCertificate(t, { kind: 'rsa' })
  const { tls, meters } = loadTls(t, files)
  const { port, gate } = await EchoPort.open(t, tls)
  const failed = (reason: string): Promise<void> => until(reason, () => meters.failed.get(reason) === 1)
  const attempt = (options: object) => visit(t, port, options)

  await t.rejects(attempt({ ALPNProtocols: ['nonsense'] }))
  await failed('no_shared_protocol')
  await t.rejects(attempt({ maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }), 'forward secrecy or nothing')
  await failed('no_shared_cipher')
  // Node's own client looks at the certificate when the handshake is over, and says nothing.
  t.match(await openssl(['s_client', '-connect', `127.0.0.1:${port}`, '-verify_return_error']), 'verify error')
  await failed('certificate_refused')
  const stranger = connectPlain({ port, host: '127.0.0.1' })
  stranger.write(Uint8Array.of(0x16, 0x02, 1, 0, 5))
  await failed('not_tls')
  const leaver = connectPlain({ port, host: '127.0.0.1' })
  leaver.end(Uint8Array.of(0x16, 0x03, 1, 0, 5))
  await failed('client_abort')
  const looker = connectPlain({ port, host: '127.0.0.1' })
  await new Promise((resolve) =>
    looker
      .on('error', () => {})
      .once('close', resolve)
      .end(),
  )
  const garbage = connectPlain({ port, host: '127.0.0.1' })
  garbage.write(Uint8Array.of(0x16, 0x03, 1, 0, 5, 1, 2, 3, 4, 5))
  await failed('other')
  await until('nothing is held', () => gate.size === 0)
  t.same([meters.underWay, meters.waiting, meters.handshakes.size], [0, 0, 0])
})

t.test('a connection makes one handshake and no more', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t))
  const { port } = await EchoPort.open(t, tls)
  const { socket } = await visit(t, port, { maxVersion: 'TLSv1.2' })
  const refused = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
  socket.renegotiate({}, () => t.fail('renegotiated'))
  t.equal((await refused).code, 'ERR_SSL_NO_RENEGOTIATION')
  t.same([...meters.handshakes], [['node 1.2 full', 1]])
})

t.test('who speaks plain HTTP is told in plain HTTP', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t))
  const { port } = await EchoPort.open(t, tls)
  const answer = await fetch(`http://127.0.0.1:${port}/v1/events`)
  t.equal(answer.status, 400)
  t.equal(await answer.text(), 'This port speaks TLS: use https:// or wss://.\n')
  t.same([...meters.failed], [['not_tls', 1]])
})

t.test('a hello may come in pieces of any size', skip, async (t) => {
  const { tls } = loadTls(t, makeCertificate(t))
  const { port } = await EchoPort.open(t, tls)
  const slow = connectPlain({ port, host: '127.0.0.1', noDelay: true })
  // A TLS client whose bytes go through our hands, one write a byte.
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      let at = 0
      const next = (): void => {
        if (at === chunk.length) done()
        else slow.write(chunk.subarray(at, ++at), () => setImmediate(next))
      }
      next()
    },
  })
  slow.on('data', (chunk) => wire.push(chunk))
  slow.on('close', () => wire.push(null))
  const client = connect({ socket: wire, rejectUnauthorized: false })
  t.teardown(() => slow.destroy())
  await new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject))
  t.equal(client.getProtocol(), 'TLSv1.3')
})

t.test('silence holds no place, and does not last', skip, async (t) => {
  const { tls, meters } = loadTls(t, makeCertificate(t), { handshakesMax: 1, handshakeTimeoutMs: 4_000 })
  const { port, gate } = await EchoPort.open(t, tls)
  const hold = (bytes: Uint8Array) => {
    const socket = connectPlain({ port, host: '127.0.0.1' })
    if (bytes.length > 0) socket.write(bytes)
    t.teardown(() => socket.destroy())
    return new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
  }
  const held = [
    ...Array.from({ length: 20 }, () => hold(Buffer.alloc(0))),
    ...Array.from({ length: 20 }, () => hold(Uint8Array.of(0x16, 3, 1, 1, 0))),
  ]
  await until('all wait', () => gate.size === 40)
  t.equal((await visit(t, port)).socket.getProtocol(), 'TLSv1.3', 'the only place is free for who speaks')
  await Promise.all(held)
  t.same([...meters.failed], [['timeout', 40]])
  t.same([gate.size, meters.waiting, meters.underWay], [0, 0, 0])
})
