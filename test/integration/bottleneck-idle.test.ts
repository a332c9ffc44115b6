import t from 'tap'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { LimitWatch } from '../helpers/limit-watch.js'
import { RawClient } from '../helpers/raw-client.js'

t.setTimeout(90_000)

t.test('a daemon that is merely watched is idle from the beginning, and so is one with idle connections', async (t) => {
  const daemon = await FaultyDaemon.start(t)
  const watch = await LimitWatch.open(daemon)
  for (let i = 0; i < 20; i++) await (await RawClient.open(daemon.url)).subscribe(`idle.${i}`)
  await watch.seconds(4)
  t.ok(
    watch.stats.every(({ bottleneck }) => bottleneck.limit === 'idle'),
    watch.history,
  )
  t.same(watch.bottlenecks, [], 'nothing has changed, so that nothing was told')
  t.match(watch.stats.at(-1), {
    server: { pid: daemon.pid, phase: 'ready', url: daemon.url },
    rates: { dropped: 0, refused: 0 },
    anomalies: [],
    slow: [],
    connections: { listen: 21 },
  })
  const sequence = watch.stats.map((stats) => stats.sequence)
  t.ok(
    sequence.every((each, i) => i === 0 || each === sequence[i - 1] + 1),
    'one after the other',
  )
})
