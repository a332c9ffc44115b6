import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { type Scrape, scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { uwsMissing } from '../helpers/uws-ingress.js'

const DESCRIPTORS = 200
const CROWD = 1000
/** What a daemon that tries to accept again and again would take is most of a core. */
const CPU_SHARE_MAX = 0.3
const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

interface Bound {
  url: string
  http2Url: string
  httpsUrl: string
  adminUrl: string
  scrape(): Promise<Scrape>
}

/** A daemon that may have few files open. */
async function boundDaemon(t: Test, flags: Record<string, string>): Promise<Bound> {
  const ports = ['listen', 'http2', 'https', 'admin'].flatMap((section) => [`--${section}.port`, '0'])
  const own = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value])
  const args = [process.execPath, MAIN, 'serve', '--config', 'none', ...ports, ...own]
  const child = spawn('sh', ['-c', `ulimit -n ${DESCRIPTORS}; exec "$@"`, 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  await until('it to be ready', () => stdout.includes(' ready: '))
  t.match(stdout, `this process may have ${DESCRIPTORS} open files`, 'the operator is told')
  const urlOf = (pattern: RegExp): string => pattern.exec(stdout)?.[1] ?? ''
  const adminUrl = urlOf(/ · admin (\S+)/)
  return {
    url: urlOf(/ ready: (\S+)/),
    http2Url: urlOf(/ · http2 (\S+)/),
    httpsUrl: urlOf(/ · https (\S+)/),
    adminUrl,
    scrape: () => scrape(adminUrl),
  }
}

/** Of a crowd on four ports: as many as there are descriptors come in, and the admin port has places and an account of its own. */
const REFUSED_MIN = CROWD / 4

const SCRAPE_PATIENCE_MS = 1000

t.setTimeout(120_000)

for (const engine of ['uws', 'node'] as const) {
  const skip = engine === 'uws' ? uwsMissing || opensslMissing : opensslMissing
  t.test(`${CROWD} clients and ${DESCRIPTORS} descriptors: ${engine}`, { skip }, async (t) => {
    const { certificateFile, keyFile } = makeCertificate(t, { kind: 'ec' })
    const daemon = await boundDaemon(t, {
      'listen.engine': engine,
      'tls.certificate': certificateFile,
      'tls.key': keyFile,
    })
    const clients = [await RawClient.open(daemon.url), await RawClient.open(daemon.url)]
    await clients[0].subscribe('a')
    const ports = [daemon.url, daemon.http2Url, daemon.httpsUrl, daemon.adminUrl].map((url) =>
      Number(new URL(url).port),
    )
    const crowd: Socket[] = Array.from({ length: CROWD }, (_, i) => {
      const socket = connect(ports[i % ports.length], '127.0.0.1').resume()
      return socket.on('error', () => {})
    })
    t.teardown(() => {
      for (const socket of crowd) socket.destroy()
    })
    const refused = (scraped: Scrape): number => scraped.sum('sluice_connections_rejected_total')
    await until('most to be refused', () => crowd.filter(({ destroyed }) => destroyed).length > REFUSED_MIN)
    // Some of them hold a place of the admin port for as long as they may.
    let before: Scrape | null = null
    await until('the admin port to answer', async () => {
      // A request that waits behind the crowd to be accepted is not waited for.
      before = await Promise.race([daemon.scrape().catch(() => null), delay(SCRAPE_PATIENCE_MS).then(() => null)])
      return before !== null
    })
    const [cpu, time] = [cpuOf(before as unknown as Scrape), performance.now()]
    for (let i = 0; i < 50; i++) {
      clients[1].publish('a', `event ${i}`)
      await clients[1].sync()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await clients[0].until('all of them', () => clients[0].events.length === 50)
    const after = await daemon.scrape()
    const share = (cpuOf(after) - cpu) / ((performance.now() - time) / 1000)
    t.comment(`${engine}: ${(100 * share).toFixed(1)} % of a core while nobody can come in, ${refused(after)} refused`)
    t.ok(share < CPU_SHARE_MAX, 'it does not try again and again')
    t.ok(refused(after) >= REFUSED_MIN)
    t.equal(clients.filter(({ closed }) => closed !== null).length, 0, 'those who were there notice nothing')
    for (const socket of crowd) socket.destroy()
    await until('a place', async () => {
      const client = await RawClient.open(daemon.url).catch(() => null)
      if (client === null) return false
      await client.sync().catch(() => {})
      const isIn = client.closed === null
      client.cut()
      return isIn
    })
    for (const client of clients) await client.close()
  })
}

function cpuOf(scraped: Scrape): number {
  return scraped.get('process_cpu_seconds_total')
}
