import fc from 'fast-check'
import t from 'tap'
import { Written } from '../../../src/core/link.js'
import { NOTHING_HELD } from '../../helpers/core-harness.js'
import { EventSourceReader } from '../../helpers/event-source.js'
import { type StreamReader, StreamsHarness } from '../../helpers/event-streams.js'

/** The id of the last event that a reader has read. */
function lastId(reader: StreamReader): string {
  return reader.read().source.lastEventId
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

t.test(
  'a reader that comes back goes on where it was: what it has not got, and what came while it was away',
  async (t) => {
    const harness = new StreamsHarness()
    const first = harness.reader('topic=a')
    harness.publish('a', [1, 2])
    const id = lastId(first)
    harness.publish('a', [3])
    first.exchange.cut()
    harness.publish('a', [4])
    harness.publish('a', [5, 6])
    t.equal(harness.meters.streamsWaiting, 1)
    t.equal(harness.meters.streams, 0)
    const second = harness.reader('topic=a', id)
    t.equal(second.exchange.status, 200)
    t.same(second.payloads(), [3, 4, 5, 6])
    harness.publish('a', [7])
    t.same(second.payloads(), [7])
    t.ok(second.source.retryMs > 0)
    t.same(second.gaps(), [])
    t.match(harness.meters, { streams: 1, resumed: 1, notResumed: 0 })
    t.equal(harness.meters.streamsWaiting, 0)
    t.equal(harness.core.router.sessions.size, 2)
    t.same(harness.core.broken, [])
  },
)

t.test('a reader can come back before the first event, and many times', async (t) => {
  const harness = new StreamsHarness()
  let reader = harness.reader('topic=a')
  const seen: unknown[] = []
  let id = lastId(reader)
  for (let i = 0; i < 10; i++) {
    reader.exchange.cut()
    harness.publish('a', [i])
    reader = harness.reader('topic=a', id)
    harness.publish('a', [`live ${i}`])
    id = lastId(reader)
    seen.push(...reader.payloads())
  }
  t.same(
    seen,
    numbers(0, 9).flatMap((i) => [i, `live ${i}`]),
  )
  t.equal(harness.meters.resumed, 10)
})

t.test('a stream that is cut at every byte: what was read before and after is everything, once', async (t) => {
  const harness = new StreamsHarness()
  const query = 'topic=a.*&topic=b'
  const publishAll = () => {
    harness.publish('a.x', [1])
    harness.publish('a.x', [2, 'drei', 4])
    harness.publish('b', [5], { lane: 0 })
    harness.publish('a.ü', [6, 7], { metadata: { id: 'x' } })
  }
  const whole = harness.reader(query)
  publishAll()
  const length = Buffer.concat(whole.exchange.writes).length
  for (let cut = 0; cut <= length; cut++) {
    const first = harness.reader(query)
    publishAll()
    // What the connection brought up to the cut; the rest never arrives.
    const bytes = first.exchange.take().subarray(0, cut)
    first.exchange.cut()
    const read = new EventSourceReader()
    read.feed(bytes)
    const before = read.take().map(([, , , payload]) => payload)
    if (read.lastEventId === '') continue
    const second = harness.reader(query, read.lastEventId)
    harness.publish('b', ['end'])
    t.same([...before, ...second.payloads()], [1, 2, 'drei', 4, 5, 6, 7, 'end'], `cut at ${cut}`)
    second.exchange.cut()
  }
  t.same(harness.core.broken, [])
})

t.test('a reader that comes back before its old connection is known to be dead takes over', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  harness.publish('a', [1])
  const id = lastId(first)
  first.exchange.take()
  harness.publish('a', [2, 3])
  const second = harness.reader('topic=a', id)
  t.ok(first.exchange.aborted)
  harness.publish('a', [4])
  t.same(second.payloads(), [2, 3, 4])
  first.exchange.thaw()
  first.exchange.cut()
  harness.publish('a', [5])
  t.same(second.payloads(), [5])
  t.match(harness.meters, { streams: 1, resumed: 1 })
  t.equal(harness.core.router.sessions.size, 2)
})

t.test('taking over a connection that was behind: what waited comes too', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  const id = lastId(first)
  first.freeze()
  harness.publish('a', [1])
  harness.publish('a', [2])
  harness.publish('a', [3])
  const second = harness.reader('topic=a', id)
  t.same(second.payloads(), [1, 2, 3])
  t.equal(harness.core.router.delivery.budget.used, 0)
})

t.test('a reader that comes back and is slow gets everything piece by piece', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  const id = lastId(first)
  for (const i of numbers(1, 20)) harness.publish('a', [i])
  first.exchange.cut()
  for (const i of numbers(21, 40)) harness.publish('a', [i])
  // Full before the first byte: nothing can be written before it says so.
  const second = harness.reader('topic=a', id)
  const seen = second.payloads()
  t.same(seen, numbers(1, 40))

  second.exchange.cut()
  const open = harness.streams.open.bind(harness.streams)
  harness.streams.open = (exchange) => {
    const { begin } = exchange
    exchange.begin = function (...head) {
      begin.apply(this, head)
      ;(this as { answer?: Written }).answer = Written.BUFFERED
    }
    open(exchange)
  }
  const third = harness.reader('topic=a', id)
  const pieces: unknown[] = []
  let thaws = 0
  for (; pieces.length < 42 && thaws < 100; thaws++) {
    if (thaws === 10) harness.publish('a', [41])
    if (thaws === 20) harness.publish('a', [42])
    third.exchange.blocked = false
    third.exchange.writable?.()
    pieces.push(...third.payloads())
  }
  t.same(pieces, numbers(1, 42))
  t.ok(thaws > 20, 'it took many pieces')
  t.same(harness.core.broken, [])
})

t.test('what has left the memory of a stream is told as a gap, exactly, and only then', async (t) => {
  const harness = new StreamsHarness({ resumeBytes: 4096 })
  const first = harness.reader('topic=a')
  harness.publish('a', [0])
  const id = lastId(first)
  first.payloads()
  for (const i of numbers(1, 100)) harness.publish('a', [i])
  first.exchange.cut()
  const second = harness.reader('topic=a', id)
  second.read()
  const [told] = second.source.events
  t.equal(told.type, 'gap', 'before the events that follow')
  const [[pattern, missed, reason]] = second.gaps() as [[string, number, string]]
  t.same([pattern, reason], ['a', 'closed'])
  t.ok(missed > 50 && missed < 100)
  t.same(second.payloads(), numbers(missed + 1, 100))
  t.ok(harness.streams.log.bytes <= 4096)

  // Who was told of the gap is not told again.
  const third = harness.reader('topic=a', told.lastEventId)
  t.same(third.gaps(), [])
  t.same(third.payloads(), numbers(missed + 1, 100))
  // Who was not, is.
  const fourth = harness.reader('topic=a', id)
  t.same(fourth.gaps(), [['a', missed, 'closed']])
  // Of several patterns nobody knows any more which it was.
  const several = harness.reader('topic=a&topic=b.*')
  const severalId = lastId(several)
  for (const i of numbers(1, 100)) harness.publish('a', [i])
  several.exchange.cut()
  const again = harness.reader('topic=a&topic=b.*', severalId)
  t.match(again.gaps(), [['>', Number, 'closed']])
})

t.test('gaps are numbered as the events that they stand for, and are told again', async (t) => {
  const harness = new StreamsHarness({}, { outboxEventsMax: 5 })
  const first = harness.reader('topic=a&policy=drop-oldest')
  const id = lastId(first)
  first.freeze()
  harness.publish('a', [1])
  for (const i of numbers(2, 20)) harness.publish('a', [i])
  first.exchange.thaw()
  t.same(first.gaps(), [['a', 14, 'drop-oldest']])
  t.same(first.payloads(), [1, 16, 17, 18, 19, 20])
  t.equal(Number(lastId(first).slice(17)), 20)
  const second = harness.reader('topic=a&policy=drop-oldest', id)
  t.same(second.gaps(), [['a', 14, 'drop-oldest']])
  t.same(second.payloads(), [1, 16, 17, 18, 19, 20])
})

t.test('while a reader is away its policy and bounds hold as for any that does not read', async (t) => {
  const cases: [string, unknown[], unknown[][]][] = [
    ['policy=drop-oldest&events_max=3', [1, 2, 8, 9, 10], [['a', 5, 'drop-oldest']]],
    ['policy=drop-newest&events_max=3', [1, 2, 3, 4, 5], [['a', 5, 'drop-newest']]],
    ['policy=conflate', [1, 2, 10], [['a', 7, 'conflated']]],
  ]
  for (const [options, payloads, gaps] of cases) {
    const harness = new StreamsHarness()
    const first = harness.reader(`topic=a&${options}`)
    harness.publish('a', [1])
    const id = lastId(first)
    t.same(first.payloads(), [1])
    first.exchange.cut()
    // One more is taken with which the outbox learns that nobody reads.
    for (const i of numbers(2, 10)) harness.publish('a', [i])
    t.same(harness.core.broken, [])
    const second = harness.reader(`topic=a&${options}`, id)
    t.same(second.gaps(), gaps, options)
    t.same([1, ...second.payloads()], payloads, options)
    t.same(harness.core.broken, [])
  }
})

t.test('who must not fall behind is ended while away too, and starts anew', async (t) => {
  const harness = new StreamsHarness()
  const query = 'topic=a&policy=disconnect&events_max=3'
  const first = harness.reader(query)
  const id = lastId(first)
  first.exchange.cut()
  for (const i of numbers(1, 10)) harness.publish('a', [i])
  t.equal(harness.meters.streamsWaiting, 0)
  t.equal(harness.core.router.meters.slowConsumers, 1)
  const second = harness.reader(query, id)
  t.match(second.read().source.take('welcome'), [['welcome', {}]])
  t.same(second.gaps(), [['a', 0, 'closed']])
  t.same(second.payloads(), [])
  t.match(harness.meters, { streams: 1, resumed: 0, notResumed: 1 })
  t.same(harness.core.broken, [])
})

t.test('what cannot be gone on with is a fresh stream that says that an unknown number is missing', async (t) => {
  const harness = new StreamsHarness()
  const known = harness.reader('topic=a&topic=b')
  harness.publish('a', [1])
  const id = lastId(known)
  const cases: [string, string, string][] = [
    ['another token', 'topic=a&topic=b', `${id[0] === 'x' ? 'y' : 'x'}${id.slice(1)}`],
    ['a number that was not given yet', 'topic=a&topic=b', id.replace(/1$/, '2')],
    ['the id of another server', 'topic=a&topic=b', 'event-17'],
    ['no id at all, and much of it', 'topic=a&topic=b', 'é'.repeat(10_000)],
    ['other topics', 'topic=b&topic=c', id],
    ['fewer topics', 'topic=a', id],
    ['the same topics in another order, of which the first governs', 'topic=b&topic=a', id],
    ['other options', 'topic=a&topic=b&policy=conflate', id],
  ]
  for (const [name, query, lastEventId] of cases) {
    const reader = harness.reader(query, lastEventId)
    t.match(reader.read().source.events[0], { type: 'welcome' }, name)
    const topics = [...new URLSearchParams(query)].filter(([key]) => key === 'topic').map(([, topic]) => topic)
    t.same(
      reader.gaps(),
      topics.map((topic) => [topic, 0, 'closed']),
      name,
    )
    t.same(reader.payloads(), [])
    t.not(lastId(reader).slice(0, 16), id.slice(0, 16), name)
  }
  t.equal(harness.meters.notResumed, cases.length)
  harness.publish('a', [2])
  t.same(known.payloads(), [1, 2], 'whose stream it is has noticed nothing')
})

t.test('tools without headers say the id in the address; the header is newer', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  harness.publish('a', [1])
  const old = lastId(first)
  harness.publish('a', [2])
  const newer = lastId(first)
  const second = harness.reader(`topic=a&last_event_id=${old}`)
  t.same(second.payloads(), [2])
  const third = harness.reader(`topic=a&last_event_id=${old}`, newer)
  t.same(third.payloads(), [])
  t.same(third.read().source.take('welcome'), [])
})

t.test('who stays away for too long is given up, with what waited', async (t) => {
  const harness = new StreamsHarness({ resumeTimeMs: 30_000 })
  const first = harness.reader('topic=a')
  const id = lastId(first)
  harness.seconds(5)
  first.exchange.cut()
  for (const i of numbers(1, 5)) harness.publish('a', [i])
  harness.seconds(30)
  t.equal(harness.meters.streamsWaiting, 1)
  t.equal(harness.core.router.meters.pendingInOutboxes, 4)
  harness.seconds(2)
  t.equal(harness.meters.streamsWaiting, 0)
  t.equal(harness.core.router.sessions.size, 1)
  t.match(harness.core.router.meters, { delivered: 1, pendingInOutboxes: 0 })
  t.equal(harness.core.dropped, 4)
  t.same(harness.core.broken, [])
  t.same(harness.core.held, NOTHING_HELD)
  t.equal(harness.streams.log.bytes, 0)
  t.same(harness.reader('topic=a', id).gaps(), [['a', 0, 'closed']])
})

t.test('coming back starts the time anew', async (t) => {
  const harness = new StreamsHarness({ resumeTimeMs: 10_000 })
  let reader = harness.reader('topic=a')
  const id = lastId(reader)
  for (let i = 0; i < 5; i++) {
    reader.exchange.cut()
    harness.seconds(8)
    reader = harness.reader('topic=a', id)
    harness.seconds(8)
  }
  t.match(harness.meters, { streams: 1, resumed: 5, notResumed: 0 })
})

t.test('without a time to come back in, a session ends with its connection', async (t) => {
  const harness = new StreamsHarness({ resumeTimeMs: 0 })
  const first = harness.reader('topic=a')
  harness.publish('a', [1])
  t.equal(harness.streams.log.bytes, 0, 'nothing is kept')
  const id = lastId(first)
  first.exchange.cut()
  t.equal(harness.core.router.sessions.size, 1)
  t.same(harness.reader('topic=a', id).gaps(), [['a', 0, 'closed']])
  const gone = harness.reader('topic=a')
  gone.exchange.answer = Written.GONE
  harness.publish('a', [2])
  t.match(harness.core.router.meters, { delivered: 2 })
  t.equal(harness.core.dropped, 1)
  t.same(harness.core.broken, [])
})

t.test('what a dead connection did not take is kept', async (t) => {
  const harness = new StreamsHarness()
  const first = harness.reader('topic=a')
  const id = lastId(first)
  first.exchange.answer = Written.GONE
  harness.publish('a', [1])
  harness.publish('a', [2])
  first.exchange.cut()
  t.same(harness.reader('topic=a', id).payloads(), [1, 2])
  t.same(harness.core.broken, [])
  t.match([harness.core.router.meters.delivered, harness.core.dropped], [2, 0])
})

t.test('a text beyond all bounds is sent, and to the next stream too', async (t) => {
  const harness = new StreamsHarness({}, { memoryBudgetBytes: 64 << 10 })
  const readers = [harness.reader('topic=a'), harness.reader('topic=a')]
  const large = 'x'.repeat(20_000)
  harness.publish('a', [large])
  for (const reader of readers) t.same(reader.payloads(), [large])
  t.ok(harness.streams.log.bytes <= 16 << 10)
})

t.test(
  'any way of publishing, cutting, freezing and coming back: all events once and in order, or a gap that says how many',
  async (t) => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 6 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('cut' as const, 'freeze' as const, 'thaw' as const),
          count: fc.constant(0),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('return' as const), count: fc.nat(400) }) },
    )
    const bounds = fc.record({
      resumeBytes: fc.constantFrom(1000, 5000, 1 << 20),
      eventsMax: fc.constantFrom(3, 10, 1000),
    })
    const policies = fc.constantFrom('drop-oldest', 'drop-newest', 'conflate')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), bounds, policies, (steps, { resumeBytes, eventsMax }, policy) => {
        const harness = new StreamsHarness({ resumeBytes })
        const query = `topic=a&policy=${policy}&events_max=${eventsMax}`
        let reader = harness.reader(query)
        let source = new EventSourceReader()
        source.feed(reader.exchange.take())
        let id = source.lastEventId
        let published = 0
        /** What the reader has got or was told of, in events. */
        let known = 0
        let last = 0
        const read = (bytes: Uint8Array) => {
          source.feed(bytes)
          id = source.lastEventId === '' ? id : source.lastEventId
          for (const { type, data } of source.events.splice(0)) {
            const line = JSON.parse(data)
            if (type === 'gap') known += line[2]
            if (type !== 'message') continue
            if (line[3] <= last) throw new Error(`${line[3]} after ${last}`)
            last = line[3]
            known++
          }
        }
        const comeBack = (cutAt: number) => {
          // Some of what was written arrives, the rest is lost with the connection.
          const bytes = reader.exchange.take()
          read(bytes.subarray(0, Math.min(bytes.length, cutAt)))
          reader = harness.reader(query, id)
          source = new EventSourceReader()
        }
        for (const { do: what, count } of steps) {
          if (what === 'publish') {
            harness.publish('a', numbers(published + 1, published + count))
            published += count
          } else if (what === 'cut') reader.exchange.cut()
          else if (what === 'freeze') reader.freeze()
          else if (what === 'thaw' && !reader.exchange.aborted) reader.exchange.thaw()
          else if (what === 'return') comeBack(count)
          if (harness.core.broken.length > 0) throw new Error(`broken: ${harness.core.broken}`)
        }
        comeBack(0)
        harness.publish('a', [++published])
        read(reader.exchange.take())
        if (known !== published) throw new Error(`${published} published, ${known} known`)
        if (last !== published) throw new Error(`${published} is the last, not ${last}`)
        if (harness.meters.notResumed > 0) throw new Error('a known stream was not taken up')
        harness.streams.close()
        if (harness.streams.log.bytes !== 0) throw new Error('something is still kept')
      }),
      { numRuns: 300 },
    )
    t.pass('300 ways')
  },
)
