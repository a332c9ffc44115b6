import t from 'tap'
import type { Stats, StatsHistory } from '../../src/observe/stats.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { LimitWatch } from '../helpers/limit-watch.js'
import { scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const EVENTS = 500
const URGENT = 1

t.setTimeout(90_000)

t.test('what a daemon says of itself: over the bus, on the admin port, of the past, and in metrics', async (t) => {
  const daemon = await FaultyDaemon.start(t)
  const watch = await LimitWatch.open(daemon)
  const reader = await RawClient.open(daemon.url)
  const publisher = await RawClient.open(daemon.url)
  await reader.subscribe('orders.>')
  for (let i = 0; i < EVENTS; i++) publisher.publish('orders.new', 'an order', URGENT)
  publisher.publish('nobody.listens', 'an event')
  await reader.until('all events', () => reader.events.length === EVENTS)
  // Those of before may be in two intervals, or in none yet.
  await watch.seconds(2)
  const told = watch.stats
  const all = (value: (stats: Stats) => number) => told.reduce((sum, stats) => sum + value(stats), 0)

  t.ok(all(({ rates }) => rates.accepted) > EVENTS * 0.5, 'rates')
  t.ok(all(({ lanes }) => lanes[URGENT].rate) > EVENTS * 0.5, 'by lane')
  t.ok(all(({ rates }) => rates.unmatched) > 0)
  t.equal(
    all(({ lanes }) => lanes[URGENT].delivery?.count ?? 0),
    EVENTS,
    'each delivery was timed',
  )
  t.ok(all(({ heat }) => heat.reduce((sum, count) => sum + count, 0)) >= EVENTS, 'and is in the heat map')
  const busy = told.find(({ lanes }) => lanes[URGENT].routing !== null) as Stats
  const { p50Ms, p99Ms, maxMs } = busy.lanes[URGENT].routing as NonNullable<Stats['lanes'][0]['routing']>
  t.ok(0 < p50Ms && p50Ms <= p99Ms && p99Ms <= maxMs, `${p50Ms} ≤ ${p99Ms} ≤ ${maxMs}`)
  t.match(told.at(-1), {
    sessions: 3,
    subscriptions: 3,
    connections: { listen: 3 },
    totals: { refused: 0, dropped: 0 },
    loop: { cpu: Number },
    memory: { resident: Number },
    target: { eventsPerSecond: 1_800_000 },
  })
  t.ok((told.at(-1)?.totals.accepted ?? 0) >= EVENTS)
  t.ok((told.at(-1)?.memory.resident ?? 0) > 1e6)

  const last = told[told.length - 1]
  await until(
    'the same on the admin port',
    async () => ((await daemon.get('/stats')) as Stats).sequence >= last.sequence,
  )
  const { stepS, points } = (await daemon.get('/stats/history?seconds=60')) as StatsHistory
  t.equal(stepS, 1)
  const same = points.find(({ at }) => at === busy.at)
  t.match(same, { at: busy.at, sessions: busy.sessions, bottleneck: { limit: busy.bottleneck.limit } })
  t.match(await (await fetch(`${daemon.adminUrl}/stats/history?seconds=0`)).json(), { status: 400 })

  const scraped = await scrape(daemon.adminUrl)
  t.equal(scraped.sum('sluice_bottleneck'), 1, 'one limit at a time')
  t.equal(scraped.sum('sluice_anomaly'), 0)
  t.ok(scraped.get('sluice_stats_history_bytes') > 0)
})
