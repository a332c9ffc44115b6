import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeCertificate, opensslMissing, replaceCertificate } from '../../helpers/certificates.js'
import { EchoPort, loadTls, openssl, visit } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

const skip = { skip: opensslMissing }
/** What openssl writes, it writes in one go. */
const isThere = (path: string): boolean => existsSync(path) && statSync(path).size > 0
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

t.test('sessions are resumed: again, after a swap of the certificate, and after a restart', skip, async (t) => {
  const files = makeCertificate(t)
  const ticketKeyFile = join(t.testdir(), 'ticket.key')
  for (const version of VERSIONS) {
    const only = { minVersion: version, maxVersion: version }
    const { tls, meters } = loadTls(t, files, { ticketKeyFile })
    const { port } = await EchoPort.open(t, tls)
    // A client keeps its ticket: Node's server gives no other one with a session that is resumed.
    const { isReused, session } = await visit(t, port, only)
    t.equal(isReused, false)
    t.equal((await visit(t, port, { ...only, session })).isReused, true, `${version}: again`)

    replaceCertificate(files, makeCertificate(t))
    t.equal(tls.reload(), null)
    t.equal((await visit(t, port, { ...only, session })).isReused, true, `${version}: after a swap`)
    tls.close()

    const restarted = loadTls(t, files, { ticketKeyFile })
    const elsewhere = await EchoPort.open(t, restarted.tls)
    t.equal((await visit(t, elsewhere.port, { ...only, session })).isReused, true, `${version}: after a restart`)
    t.same(Object.fromEntries(meters.handshakes), {
      [`node ${version.slice(4)} full`]: 1,
      [`node ${version.slice(4)} resumed`]: 2,
    })
    t.same(Object.fromEntries(restarted.meters.handshakes), { [`node ${version.slice(4)} resumed`]: 1 })
  }
})

t.test('without a file a restart means full handshakes, as does another key', skip, async (t) => {
  const files = makeCertificate(t)
  const ticketKeyFile = join(t.testdir(), 'ticket.key')
  for (const options of [{}, { ticketKeyFile }]) {
    const { tls } = loadTls(t, files, options)
    const { port } = await EchoPort.open(t, tls)
    const { session } = await visit(t, port)
    tls.close()
    rmSync(ticketKeyFile, { force: true })
    const restarted = loadTls(t, files, options)
    const elsewhere = await EchoPort.open(t, restarted.tls)
    t.equal((await visit(t, elsewhere.port, { session })).isReused, false)
    t.equal(restarted.meters.failed.size, 0, 'it costs time, nothing else')
  }
})

t.test('a rotation reaches the ports that are open', skip, async (t) => {
  const ticketKeyFile = join(t.testdir(), 'ticket.key')
  const { tls, meters } = loadTls(t, makeCertificate(t), { ticketKeyFile })
  const { port } = await EchoPort.open(t, tls)
  const old = await visit(t, port)
  const keys: Buffer[] = []
  tls.onTicketKey((key) => keys.push(key))
  rmSync(ticketKeyFile)
  t.equal(tls.reload(), null)
  await until('another key', () => keys.length > 0)
  const { isReused, session } = await visit(t, port, { session: old.session })
  t.equal(isReused, false)
  t.equal((await visit(t, port, { session })).isReused, true)
  t.equal(meters.failed.size, 0)
})

t.test('openssl reconnects, and comes back with a session of another process', skip, async (t) => {
  const files = makeCertificate(t)
  const folder = t.testdir()
  const ticketKeyFile = join(folder, 'ticket.key')
  for (const version of ['-tls1_2', '-tls1_3']) {
    const session = join(folder, `session${version}`)
    const { tls, meters } = loadTls(t, files, { ticketKeyFile })
    const { port } = await EchoPort.open(t, tls)
    const at = ['s_client', '-connect', `127.0.0.1:${port}`, version]
    if (version === '-tls1_2') {
      const said = await openssl([...at, '-reconnect'])
      t.equal(said.match(/^Reused, /gm)?.length, 5)
    }
    // In 1.3 the ticket comes after the handshake.
    const quit = until('the ticket', () => isThere(session))
    const first = await openssl([...at, '-sess_out', session], quit)
    t.match(first, /^New, /m)
    tls.close()

    const restarted = loadTls(t, files, { ticketKeyFile })
    const elsewhere = await EchoPort.open(t, restarted.tls)
    const second = await openssl(['s_client', '-connect', `127.0.0.1:${elsewhere.port}`, version, '-sess_in', session])
    t.match(second, /^Reused, /m, version)
    t.ok([...meters.handshakes.keys()].some((key) => key.endsWith('full')))
    t.match([...restarted.meters.handshakes.keys()], [/ resumed$/])
  }
})
