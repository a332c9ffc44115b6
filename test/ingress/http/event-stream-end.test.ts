import t from 'tap'
import { Code, codeMessage } from '../../../src/protocol/codes.js'
import { MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_NDJSON } from '../../../src/protocol/media.js'
import { Op } from '../../../src/protocol/ops.js'
import { readFrames } from '../../helpers/core-frames.js'
import { NOTHING_HELD } from '../../helpers/core-harness.js'
import { StreamsHarness } from '../../helpers/event-streams.js'

const STRICT = 'topic=a&policy=disconnect&events_max=2'

t.test('who must not fall behind and does is told why, once it reads again, and the stream is over', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader(STRICT)
  const frames = harness.exchange(STRICT, { accept: MEDIA_FRAMES })
  const lines = harness.exchange(STRICT, { accept: MEDIA_NDJSON })
  for (const exchange of [reader.exchange, frames, lines]) {
    exchange.take()
    exchange.answer = 0
  }
  for (let i = 1; i <= 10; i++) harness.publish('a', [i])
  t.equal(harness.core.router.meters.slowConsumers, 3)
  t.equal(harness.core.router.sessions.size, 1, 'the sessions are over at once')
  t.equal(harness.meters.streams, 0)
  t.same(harness.core.broken, [])
  t.same(harness.core.held, NOTHING_HELD)
  for (const exchange of [reader.exchange, frames, lines]) {
    t.notOk(exchange.ended)
    exchange.thaw()
    t.ok(exchange.ended)
  }
  t.same(reader.payloads(), [1])
  const message = codeMessage(Code.SLOW_CONSUMER)
  t.same(reader.source.take('error'), [['error', 0, Code.SLOW_CONSUMER, message, {}]])
  t.match(readFrames(frames.take()), [
    { op: Op.EVENT },
    { op: Op.ERROR, request: 0, code: Code.SLOW_CONSUMER, message },
  ])
  t.match(lines.takeText(), /^\["event".*\n\["error",0,4002,.*\n$/)
})

t.test('who never reads again is cut off', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader(STRICT)
  const late = harness.reader(STRICT)
  for (const { exchange } of [reader, late]) exchange.answer = 0
  for (let i = 1; i <= 10; i++) harness.publish('a', [i])
  harness.seconds(3)
  t.notOk(reader.exchange.aborted)
  late.exchange.thaw()
  t.ok(late.exchange.ended)
  harness.seconds(4)
  t.ok(reader.exchange.aborted)
  t.notOk(late.exchange.aborted)
  t.match(reader.read().source.take('error'), [])
})

t.test('who goes away while it is being ended is forgotten', async (t) => {
  const harness = new StreamsHarness()
  const { exchange } = harness.reader(STRICT)
  exchange.answer = 0
  for (let i = 1; i <= 10; i++) harness.publish('a', [i])
  exchange.cut()
  exchange.thaw()
  harness.seconds(10)
  harness.streams.close()
  t.notOk(exchange.ended)
  t.equal(harness.meters.streamsWaiting, 0)
})

t.test('a daemon that goes away says when to come back, and ends the stream once', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader('topic=a')
  const frames = harness.exchange('topic=a', { accept: MEDIA_FRAMES })
  const away = harness.reader('topic=a')
  // Node's streams pass on what they took at the end of the turn only, and say nothing of it.
  for (const exchange of [reader.exchange, frames]) Object.defineProperty(exchange, 'isDrained', { value: false })
  reader.read()
  frames.take()
  away.exchange.cut()
  harness.streams.drain()
  t.equal(harness.meters.streamsWaiting, 0, 'nobody can come back here')
  const { router } = harness.core
  for (const session of [...router.sessions.values()]) router.sayGoodbye(session, 4321)
  harness.publish('a', ['last'])
  for (const session of [...router.sessions.values()]) {
    session.outbox.end(Code.SHUTTING_DOWN, codeMessage(Code.SHUTTING_DOWN))
  }
  t.ok(reader.exchange.ended)
  t.ok(frames.ended)
  t.same(reader.payloads(), ['last'], 'what is published while it drains arrives')
  t.equal(reader.source.retryMs, 4321)
  t.match(reader.source.take('goaway'), [['goaway', Code.SHUTTING_DOWN, 4321]])
  t.same(reader.source.take('error'), [], 'GOAWAY has said it')
  t.match(readFrames(frames.take()), [{ op: Op.GOAWAY, retryAfterMs: 4321 }, { op: Op.EVENT }])
  t.equal(harness.meters.streams, 0)

  for (const accept of [MEDIA_EVENT_STREAM, MEDIA_FRAMES]) {
    const late = harness.exchange('topic=a', { accept })
    t.equal(late.status, 503)
    t.match(late.takeJson(), { code: Code.SHUTTING_DOWN })
    t.ok(late.answerHeaders['retry-after'])
  }
})

t.test('who loses its connection while the daemon drains is not waited for', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader('topic=a')
  harness.streams.drain()
  reader.exchange.cut()
  t.equal(harness.meters.streamsWaiting, 0)
  t.equal(harness.core.router.sessions.size, 1)
})

t.test('close ends what is still open, whatever state it is in', async (t) => {
  const harness = new StreamsHarness()
  const live = harness.reader('topic=a')
  const behind = harness.reader('topic=a')
  behind.freeze()
  const frames = harness.exchange('topic=a', { accept: MEDIA_FRAMES })
  harness.reader('topic=a').exchange.cut()
  const strict = harness.reader(STRICT)
  strict.freeze()
  for (let i = 1; i <= 10; i++) harness.publish('a', [i])
  harness.streams.close()
  t.ok(live.exchange.ended)
  t.ok(frames.ended)
  t.ok(behind.exchange.aborted)
  t.ok(strict.exchange.aborted)
  t.equal(harness.core.router.sessions.size, 1)
  t.equal(harness.meters.streams, 0)
  t.equal(harness.meters.streamsWaiting, 0)
  t.same(harness.core.broken, [])
  t.same(harness.core.held, NOTHING_HELD)
  harness.streams.close()
  harness.seconds(1)
})
