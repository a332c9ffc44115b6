import t from 'tap'
import type { Stats } from '../../src/observe/stats.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { LimitWatch } from '../helpers/limit-watch.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

/** Some events all the while, as there always are where anybody watches. */
const PAUSE_MS = 5
const IN_TIME_S = 2

t.setTimeout(120_000)

t.test('what holds the event loop is told apart', async (t) => {
  const daemon = await FaultyDaemon.start(t)
  const watch = await LimitWatch.open(daemon)
  const reader = await RawClient.open(daemon.url)
  const publisher = await RawClient.open(daemon.url)
  reader.onEvent = () => {}
  await reader.subscribe('s.*')
  const publishing = setInterval(() => publisher.publish('s.a', 'an event'), PAUSE_MS)
  t.teardown(() => clearInterval(publishing))
  const calm = async () => {
    daemon.suffer({ kind: 'none' })
    for (const limit of ['stall', 'gc'] as const) await watch.over(limit)
    watch.bottlenecks.length = 0
    watch.stats.length = 0
  }
  await watch.seconds(2)
  await calm()

  await t.test('5 ms, again and again: a stall', async (t) => {
    daemon.suffer({ kind: 'stall', ms: 5, everyMs: 20 })
    const bottleneck = await watch.named('stall')
    t.match(bottleneck.says, /^something holds the event loop for [\d.]+ % of the time, at most [\d.]+ ms at once$/)
    t.ok(bottleneck.share >= 0.03, `${bottleneck.share}`)
    t.ok(watch.secondsUntil('stall', ({ loop }) => loop.lagMaxMs >= 4) <= IN_TIME_S, watch.history)
    await calm()
  })

  await t.test('garbage', async (t) => {
    daemon.suffer({ kind: 'garbage' })
    const bottleneck = await watch.named('gc')
    t.match(bottleneck.says, /^collecting garbage takes [\d.]+ % of the time, the longest pause /)
    t.ok(watch.secondsUntil('gc', ({ loop }) => loop.gcMs > 100) <= IN_TIME_S, watch.history)
    await calm()
  })

  await t.test('the thread stands still: the observer thread says so while it does', async (t) => {
    daemon.suffer({ kind: 'freeze', ms: 4000 })
    let said = ''
    await until('/stats to say so', async () => {
      const { bottleneck } = (await daemon.get('/stats')) as Stats
      if (bottleneck.limit === 'stall') said = bottleneck.says
      return said !== ''
    })
    t.equal(watch.bottlenecks.length, 0, 'who is subscribed cannot know yet')
    t.match(said, /^the routing thread has stood still for \d\.\d s$/)
    await until('who is subscribed to be told afterwards', () =>
      watch.bottlenecks.some(({ limit }) => limit === 'stall'),
    )
    await calm()
  })
})
