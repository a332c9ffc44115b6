import t from 'tap'
import { WAITING_STREAMS_MAX, WAITING_SUBSCRIPTIONS_MAX } from '../../../src/ingress/http/event-streams.js'
import { type StreamReader, StreamsHarness } from '../../helpers/event-streams.js'

/** The id of the last event that a reader has read. */
function lastId(reader: StreamReader): string {
  return reader.read().source.lastEventId
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

t.test('streams that were sent the same keep it once', async (t) => {
  const harness = new StreamsHarness()
  const readers = numbers(1, 50).map(() => harness.reader('topic=a'))
  const ids = readers.map(lastId)
  for (const i of numbers(1, 20)) harness.publish('a', [`${i} ${'x'.repeat(100)}`])
  t.ok(harness.streams.log.bytes < 20 * 1000, `${harness.streams.log.bytes} bytes`)
  for (const reader of readers) reader.exchange.cut()
  const back = ids.map((id) => harness.reader('topic=a', id))
  for (const reader of back) t.equal(reader.payloads().length, 20)
})

t.test('all streams together keep no more than their share; the oldest is given up first, and told', async (t) => {
  const harness = new StreamsHarness({ resumeBytes: 1 << 20 }, { memoryBudgetBytes: 64 << 10 })
  const readers = numbers(1, 10).map((i) => harness.reader(`topic=t${i}`))
  const ids = readers.map(lastId)
  for (const i of numbers(1, 10))
    harness.publish(
      `t${i}`,
      numbers(1, 5).map((n) => `${n} ${'x'.repeat(400)}`),
    )
  t.ok(harness.streams.log.bytes <= 16 << 10, `${harness.streams.log.bytes} bytes`)
  for (const reader of readers) reader.exchange.cut()
  const results = ids.map((id, i) => {
    const reader = harness.reader(`topic=t${i + 1}`, id)
    return [reader.gaps(), reader.payloads().length]
  })
  t.same(results[0], [[['t1', 5, 'closed']], 0])
  t.same(results[9], [[], 5])
  harness.streams.close()
  t.equal(harness.streams.log.bytes, 0)
})

t.test('only so many streams wait for their readers; the one that waits longest goes', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  const firstId = lastId(first)
  first.exchange.cut()
  const second = harness.reader('topic=a')
  const secondId = lastId(second)
  second.exchange.cut()
  for (let i = 0; i < WAITING_STREAMS_MAX - 1; i++) harness.reader('topic=a').exchange.cut()
  t.equal(harness.meters.streamsWaiting, WAITING_STREAMS_MAX)
  harness.publish('a', [1])
  t.same(harness.reader('topic=a', firstId).gaps(), [['a', 0, 'closed']])
  t.same(harness.reader('topic=a', secondId).payloads(), [1])
  harness.streams.drain()
  t.equal(harness.meters.streamsWaiting, 0)
})

t.test('what waits for readers who are away is bounded too, and those who are there keep theirs', async (t) => {
  const harness = new StreamsHarness({}, { memoryBudgetBytes: 800 << 10 })
  const away = numbers(1, 10).map(() => {
    const reader = harness.reader('topic=a')
    const id = lastId(reader)
    reader.exchange.cut()
    return id
  })
  const slow = harness.reader('topic=a')
  slow.freeze()
  harness.publish('a', [0])
  for (const i of numbers(1, 30)) harness.publish('a', [`${i} ${'x'.repeat(1000)}`])
  harness.seconds(1)
  const { router } = harness.core
  let waiting = 0
  for (const { outbox } of router.sessions.values()) waiting += outbox.backlogBytes
  t.ok(waiting <= (200 << 10) + 31_000, `${waiting} bytes`)
  t.equal(harness.meters.streamsWaiting, 6)
  t.same(harness.reader('topic=a', away[3]).gaps(), [['a', 0, 'closed']])
  t.equal(harness.reader('topic=a', away[4]).payloads().length, 31)
  slow.exchange.thaw()
  t.equal(slow.payloads().length, 31)
  t.same(harness.core.broken, [])
})

t.test('only so many subscriptions of theirs wait', async (t) => {
  const each = 64
  const harness = new StreamsHarness({}, { subscriptionsMax: each })
  const query = numbers(1, each)
    .map((i) => `topic=t${i}`)
    .join('&')
  const leave = () => {
    const reader = harness.reader(query)
    const id = lastId(reader)
    reader.exchange.cut()
    return id
  }
  const first = leave()
  const second = leave()
  const few = WAITING_SUBSCRIPTIONS_MAX / each
  for (let i = 2; i < few; i++) leave()
  t.equal(harness.meters.streamsWaiting, few)
  harness.reader('topic=x').exchange.cut()
  t.equal(harness.meters.streamsWaiting, few, 'one has gone for the one that came')
  harness.publish('t1', [1])
  t.same(harness.reader(query, second).payloads(), [1])
  t.same(harness.reader(query, first).payloads(), [])
  harness.seconds(100)
  t.equal(harness.meters.streamsWaiting, 0)
  for (let i = 0; i < few; i++) leave()
  t.equal(harness.meters.streamsWaiting, few, 'those that have gone count no more')
})
