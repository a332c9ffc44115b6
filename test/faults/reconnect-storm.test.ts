import t, { type Test } from 'tap'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import type { Scrape } from '../helpers/metrics.js'
import { uwsMissing } from '../helpers/uws-ingress.js'
import { type CrowdNews, ReturningCrowd } from './returning-crowd-process.js'

/** 10,000 clients, and figures: SLUICE_LONG=1, or SLUICE_LONG=storm for this one alone. */
const isLong = ['1', 'storm'].includes(process.env.SLUICE_LONG ?? '')
const SIZE = isLong ? Number(process.env.SLUICE_STORM ?? 10_000) : 200
/** A handshake costs a client of Node more than it costs the daemon: one process would be what is measured. */
const SECURE_PROCESSES = 2
const LAG_INTERVAL_MS = 250
const SAMPLE_INTERVAL_MS = 1100

t.setTimeout(180_000)

/** The longest that the loop was held, as the daemon itself says; to be read once. */
function watchLag(daemon: DaemonProcess): () => Promise<number> {
  let worstS = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      worstS = Math.max(worstS, lagOf(await daemon.scrape()))
      await new Promise((resolve) => setTimeout(resolve, LAG_INTERVAL_MS))
    }
  })()
  return async () => {
    // The daemon looks at itself once a second: the second in which it ended is to be seen, too.
    const end = performance.now() + SAMPLE_INTERVAL_MS
    while (performance.now() < end) worstS = Math.max(worstS, lagOf(await daemon.scrape()))
    isOver = true
    await watching
    return worstS * 1000
  }
}

function lagOf(scraped: Scrape): number {
  return scraped.get('sluice_event_loop_lag_max_seconds')
}

/** Resolves when all of all are subscribed. */
async function comeBack(crowds: readonly ReturningCrowd[], port: number): Promise<CrowdNews> {
  const news = await Promise.all(crowds.map((crowd) => crowd.come(port)))
  return {
    what: 'back',
    ms: Math.max(...news.map(({ ms }) => ms)),
    attempts: news.reduce((sum, { attempts }) => sum + attempts, 0),
    cpuMs: news.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  }
}

async function storm(t: Test, flags: Record<string, string>, isSecure: boolean, size: number): Promise<void> {
  const first = await DaemonProcess.start(t, flags)
  const port = Number(new URL(isSecure ? first.httpsUrl : first.url).port)
  const processes = isSecure ? SECURE_PROCESSES : 1
  const crowds = Array.from({ length: processes }, () => ReturningCrowd.start(t, { size: size / processes, isSecure }))
  const opened = await comeBack(crowds, port)
  first.signal('SIGKILL')
  await Promise.all(crowds.map((crowd) => crowd.next()))
  await first.exited
  const killedAt = performance.now()
  const coming = comeBack(crowds, port)
  const second = await DaemonProcess.start(t, { ...flags, [isSecure ? 'https.port' : 'listen.port']: String(port) })
  const readyMs = performance.now() - killedAt
  const cpuBefore = second.cpuMs
  const lag = watchLag(second)
  const { ms, attempts, cpuMs } = await coming
  const cpuAfter = second.cpuMs
  const worstMs = await lag()
  const scraped = await second.scrape()
  t.equal(scraped.get('sluice_sessions'), size, 'all are back')
  t.equal(scraped.get('sluice_subscriptions'), size)
  t.ok(second.isRunning)
  t.equal(second.stderr, '')
  t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  t.comment(
    `${size} clients: at first ${opened.ms.toFixed(0)} ms; back ${ms.toFixed(0)} ms after the port was open (ready ${readyMs.toFixed(0)} ms after the kill), ` +
      `processor time: daemon ${cpuAfter - cpuBefore} ms, clients ${cpuMs.toFixed(0)} ms; ${attempts} connections, the loop held ${worstMs.toFixed(0)} ms at most, refused ${scraped.sum('sluice_connections_rejected_total')}`,
  )
}

t.test('all clients come back at once after kill -9: uWebSockets.js', { skip: uwsMissing }, async (t) => {
  await storm(t, { 'listen.engine': 'uws' }, false, SIZE)
})

t.test("all clients come back at once after kill -9: Node's streams", async (t) => {
  await storm(t, { 'listen.engine': 'node' }, false, SIZE)
})

t.test('all clients come back at once after kill -9: TLS', { skip: opensslMissing }, async (t) => {
  const { certificateFile, keyFile } = makeCertificate(t, { kind: 'ec' })
  await storm(t, { 'tls.certificate': certificateFile, 'tls.key': keyFile }, true, SIZE)
})
