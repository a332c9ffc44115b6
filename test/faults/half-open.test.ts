import t from 'tap'
import { Op } from '../../src/protocol/ops.js'
import { daemonHere } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { TcpProxy } from '../helpers/tcp-proxy.js'
import { until } from '../helpers/until.js'

/** The shortest that the engine knows. */
const IDLE = { 'listen.idle_timeout': '8s' }

t.setTimeout(90_000)

t.test('peers that vanished without a word are found and closed; one that is only silent stays', async (t) => {
  const daemon = await daemonHere(t, IDLE)
  const proxy = await TcpProxy.open(daemon.url)
  t.teardown(() => proxy.close())
  const silent = await RawClient.open(daemon.url)
  await silent.subscribe('a')
  const vanishing = [await RawClient.open(proxy.url), await RawClient.open(proxy.url), await RawClient.open(proxy.url)]
  for (const client of vanishing) await client.subscribe('a')
  // The daemon writes to one of them as it vanishes, the others are idle.
  await vanishing[0].subscribe('b')
  t.equal((await daemon.scrape()).get('sluice_sessions'), 4)
  proxy.freeze()
  silent.publish('b', 'into the void')
  await until('the three are closed', async () => (await daemon.scrape()).get('sluice_sessions') === 1)
  await until('their sockets too', () => proxy.openAtDaemon === 0)
  const scraped = await daemon.scrape()
  t.equal(scraped.get('sluice_connections_closed_total', 'code', 'idle_timeout'), 3)
  // Node's streams give a peer a moment to close its side.
  await until(
    'the connections to be gone',
    async () => (await daemon.scrape()).get('sluice_connections', 'listener', 'listen') === 1,
  )
  t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  // It answered the pings of the engine all the while.
  silent.publish('a', 'still here')
  await silent.until('its event', () => silent.events.length === 1)
  t.equal(silent.events[0].payload.toString(), 'still here')
})

t.test('a cut connection is gone at once, with all that it held', async (t) => {
  const daemon = await daemonHere(t)
  const proxy = await TcpProxy.open(daemon.url)
  t.teardown(() => proxy.close())
  const client = await RawClient.open(proxy.url)
  await client.subscribe('a.>')
  proxy.cut()
  t.match(await client.untilClosed(), { code: 1006 })
  await until('the session is gone', async () => (await daemon.scrape()).get('sluice_sessions') === 0)
  const again = await RawClient.open(proxy.url)
  again.publish('a.b', 'to nobody')
  await again.sync()
  const scraped = await daemon.scrape()
  t.equal(scraped.get('sluice_events_unmatched_total'), 1)
  t.equal(scraped.get('sluice_connections_closed_total', 'code', '1006'), 1)
  t.match(again.told(Op.WELCOME)[0], { info: { session: 2 } })
})
