import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { whyNotBound } from '../../../src/ingress/listen-failure.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { loadTls } from '../../helpers/tls.js'
import { uwsIngress, uwsMissing } from '../../helpers/uws-ingress.js'

t.test('why a port cannot be had is said, and nothing else', { skip: uwsMissing }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  await t.rejects(
    uwsIngress(t, () => {}, { port }),
    {
      message: `cannot listen on 127.0.0.1 port ${port}: something else is listening there`,
    },
  )
})

t.test('two daemons do not share a port, with TLS neither', { skip: uwsMissing || opensslMissing }, async (t) => {
  const { tls } = loadTls(t, makeCertificate(t))
  const { port } = await uwsIngress(t, () => {}, { tls })
  for (const second of [null, tls]) {
    await t.rejects(
      uwsIngress(t, () => {}, { port, tls: second }),
      { message: /something else is listening there$/ },
    )
  }
})

t.test('the causes in words', async (t) => {
  // TEST-NET-1 (RFC 5737) is nobody's.
  t.equal(await whyNotBound('192.0.2.1', 7400), "the address is not this machine's")
  t.equal(await whyNotBound('name.invalid', 7400), 'there is no such host')
  t.match(await whyNotBound('127.0.0.1', 0), /^something else was listening there/)
})
