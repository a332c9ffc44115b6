import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'

t.setTimeout(120_000)

const STORM = 1000
/** Of a millisecond of handshakes a turn, many more fit; what is asked for here is that it goes on at all. */
const ROUND_TRIPS_MIN = 50

t.test('events are routed while a storm of handshakes goes on', { skip: opensslMissing }, async (t) => {
  const { certificateFile, keyFile } = makeCertificate(t, { kind: 'rsa' })
  const daemon = await DaemonProcess.start(t, {
    'tls.certificate': certificateFile,
    'tls.key': keyFile,
    'tls.handshake_timeout': '2m',
    'listen.idle_timeout': '0',
  })
  const bus = await connect(daemon.url)
  t.teardown(() => bus.close())
  let received = 0
  bus.subscribe('tick', { onEvent: () => received++ })
  await bus.sync()

  const child = fork(fileURLToPath(new URL('handshakes.js', import.meta.url)), [
    new URL(daemon.httpsUrl).port,
    String(STORM),
  ])
  t.teardown(() => child.kill('SIGKILL'))
  let secured = -1
  await once(child, 'message')
  child.once('message', (count: number) => {
    secured = count
  })
  let roundTrips = 0
  let worstMs = 0
  while (secured < 0) {
    const started = performance.now()
    bus.publish('tick', roundTrips)
    await bus.sync()
    worstMs = Math.max(worstMs, performance.now() - started)
    roundTrips++
  }
  t.comment(`${roundTrips} round trips, the slowest took ${worstMs.toFixed(1)} ms`)
  t.equal(secured, STORM)
  t.ok(roundTrips >= ROUND_TRIPS_MIN, `${roundTrips} round trips meanwhile`)
  await bus.sync()
  t.equal(received, roundTrips, 'and none was lost')
  const scraped = await daemon.scrape()
  t.equal(scraped.sum('sluice_tls_handshakes_failed_total'), 0)
  t.match(scraped.text, new RegExp(`^sluice_tls_handshakes_total\\{.*version="1\\.3".*\\} ${STORM}$`, 'm'))
})
