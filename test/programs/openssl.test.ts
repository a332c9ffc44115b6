import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DaemonProcess, type Flags } from '../helpers/daemon.js'
import { Authority } from '../helpers/pki.js'
import { until } from '../helpers/until.js'
import { missing, run, start } from './programs.js'

t.setTimeout(120_000)

const skip = missing('openssl')
const VERSIONS = ['-tls1_2', '-tls1_3']
const RECONNECTS = 5

interface Rig {
  readonly folder: string
  readonly caFile: string
  daemon(): Promise<DaemonProcess>
}

/** A certificate and a ticket key file that stay while daemons come and go. */
function rig(t: Test, flags: Flags = {}): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-openssl-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const authority = new Authority(t)
  const { certFile, keyFile } = authority.issue()
  const tls = { 'tls.certificate': certFile, 'tls.key': keyFile, 'tls.ticket_key_file': join(folder, 'ticket.key') }
  return { folder, caFile: authority.caFile, daemon: () => DaemonProcess.start(t, { ...tls, ...flags }) }
}

function addressOf(url: string): string {
  return `127.0.0.1:${new URL(url).port}`
}

/** uWebSockets.js sends the tickets of TLS 1.3 along with its first answer. */
const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** Connects, stays until the daemon has given a ticket, and keeps the session in a file. */
async function getTicket(t: Test, { folder, caFile }: Rig, url: string, version: string): Promise<string> {
  const file = join(folder, `session${version}`)
  rmSync(file, { force: true })
  const trust = ['-CAfile', caFile, '-verify_return_error']
  const client = start(t, 'openssl', ['s_client', '-connect', addressOf(url), version, ...trust, '-sess_out', file])
  client.write(REQUEST)
  await until('a ticket', () => existsSync(file) && readFileSync(file, 'latin1').includes('-END SSL SESSION'))
  client.end('Q\n')
  await client.exited
  t.match(client.stdout, /^New, TLSv1\.[23], Cipher is /m, `${version}: a full handshake`)
  return file
}

/** What openssl says of a connection that offers the session in a file. */
async function offer(t: Test, { caFile }: Rig, url: string, version: string, file: string): Promise<string> {
  const words = ['s_client', '-connect', addressOf(url), version, '-CAfile', caFile, '-sess_in', file]
  return (await run(t, 'openssl', words, 'Q\n')).stdout
}

t.test('openssl s_client -reconnect: the session is used again', { skip }, async (t) => {
  const daemon = await rig(t).daemon()
  const client = await run(t, 'openssl', ['s_client', '-connect', addressOf(daemon.httpsUrl), '-tls1_2', '-reconnect'])
  t.match(client.stdout, /^New, TLSv1\.2/m)
  t.equal(client.stdout.match(/^Reused, TLSv1\.2/gm)?.length, RECONNECTS)
})

t.test('tickets are good for the daemon that comes after', { skip }, async (t) => {
  const shared = rig(t)
  const first = await shared.daemon()
  t.equal(statSync(join(shared.folder, 'ticket.key')).mode & 0o777, 0o600, 'nobody else reads the ticket key')
  const files: [version: string, file: string][] = []
  for (const version of VERSIONS) {
    const file = await getTicket(t, shared, first.httpsUrl, version)
    t.match(
      await offer(t, shared, first.httpsUrl, version, file),
      /^Reused, TLSv1\.[23]/m,
      `${version}: the same daemon`,
    )
    files.push([version, await getTicket(t, shared, first.httpsUrl, version)])
  }
  first.signal('SIGTERM')
  t.match(await first.exited, { code: 0 })

  const second = await shared.daemon()
  for (const [version, file] of files) {
    t.match(await offer(t, shared, second.httpsUrl, version, file), /^Reused, TLSv1\.[23]/m, `${version}: the next one`)
  }
  const { text } = await second.scrape()
  for (const version of ['1.2', '1.3']) {
    const sample = `sluice_tls_handshakes_total{engine="node",version="${version}",kind="resumed"} 1`
    t.ok(text.includes(`${sample}\n`), 'and the daemon counts it')
  }
})

t.test('without the file a ticket dies with its daemon', { skip }, async (t) => {
  const alone = rig(t, { 'tls.ticket_key_file': '' })
  const first = await alone.daemon()
  const file = await getTicket(t, alone, first.httpsUrl, '-tls1_3')
  first.signal('SIGKILL')
  await first.exited
  const second = await alone.daemon()
  t.match(await offer(t, alone, second.httpsUrl, '-tls1_3', file), /^New, TLSv1\.3/m)
})

t.test('the port of uWebSockets.js resumes too, while it lives', { skip }, async (t) => {
  const shared = rig(t, { 'listen.tls': 'true' })
  const daemon = await shared.daemon()
  t.match(daemon.url, /^wss:/)
  for (const version of VERSIONS) {
    const file = await getTicket(t, shared, daemon.url, version)
    t.match(await offer(t, shared, daemon.url, version, file), /^Reused, TLSv1\.[23]/m, version)
  }
})

t.test('TLS 1.1 is refused everywhere', { skip }, async (t) => {
  const daemon = await rig(t, { 'listen.tls': 'true' }).daemon()
  for (const url of [daemon.httpsUrl, daemon.url]) {
    // At security level 0 openssl itself would go along.
    const old = ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']
    const { code, stdout, stderr } = await run(t, 'openssl', ['s_client', '-connect', addressOf(url), ...old], 'Q\n')
    t.not(code, 0, url)
    t.match(stdout, /^New, \(NONE\)/m)
    t.match(stderr, /alert protocol version|unsupported protocol|wrong version/)
  }
})
