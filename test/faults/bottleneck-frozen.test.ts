import t from 'tap'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { LimitWatch } from '../helpers/limit-watch.js'
import { RawClient } from '../helpers/raw-client.js'

const PAYLOAD = Buffer.alloc(1000)
const PER_MESSAGE = 20
const MESSAGE = Buffer.concat(Array.from({ length: PER_MESSAGE }, () => encodeEvent('orders.new', 3, PAYLOAD)))
const PAUSE_MS = 10

t.setTimeout(90_000)

t.test('a frozen subscriber is named, by what it calls itself, and no more when it reads again', async (t) => {
  const daemon = await FaultyDaemon.start(t)
  const watch = await LimitWatch.open(daemon)
  const reader = await RawClient.open(daemon.url)
  const frozen = await RawClient.open(daemon.url)
  const publisher = await RawClient.open(daemon.url)
  reader.onEvent = () => {}
  frozen.onEvent = () => {}
  await reader.subscribe('orders.*')
  frozen.send({ op: Op.HELLO, info: { name: 'billing-archive' } })
  await frozen.subscribe('orders.*')
  frozen.freeze()
  const publishing = setInterval(() => publisher.send(MESSAGE), PAUSE_MS)
  t.teardown(() => clearInterval(publishing))

  const bottleneck = await watch.named('slow-consumer')
  t.match(bottleneck, {
    subscriber: { name: 'billing-archive', address: /^127\.0\.0\.1/ },
    says: /^subscriber billing-archive /,
  })
  t.ok((bottleneck.subscriber?.pendingBytes ?? 0) > 0)
  // The one before may have been of the moment in which it froze.
  t.ok(watch.secondsUntil('slow-consumer', ({ slow }) => slow.some(({ blockedMs }) => blockedMs > 0)) <= 2)
  t.match(await daemon.get('/stats'), { slow: [{ name: 'billing-archive' }] })
  t.match(await daemon.get('/bottleneck'), { bottleneck: { limit: 'slow-consumer' } })

  frozen.thaw()
  await watch.over('slow-consumer')
  t.match(watch.stats.at(-1)?.bottleneck, { subscriber: null })
})
