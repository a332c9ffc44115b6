import t from 'tap'
import { DaemonProcess } from '../helpers/daemon.js'
import { startFlood } from './flood.js'
import { neighbours } from './neighbours.js'

const PUBLISHERS = 8
const HEALTH_REQUESTS = 50
/** The least served publisher against the best served: that they take turns, not that the turns are equal. */
const SHARE_MIN = 1 / 20

t.setTimeout(120_000)

t.test(
  'publishers of single events at full speed hold up neither each other nor anybody else',
  { timeout: 120_000 },
  async (t) => {
    const daemon = await DaemonProcess.start(t)
    const flood = await startFlood(t, {
      url: daemon.url,
      connections: PUBLISHERS,
      eventsPerMessage: 1,
      payloadBytes: 128,
      topic: 'flood',
      lane: 7,
    })
    const pair = await neighbours(daemon.url)
    const waits: number[] = []
    // The flood lasts until all of these are answered: were one starved, this would wait for ever.
    for (let i = 0; i < HEALTH_REQUESTS; i++) {
      const asked = performance.now()
      t.equal((await fetch(`${daemon.adminUrl}/livez`)).status, 200)
      waits.push(performance.now() - asked)
      t.same((await daemon.scrape()).imbalance, { routing: 0, delivery: 0 })
    }
    const result = await pair.stop()
    t.match(result, { received: result.published, inOrder: true, missed: 0, controls: 0 })
    t.ok(result.published > 0)
    const results = await flood.stop()
    const accepted = results.map((one) => one.accepted)
    t.comment(`accepted of each publisher: ${accepted.join(' ')}; /livez at worst ${Math.max(...waits).toFixed(1)} ms`)
    t.ok(Math.min(...accepted) > Math.max(...accepted) * SHARE_MIN)
    t.ok(results.every((one) => one.accepted === one.published && one.refused === 0))
  },
)
