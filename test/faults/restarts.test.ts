import t from 'tap'
import { type Bus, connect, type Gap, type Status, UnconfirmedError } from '../../src/client/index.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { until } from '../helpers/until.js'

const RESTARTS = 20
const PUBLISH_INTERVAL_MS = 1
/** Published between two restarts, at least. */
const EVENTS_BETWEEN = 100
/** Time for what is under way to be confirmed before the publisher leaves. */
const SPREAD = { 'shutdown.goaway_spread': '50ms' }

t.setTimeout(180_000)

/**
 * What at-most-once promises over a restart, and all of it is asserted here:
 *
 * - no event twice, and those that arrive arrive in the order published;
 * - every event that did not arrive is accounted for: the publisher was told that events were `lost` (sent, unconfirmed), or the subscriber was
 *   told that it `reconnected` between the events around the hole, so that it knows that something may be missing there;
 * - what `sync()` confirmed while the subscriber was connected is not lost by SIGTERM, which flushes. SIGKILL promises no such thing.
 */
t.test('a daemon restarted 20 times: no event twice, no silent gap', async (t) => {
  let daemon = await DaemonProcess.start(t, SPREAD)
  const { port } = daemon
  const again = { ...SPREAD, 'listen.port': String(port) }
  const backoff = { backoffBaseMs: 10, backoffCapMs: 50 }

  /** What the subscriber was told, in order: sequence numbers and gaps. */
  const told: (number | Gap)[] = []
  let highest = -1
  const subscriber = await connect(daemon.url, backoff)
  const subscription = subscriber.subscribe<number>('restart.test', {
    onEvent: ({ value }) => {
      told.push(value)
      highest = Math.max(highest, value)
    },
    onGap: (gap) => told.push(gap),
  })
  await subscription.ready

  const statuses: Status[] = []
  const publisher = await connect(daemon.url, { ...backoff, onStatus: (status) => statuses.push(status) })
  let published = 0
  const timer = setInterval(() => publisher.publish('restart.test', published++), PUBLISH_INTERVAL_MS)
  t.teardown(() => clearInterval(timer))

  for (let round = 0; round < RESTARTS; round++) {
    const goal = published + EVENTS_BETWEEN
    await until('both are connected, and events arrive', () => highest >= goal)
    const isPolite = round % 2 === 0
    if (isPolite) {
      const confirmed = published - 1
      await synced(publisher)
      const { lost } = publisher.counts
      daemon.signal('SIGTERM')
      t.same(await daemon.exited, { code: 0, signal: null })
      await until('the publisher has left', () => !publisher.isConnected)
      t.equal(publisher.counts.lost, lost, 'who is told to go has all confirmed before')
      await until('what was confirmed before SIGTERM arrives', () => told.includes(confirmed))
    } else {
      daemon.signal('SIGKILL')
      t.same(await daemon.exited, { code: null, signal: 'SIGKILL' })
    }
    daemon = await DaemonProcess.start(t, again)
  }
  clearInterval(timer)
  await synced(publisher)
  const { accepted, lost, refused, dropped, unconfirmed, buffered } = publisher.counts
  t.same({ refused, dropped, unconfirmed, buffered }, { refused: 0, dropped: 0, unconfirmed: 0, buffered: 0 })
  t.equal(accepted + lost, published, 'every event was confirmed, or the publisher was told that it may be lost')
  t.equal(
    statuses.reduce((sum, status) => sum + (status.type === 'lost' ? status.count : 0), 0),
    lost,
  )

  const events = told.filter((item) => typeof item === 'number')
  t.ok(
    events.every((n, i) => i === 0 || n > events[i - 1]),
    'none twice, all in order',
  )
  let silent = 0
  for (const [i, item] of told.entries()) {
    const before = told[i - 1]
    if (typeof item === 'number' && typeof before === 'number' && item !== before + 1) silent++
  }
  t.equal(silent, 0, 'no hole between two events without word of a reconnection')
  const gaps = told.filter((item) => typeof item !== 'number')
  t.ok(gaps.every(({ reason }) => reason === 'reconnected'))
  t.equal(subscription.missed.reconnects, RESTARTS)
  t.comment(`${published} published, ${accepted} confirmed, ${lost} told as lost, ${events.length} received`)
  await publisher.close()
  await subscriber.close()
})

/** Resolves when all that was published is confirmed, or has been told as lost with a connection. */
async function synced(bus: Bus): Promise<void> {
  for (;;) {
    try {
      await bus.sync()
      return
    } catch (error) {
      if (!(error instanceof UnconfirmedError)) throw error
    }
  }
}
