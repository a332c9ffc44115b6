import t from 'tap'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { scrape } from '../helpers/metrics.js'
import { until } from '../helpers/until.js'

t.test(
  'while the routing thread stands still, the admin port says so, and goes on telling what was known',
  async (t) => {
    const daemon = await FaultyDaemon.start(t)
    const health = async (path: string): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${daemon.adminUrl}${path}`)
      return { status: response.status, text: await response.text() }
    }
    t.match(await health('/livez'), { status: 200 })
    await scrape(daemon.adminUrl)
    daemon.suffer({ kind: 'freeze', ms: 12_000 })
    await until('it is not live', async () => (await health('/livez')).status === 503)
    t.match(await health('/livez'), { status: 503, text: /the routing thread stands still: .* ago/ })
    t.match(await health('/readyz'), { status: 503, text: /stands still/ })
    const scraped = await scrape(daemon.adminUrl)
    t.equal(scraped.get('sluice_live'), 0)
    t.ok(scraped.get('sluice_snapshot_age_seconds') > 1, 'values are those from before')
    t.ok(scraped.has('sluice_sessions'))
    await until('it is live again', async () => (await health('/livez')).status === 200, 60_000)
    await until(
      'values are fresh again',
      async () => (await scrape(daemon.adminUrl)).get('sluice_snapshot_age_seconds') < 0.5,
    )
    t.match(await health('/readyz'), { status: 200 })
  },
)
