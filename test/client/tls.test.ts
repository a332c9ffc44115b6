import type { Server as HttpsServer } from 'node:https'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { type ConnectOptions, connect } from '../../src/client/index.js'
import { opensslMissing } from '../helpers/certificates.js'
import { FakeDaemon, type Listening, listen, type Tls } from '../helpers/fake-daemon.js'
import { listenHttp2 } from '../helpers/fake-http2-daemon.js'
import { Authority } from '../helpers/pki.js'
import { until } from '../helpers/until.js'

if (opensslMissing !== false) {
  t.plan(0, opensslMissing)
  process.exit()
}

const authority = new Authority(t)
const good = authority.issue()
const expired = authority.issue({ days: 0 })
const elsewhere = authority.issue({ names: 'DNS:elsewhere.example' })
const { ca } = authority

interface Way {
  name: string
  listen(tls: Tls): Promise<Listening>
}

const ways: Way[] = [
  { name: 'wss', listen: (tls) => listen(new FakeDaemon(), 0, tls) },
  { name: 'https', listen: (tls) => listenHttp2(new FakeDaemon(), { tls }) },
]

for (const way of ways) {
  t.test(`over ${way.name}`, async (t) => {
    const serve = async (tls: Tls): Promise<string> => {
      const { url, close } = await way.listen(tls)
      t.teardown(close)
      return url
    }
    const url = await serve(good)

    t.test('an authority of our own', async (t) => {
      for (const tls of [{ ca }, { ca: [Buffer.from(ca)] }, { ca, servername: 'localhost' }]) {
        const bus = await connect(url, { tls })
        bus.publish('a', 1)
        t.match(await bus.sync(), { accepted: 1 })
        await bus.close()
      }
      const byName = await connect(url.replace('127.0.0.1', 'localhost'), { tls: { ca } })
      await byName.close()
    })

    t.test('certificates that are not trusted; trying again later may help', async (t) => {
      const cases: [string, ConnectOptions, string][] = [
        [url, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
        [url, { tls: { ca, servername: 'elsewhere.example' } }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
        [await serve(elsewhere), { tls: { ca } }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
        [await serve(expired), { tls: { ca } }, 'CERT_HAS_EXPIRED'],
      ]
      for (const [where, options, code] of cases) {
        await t.rejects(
          connect(where, options),
          { name: 'ConnectError', code: 1006, mayRetry: true, reason: /certificate/, cause: { code } },
          code,
        )
      }
    })

    t.test('nothing is checked when that is asked for', async (t) => {
      const bus = await connect(url, { tls: { rejectUnauthorized: false } })
      t.equal(bus.isConnected, true)
      await bus.close()
    })

    t.test('a port without TLS', async (t) => {
      const plain = await listen(new FakeDaemon())
      t.teardown(plain.close)
      const port = new URL(plain.url).port
      await t.rejects(connect(url.replace(/\d+$/, port), { tls: { ca } }), {
        name: 'ConnectError',
        reason: /^this port does not speak TLS/,
        mayRetry: true,
      })
    })

    t.test('options that cannot be used', async (t) => {
      const other = authority.issue()
      const cases: [object, RegExp][] = [
        [{ cert: good.cert, key: other.key }, /tls\.ca, tls\.cert or tls\.key cannot be used: .*mismatch/],
        [{ ca: 'ca.pem' }, /^tls\.ca is PEM/],
        [{ ca: 3 }, /^tls\.ca is PEM/],
        [{ ca: [ca, ''] }, /^tls\.ca is PEM/],
        [{ caFile: 'x' }, /^unknown option tls\.caFile/],
        [{ servername: 1 }, /^tls\.servername is a string/],
        [{ rejectUnauthorized: 'no' }, /^tls\.rejectUnauthorized is true or false/],
      ]
      for (const [tls, message] of cases) {
        await t.rejects(connect(url, { tls }), { name: 'TypeError', message }, String(message))
      }
      for (const plain of ['ws://127.0.0.1:1', 'http://127.0.0.1:1']) {
        const message = `tls is given, but ${plain} is not encrypted: say wss:// or https://`
        await t.rejects(connect([url, plain], { tls: { ca } }), { name: 'TypeError', message })
      }
    })
  })
}

t.test('a certificate of our own, where one is asked for', async (t) => {
  const { url, close } = await listenHttp2(new FakeDaemon(), { tls: { ...good, ca, requestCert: true } })
  t.teardown(close)
  const { cert, key } = authority.issue()
  const bus = await connect(url, { tls: { ca, cert, key } })
  t.equal(bus.isConnected, true)
  await bus.close()
  await t.rejects(connect(url, { tls: { ca } }), { name: 'ConnectError', reason: /certificate required|reset|cut/i })
})

t.test('TLS without HTTP/2 is not tried again, and says what to do', async (t) => {
  const server: HttpsServer = createHttpsServer(good)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  await t.rejects(connect(url, { tls: { ca } }), { name: 'ConnectError', mayRetry: false, reason: /say wss:/ })
})

t.test('a reconnection resumes the TLS session', async (t) => {
  const reused: boolean[] = []
  const daemon = new FakeDaemon()
  const { url, close } = await listenHttp2(daemon, {
    tls: good,
    onSession: ({ socket }) => reused.push((socket as unknown as { isSessionReused(): boolean }).isSessionReused()),
  })
  t.teardown(close)
  const bus = await connect(url, { tls: { ca }, backoffBaseMs: 1, backoffCapMs: 2 })
  for (let round = 1; round <= 3; round++) {
    await bus.sync()
    daemon.last.kill()
    await until('it is back', () => daemon.sessions.length === round + 1 && bus.isConnected)
  }
  t.same(reused, [false, true, true, true])
  await bus.close()
})
