import t from 'tap'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { LimitWatch } from '../helpers/limit-watch.js'
import { RawClient } from '../helpers/raw-client.js'

/** Every combination of these many tokens or an asterisk in each place: a topic of them matches all, by as many ways through the trie. */
const PLACES = 9
const TOPICS = 200
const PAUSE_MS = 10
const IN_TIME_S = 2

t.setTimeout(90_000)

t.test('an explosion of patterns that come and go is named as what it is', async (t) => {
  const daemon = await FaultyDaemon.start(t)
  const watch = await LimitWatch.open(daemon)
  const greedy = await RawClient.open(daemon.url)
  const restless = await RawClient.open(daemon.url)
  const publisher = await RawClient.open(daemon.url)
  greedy.onEvent = () => {}
  for (let mask = 0; mask < 1 << PLACES; mask++) {
    const tokens = Array.from({ length: PLACES }, (_, place) => ((mask >> place) & 1 ? '*' : `t${place}`))
    greedy.send({ op: Op.SUBSCRIBE, request: 0, pattern: [...tokens, '*'].join('.'), options: {} })
  }
  await greedy.sync()
  const head = Array.from({ length: PLACES }, (_, place) => `t${place}`).join('.')
  const message = Buffer.concat(
    Array.from({ length: TOPICS }, (_, i) => encodeEvent(`${head}.${i}`, 3, Buffer.from('an event'))),
  )
  const publishing = setInterval(() => publisher.send(message), PAUSE_MS)
  t.teardown(() => clearInterval(publishing))
  await watch.seconds(2)
  t.ok(
    watch.stats.slice(-1).every(({ bottleneck }) => bottleneck.limit !== 'matching'),
    'many patterns alone are no explosion: what they match is remembered',
  )

  const quiet = watch.stats[watch.stats.length - 1].patterns
  let churned = 0
  const churning = setInterval(() => {
    const pattern = `*.*.*.*.*.*.*.*.*.*.c${churned++}`
    restless.send({ op: Op.SUBSCRIBE, request: 0, pattern, options: {} }, { op: Op.UNSUBSCRIBE, request: 0, pattern })
  }, PAUSE_MS)
  t.teardown(() => clearInterval(churning))
  const bottleneck = await watch.named('matching')
  t.match(
    bottleneck.says,
    /^matching topics with patterns, [\d,]+ walks a second, takes \d+ % of the routing thread's time/,
  )
  t.ok(bottleneck.share > 0.2, `${bottleneck.share}`)
  t.ok(watch.secondsUntil('matching', ({ patterns }) => patterns > quiet) <= IN_TIME_S, watch.history)

  clearInterval(churning)
  await watch.over('matching')
})
