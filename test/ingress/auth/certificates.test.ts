import { copyFileSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { type ConnectionOptions, connect } from 'node:tls'
import t from 'tap'
import { Door } from '../../../src/ingress/door.js'
import { HttpApi } from '../../../src/ingress/http/api.js'
import type { HttpExchange } from '../../../src/ingress/http/exchange.js'
import { HttpMeters } from '../../../src/ingress/http/options.js'
import { Origins } from '../../../src/ingress/origins.js'
import { asDistinguishedName } from '../../../src/ingress/tls/subject.js'
import { Op, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/ops.js'
import { opensslMissing } from '../../helpers/certificates.js'
import { FakeGate, somebody } from '../../helpers/fake-gate.js'
import { HTTP_OPTIONS } from '../../helpers/http-api.js'
import { nodeIngress } from '../../helpers/node-ingress.js'
import { Authority } from '../../helpers/pki.js'
import { RawClient } from '../../helpers/raw-client.js'
import { loadTls } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

t.test('subjects as RFC 4514 writes them', async (t) => {
  t.equal(asDistinguishedName('C=NL\nO=Acme\\, Inc.\nCN=shop-eu'), 'CN=shop-eu,O=Acme\\, Inc.,C=NL')
  t.equal(asDistinguishedName('O=Acme\nCN=a + UID=b'), 'CN=a+UID=b,O=Acme')
  t.equal(asDistinguishedName(''), '')
})

t.test('a client certificate says who somebody is', { skip: opensslMissing }, async (t) => {
  const authority = new Authority(t)
  const stranger = new Authority(t)
  const own = authority.issue()
  const shop = authority.issue({ subject: '/O=Acme, Inc./CN=shop-eu' })
  const lost = authority.issue({ subject: '/CN=lost' })
  const forged = stranger.issue({ subject: '/O=Acme, Inc./CN=shop-eu' })
  const crl = authority.crl('crl.pem')
  const files = { ...own, certificateFile: own.certFile, certificate: own.cert, serial: '' }
  const { tls, meters } = loadTls(t, files, { clientCa: authority.caFile, clientCrl: crl })
  const gate = new FakeGate()
  gate.known.set('certificate CN=shop-eu,O=Acme\\, Inc.', somebody('shop'))
  gate.known.set('certificate CN=lost', somebody('lost'))
  const door = new Door(gate, new Origins([]))
  let api: HttpApi | null = null
  const { port, router } = await nodeIngress(t, (exchange: HttpExchange) => api?.handle(exchange), { tls, door })
  api = new HttpApi(router, HTTP_OPTIONS, new HttpMeters(), 'sluice/test', door)

  const post = (pair: { cert?: string; key?: string }) =>
    new Promise<number>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, ca: authority.ca, ...pair, agent: false, method: 'POST' }
      const sent = request({ ...options, path: '/v1/topics/a' }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.on('error', reject)
      sent.end('x')
    })
  t.equal(await post(shop), 202)
  t.equal(await post({}), 401, 'none is shown')
  t.equal(await post(lost), 202)
  await t.rejects(post(forged))
  t.equal(meters.failed.get('client_certificate'), 1)

  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.ca, cert: shop.cert, key: shop.key })
  t.teardown(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/v1/topics/a' })
  let status = 0
  stream.on('response', (headers) => {
    status = Number(headers[':status'])
  })
  stream.end('x')
  await until('an answer', () => status !== 0)
  t.equal(status, 202)

  const trust = { ca: authority.ca, cert: shop.cert, key: shop.key }
  const socket = await RawClient.open(`wss://127.0.0.1:${port}`, [SUBPROTOCOL_MSGPACK], trust)
  await socket.until('WELCOME', () => socket.told(Op.WELCOME).length === 1)
  t.equal(gate.opened_.at(-1)?.who?.user, 'shop')
  socket.cut()

  await t.test('a list of what was revoked, also for who resumes a session', async (t) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      copyFileSync(authority.crl('empty.pem'), crl)
      t.equal(tls.reload(), null)
      const options: ConnectionOptions = {
        host: '127.0.0.1',
        port,
        ca: authority.ca,
        cert: lost.cert,
        key: lost.key,
        maxVersion: version,
      }
      const ticket = await new Promise<Buffer>((resolve, reject) => {
        const first = connect(options)
        first.on('error', reject)
        first.once('session', (session) => {
          resolve(session)
          first.destroy()
        })
      })
      const again = (): Promise<boolean> =>
        new Promise((resolve) => {
          const second = connect({ ...options, session: ticket })
          second.on('secureConnect', () => {
            if (second.isSessionReused()) resolve(true)
            second.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
          })
          second.on('data', () => resolve(true))
          second.on('error', () => {})
          second.on('close', () => resolve(false))
          t.teardown(() => second.destroy())
        })
      t.ok(await again(), version)
      if (version === 'TLSv1.2') continue
      writeFileSync(crl, '')
      t.match(tls.reload(), /client_crl/, 'what is no list is not taken')
      copyFileSync(authority.crl('full.pem', lost), crl)
      t.equal(tls.reload(), null)
      t.notOk(await again(), version)
      await t.rejects(post(lost))
      t.equal(await post(shop), 202)
    }
  })
})
