import t from 'tap'
import { Written } from '../../../src/core/link.js'
import { Code } from '../../../src/protocol/codes.js'
import { framesToText } from '../../../src/protocol/json.js'
import { MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_NDJSON } from '../../../src/protocol/media.js'
import { Op } from '../../../src/protocol/ops.js'
import { eventFrame, readFrames } from '../../helpers/core-frames.js'
import { NOTHING_HELD } from '../../helpers/core-harness.js'
import { StreamsHarness } from '../../helpers/event-streams.js'

t.test('a stream begins with its head, a time to come back after, and WELCOME', async (t) => {
  const harness = new StreamsHarness()
  const { exchange, source } = harness.reader('topic=orders.>').read()
  t.equal(exchange.status, 200)
  t.same(exchange.answerHeaders, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  t.ok(source.retryMs >= 1000 && source.retryMs <= 2000)
  t.match(source.events, [{ type: 'welcome', lastEventId: /^[A-Za-z0-9_-]{16}\.0{15}$/ }])
  t.match(source.take('welcome'), [['welcome', { version: 1, server: 'server-under-test' }]])
  t.notOk(exchange.ended)
  t.equal(harness.meters.streams, 1)
  t.equal(harness.meters.answered.get(200), 1)
})

t.test('an event is the line of the JSON subprotocol, with an id', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader('topic=orders.>').read()
  reader.source.take('welcome')
  harness.publish('orders.eu', [{ id: 1 }], { lane: 0, metadata: { id: 'a' } })
  harness.publish('elsewhere', [1])
  const text = reader.exchange.takeText()
  t.match(text, /^id: [A-Za-z0-9_-]{16}\.0{14}1\ndata: \["event","orders\.eu",0,\{"id":1\},\{"id":"a"\}\]\n\n$/)
  harness.publish('orders.eu', ['x', 'y', 'zé'])
  reader.read()
  t.same(
    reader.source.events.map(({ type, data, lastEventId }) => [type, data, lastEventId.slice(17)]),
    [
      ['message', '["event","orders.eu",3,"x"]', '000000000000002'],
      ['message', '["event","orders.eu",3,"y"]', '000000000000003'],
      ['message', '["event","orders.eu",3,"zé"]', '000000000000004'],
    ],
  )
})

t.test('whatever a payload is, it stays on the line of its event', async (t) => {
  const harness = new StreamsHarness()
  const reader = harness.reader('topic=a&topic=%C3%BC')
  const hostile = [
    '\n',
    '\r\n\r\n',
    'data: x\n\nevent: gap\ndata: y',
    '\u2028\u2029\u0085\u0000\ufeff',
    { '\n\nid: x': 1 },
    '',
  ]
  harness.publish('a', hostile)
  t.same(reader.payloads(), hostile)
  const frames = [
    eventFrame('a', Buffer.from([0xc1])),
    eventFrame('a', Buffer.from('\n\n\r\n')),
    eventFrame('ü', Buffer.from('{"a":\r\n\r\n1}'), 3, { type: 'application/json' }),
    eventFrame('ü', Buffer.from('a\n\nb\rc'), 3, { type: 'text/plain' }),
    eventFrame('ü', Buffer.alloc(0)),
  ]
  for (const frame of frames) harness.publisher.send(frame)
  harness.publisher.send(...frames)
  harness.core.turns()
  const lines = frames.map((frame) => JSON.parse(framesToText(frame, 0, frame.length)))
  t.same(reader.read().source.take(), [...lines, ...lines])
})

t.test('streams that are sent the same have ids of their own', async (t) => {
  const harness = new StreamsHarness()
  const early = harness.reader('topic=a')
  harness.publish('a', [0])
  const readers = [early, harness.reader('topic=a'), harness.reader('topic=>')]
  harness.publish('a', [1])
  harness.publish('a', [2, 3])
  harness.publish('a', ['large'.repeat(2000)])
  const ids = readers.map((reader) => {
    reader.read()
    const messages = reader.source.events.filter(({ type }) => type === 'message')
    return messages.map(({ lastEventId }) => lastEventId)
  })
  t.same(
    ids.map((list) => list.map((id) => Number(id.slice(17)))),
    [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
  )
  t.same(new Set(ids.flat()).size, 13)
  t.same(readers[0].payloads().length, 5)
})

t.test('frames as they are, and lines, by Accept', async (t) => {
  const harness = new StreamsHarness()
  const frames = harness.exchange('topic=a&topic=b.*', { accept: MEDIA_FRAMES })
  const lines = harness.exchange('topic=a', { accept: `${MEDIA_NDJSON}, ${MEDIA_EVENT_STREAM};q=0.5` })
  t.equal(frames.answerHeaders['content-type'], MEDIA_FRAMES)
  t.equal(lines.answerHeaders['content-type'], MEDIA_NDJSON)
  harness.publish('a', [1, 2])
  harness.publish('b.c', [3])
  t.match(readFrames(frames.take()), [
    { op: Op.WELCOME },
    { op: Op.EVENT, topic: 'a', payload: '\x01' },
    { op: Op.EVENT, topic: 'a', payload: '\x02' },
    { op: Op.EVENT, topic: 'b.c', payload: '\x03' },
  ])
  const text = lines.takeText()
  t.ok(text.endsWith('\n'))
  const parsed = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(parsed, [['welcome'], ['event', 'a', 3, 1], ['event', 'a', 3, 2]])
  t.equal(harness.meters.streams, 2)
  frames.cut()
  lines.cut()
  t.equal(harness.meters.streams, 0)
  t.equal(harness.core.router.sessions.size, 1, 'nobody comes back to these')
  t.same(harness.core.broken, [])
})

t.test('what is asked for wrongly is a problem with a code, before any stream begins', async (t) => {
  const harness = new StreamsHarness({}, { subscriptionsMax: 3 })
  const long = 'x'.repeat(256)
  const cases: [string, number, RegExp][] = [
    ['', Code.BAD_PARAMETER, /^topic is missing/],
    ['topics=a', Code.UNKNOWN_PARAMETER, /"topics".*did you mean topic\?/],
    ['topic=a&polcy=conflate', Code.UNKNOWN_PARAMETER, /did you mean policy/],
    ['topic=', Code.BAD_PATTERN, /""/],
    ['topic', Code.BAD_PATTERN, /""/],
    ['topic=a..b', Code.BAD_PATTERN, /"a\.\.b"/],
    ['topic=a&topic=a.>.b', Code.BAD_PATTERN, /"a\.>\.b"/],
    ['topic=a+b', Code.BAD_PATTERN, /"a b"/],
    ['topic=%0A', Code.BAD_PATTERN, /"\\n"/],
    ['topic=%ED%A0%80', Code.BAD_PARAMETER, /percent-encoded UTF-8/],
    ['topic=%', Code.BAD_PARAMETER, /percent-encoded UTF-8/],
    [`topic=${long}`, Code.TOPIC_TOO_LONG, /x…/],
    [`topic=${'a.'.repeat(16)}a`, Code.TOPIC_TOO_LONG, /too many bytes or tokens/],
    ['topic=a&topic=b&topic=c&topic=d', Code.TOO_MANY_SUBSCRIPTIONS, /"d"/],
    ['topic=a&policy=oldest', Code.BAD_PARAMETER, /one of drop-oldest/],
    ['topic=a&policy=', Code.BAD_PARAMETER, /one of drop-oldest/],
    ['topic=a&policy=conflate&policy=conflate', Code.BAD_PARAMETER, /once/],
    ['topic=a&bytes_max=0', Code.BAD_PARAMETER, /bytes_max/],
    ['topic=a&bytes_max=1KiB', Code.BAD_PARAMETER, /bytes_max/],
    ['topic=a&bytes_max=-1', Code.BAD_PARAMETER, /bytes_max/],
    ['topic=a&events_max=1.5', Code.BAD_PARAMETER, /events_max/],
    ['topic=a&events_max=99999999999999999999', Code.BAD_PARAMETER, /events_max/],
  ]
  for (const [query, code, detail] of cases) {
    const exchange = harness.exchange(query)
    t.match(
      exchange,
      { status: 400, ended: true, answerHeaders: { 'content-type': 'application/problem+json' } },
      query,
    )
    t.match(exchange.takeJson(), { code, status: 400, detail }, query)
  }
  const frames = harness.exchange('topic=a&last_event_id=x', { accept: MEDIA_FRAMES })
  t.match(frames.takeJson(), { code: Code.BAD_PARAMETER, detail: /last_event_id is for text\/event-stream only/ })
  const image = harness.exchange('topic=a', { accept: 'image/png' })
  t.match([image.status, image.takeJson()], [406, { code: Code.NOT_ACCEPTABLE, detail: /text\/event-stream/ }])
  t.equal(harness.core.router.sessions.size, 1, 'no session is left behind')
  t.equal(harness.meters.streams, 0)
  t.equal(harness.core.router.meters.refused.get(Code.BAD_PATTERN), 6)
  t.equal(harness.meters.answered.get(400), cases.length + 1)
})

t.test('a pattern that is given twice is one subscription', async (t) => {
  const harness = new StreamsHarness({}, { subscriptionsMax: 2 })
  const reader = harness.reader('topic=a&topic=a&topic=a&topic=%3E')
  harness.publish('a', [1])
  t.same(reader.payloads(), [1])
})

t.test('a silent stream says something often enough, one that is not says nothing more', async (t) => {
  const harness = new StreamsHarness({ heartbeatMs: 10_000 })
  const silent = harness.reader('topic=silent').read()
  const busy = harness.reader('topic=busy').read()
  const frames = harness.exchange('topic=silent', { accept: MEDIA_FRAMES })
  const lines = harness.exchange('topic=silent', { accept: MEDIA_NDJSON })
  frames.take()
  lines.take()
  let sinceBeat = 0
  let longest = 0
  for (let second = 0; second < 100; second++) {
    harness.publish('busy', [second])
    harness.seconds(1)
    sinceBeat++
    const before = silent.source.comments
    longest = Math.max(longest, sinceBeat)
    if (silent.read().source.comments > before) sinceBeat = 0
  }
  t.ok(longest <= 10, `silent for ${longest} s`)
  t.ok(silent.source.comments >= 10 && silent.source.comments <= 20, `${silent.source.comments} comments`)
  t.same(silent.source.events.length, 1, 'only WELCOME')
  t.equal(busy.read().source.comments, 0)
  const pongs = readFrames(frames.take())
  t.ok(pongs.length >= 10 && pongs.length <= 20)
  t.match(pongs[0], { op: Op.PONG, token: 0 })
  t.match(lines.takeText(), /^\n{10,20}$/)
})

t.test('nothing is said to a reader that is behind', async (t) => {
  const harness = new StreamsHarness({ heartbeatMs: 2000 })
  const reader = harness.reader('topic=a')
  reader.freeze()
  harness.publish('a', [1])
  harness.publish('a', [2])
  harness.seconds(10)
  t.same(reader.payloads(), [1])
  t.equal(reader.source.comments, 0)
  reader.exchange.thaw()
  t.same(reader.payloads(), [2])
  t.equal(harness.core.router.delivery.budget.used, 0)
})

t.test('a heartbeat that the transport could not pass on is followed by what waits', async (t) => {
  for (const accept of [MEDIA_EVENT_STREAM, MEDIA_FRAMES]) {
    for (const resumeTimeMs of [0, 30_000]) {
      const harness = new StreamsHarness({ heartbeatMs: 2000, resumeTimeMs })
      const exchange = harness.exchange('topic=a', { accept })
      exchange.take()
      for (let round = 0; round < 3; round++) {
        exchange.answer = Written.BUFFERED
        harness.seconds(5)
        t.ok(exchange.blocked)
        harness.publish('a', ['the one'])
        harness.publish('a', ['the two'])
        exchange.thaw()
        harness.publish('a', ['the three'])
        t.same(
          exchange
            .take()
            .toString('latin1')
            .match(/the (one|two|three)/g),
          ['the one', 'the two', 'the three'],
        )
      }
      t.same(harness.core.broken, [])
    }
  }
})

t.test('an answer whose beginning is too much for the transport loses nothing', async (t) => {
  for (const accept of [MEDIA_EVENT_STREAM, MEDIA_FRAMES, MEDIA_NDJSON]) {
    for (const resumeTimeMs of [0, 30_000]) {
      const harness = new StreamsHarness({ resumeTimeMs })
      const open = harness.streams.open.bind(harness.streams)
      harness.streams.open = (exchange) => {
        const { begin } = exchange
        exchange.begin = function (...head) {
          begin.apply(this, head)
          ;(this as { answer?: Written }).answer = Written.BUFFERED
        }
        open(exchange)
      }
      const exchange = harness.exchange('topic=a', { accept })
      t.ok(exchange.blocked)
      harness.publish('a', ['one'])
      harness.publish('a', ['two'])
      t.match(exchange.take().toString('latin1'), /welcome|sluice\/test/)
      exchange.thaw()
      harness.publish('a', ['three'])
      t.match(exchange.take().toString('latin1'), /one.*two.*three/s)
      t.same(harness.core.broken, [])
      exchange.cut()
      harness.streams.close()
      t.same(harness.core.held, NOTHING_HELD)
      t.equal(harness.streams.log.bytes, 0)
    }
  }
})
