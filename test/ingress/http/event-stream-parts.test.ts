import t from 'tap'
import { formatEventId, ID_PLACE, makeToken, parseEventId, stampId } from '../../../src/ingress/http/event-id.js'
import { EventText } from '../../../src/ingress/http/event-text.js'
import { LastWords } from '../../../src/ingress/http/last-words.js'
import { Pulse } from '../../../src/ingress/http/pulse.js'
import { SentLog, SentRing } from '../../../src/ingress/http/sent-log.js'
import { framesToText } from '../../../src/protocol/json.js'
import { eventFrame } from '../../helpers/core-frames.js'
import { EventSourceReader } from '../../helpers/event-source.js'
import { TestExchange } from '../../helpers/http-exchange.js'
import { RandomMsgpack, randomText, SeededRandom } from '../../helpers/msgpack-random.js'

const SEED = 20_241_121

t.test('an id that is written over its place is the id', async (t) => {
  const random = new SeededRandom(SEED)
  const numbers = [0, 1, 9, 10, 999_999_999, 1e9, 1e9 + 1, 2 ** 31, 2 ** 32, 2 ** 40 + 7, 1e15 - 1]
  for (let i = 0; i < 1000; i++) numbers.push(random.below(2 ** 31) * random.below(400_000))
  for (const number of numbers) {
    const token = makeToken()
    const text = Buffer.from(`<${ID_PLACE}>`)
    stampId(text, 1, Buffer.from(token), number)
    const id = formatEventId(token, number)
    if (text.toString() !== `<${id}>`) t.fail(`${text} for ${id}`)
    t.same(parseEventId(id), { token, number })
  }
})

t.test('what is no id of ours is none', async (t) => {
  const id = formatEventId(makeToken(), 17)
  t.ok(parseEventId(id))
  for (const text of [
    '',
    'x',
    id.slice(1),
    id.slice(0, -1),
    `${id}0`,
    id.replace('.', ':'),
    id.replace('.0', '.x'),
    ` ${id}`,
  ]) {
    t.equal(parseEventId(text), null, text)
  }
})

t.test('tokens are not told twice', async (t) => {
  t.equal(new Set(Array.from({ length: 10_000 }, makeToken)).size, 10_000)
})

t.test('any events become server-sent events with the same lines, numbered', async (t) => {
  const random = new SeededRandom(SEED)
  const msgpack = new RandomMsgpack(random)
  const words = new EventText()
  const token = makeToken()
  let number = 0
  for (let i = 0; i < 500; i++) {
    const frames = Buffer.concat(
      Array.from({ length: 1 + random.below(8) }, () => {
        const payload = random.oneIn(4) ? random.bytes(random.below(50)) : msgpack.value(3)
        const metadata = random.oneIn(3)
          ? { type: random.pick(['text/plain', 'application/json', 'image/png']) }
          : undefined
        return eventFrame(
          random.pick(['a', 'b.ü', 'data.id.event']),
          random.oneIn(8) ? randomText(random) : payload,
          3,
          metadata,
        )
      }),
    )
    const lines = framesToText(frames, 0, frames.length).split('\n')
    const batch = words.batchOf(frames)
    t.equal(batch.size, lines.length)
    // From any event of the batch on.
    const skipped = random.below(lines.length)
    const source = new EventSourceReader()
    source.feed(batch.stamped(Buffer.from(token), number, number + skipped))
    t.same(
      source.events,
      lines
        .map((data, at) => ({ type: 'message', data, lastEventId: formatEventId(token, number + at + 1) }))
        .slice(skipped),
    )
    number += lines.length
  }
})

t.test('the same events are put into words once, others never', async (t) => {
  const words = new EventText()
  const one = eventFrame('a', 'one')
  const two = eventFrame('a', 'two')
  const first = words.batchOf(one)
  t.equal(words.batchOf(Buffer.from(one)), first)
  const second = words.batchOf(two)
  t.not(second, first)
  t.not(words.batchOf(Buffer.concat([two, two])), second)
  t.not(words.batchOf(two), second)
  const third = words.batchOf(two)
  third.giveUp()
  t.not(words.batchOf(two), third)
})

t.test('no silence is longer than it may be, whenever the ticks come', async (t) => {
  for (let i = 0; i < 300; i++) {
    const pulse = new Pulse(10_000)
    const tickMs = 500 + i * 10
    // Written right after the tick at 0, and then not any more.
    pulse.isDue(0, tickMs)
    pulse.wrote = true
    let beat = 0
    const gaps: number[] = []
    for (let now = tickMs; now < 100_000; now += tickMs) {
      if (!pulse.isDue(now, tickMs)) continue
      gaps.push(now - beat)
      beat = now
    }
    t.ok(Math.max(...gaps) <= 10_000, `${Math.max(...gaps)} ms with a tick each ${tickMs} ms`)
    t.ok(gaps.length <= 25, `${gaps.length} beats in 100 s`)
  }
})

t.test('a text is kept as long as any stream holds it, and counted once', async (t) => {
  const log = new SentLog(1 << 20)
  const batch = new EventText().batchOf(eventFrame('a', 'x'))
  const rings = [new SentRing(log, 0), new SentRing(log, 5)]
  for (const ring of rings) ring.push(batch)
  t.equal(log.bytes, batch.bytes)
  rings[0].clear()
  t.equal(log.bytes, batch.bytes)
  t.equal(rings[1].after(5)?.batch, batch)
  rings[1].clear()
  t.equal(log.bytes, 0)
})

t.test('a ring finds what comes after a number, whatever was looked for and forgotten before', async (t) => {
  const random = new SeededRandom(SEED)
  const log = new SentLog(1 << 30)
  const words = new EventText()
  const ring = new SentRing(log, 100)
  let number = 100
  let oldest = 100
  const sent: { before: number; size: number; bytes: number }[] = []
  for (let i = 0; i < 5000; i++) {
    const size = 1 + random.below(4)
    const batch = words.batchOf(Buffer.concat(Array.from({ length: size }, () => eventFrame('a', `${i}`))))
    ring.push(batch)
    sent.push({ before: number, size, bytes: batch.bytes })
    number += size
    if (random.oneIn(10)) {
      ring.shrink(40_000)
      let kept = 0
      let from = sent.length
      while (from > 0 && kept + sent[from - 1].bytes <= 40_000) kept += sent[--from].bytes
      if (sent[from].before > oldest) oldest = sent[from].before
    }
    for (let look = random.below(4); look > 0; look--) {
      const wanted = Math.max(0, number - random.below(random.pick([5, 100, 400])))
      const found = ring.after(wanted)
      const expected = sent.find(({ before, size }) => before >= oldest && before + size > wanted)
      if (found?.before !== expected?.before) t.fail(`after ${wanted}: ${found?.before}, not ${expected?.before}`)
    }
  }
  t.ok(oldest > 1000)
  ring.clear()
  t.equal(log.bytes, 0)
  t.equal(ring.after(0), null)
})

t.test('last words wait until everything has gone', async (t) => {
  const words = new LastWords()
  const exchange = new TestExchange({ target: '/' })
  exchange.begin(200, {})
  exchange.answer = 0
  exchange.write('before')
  exchange.answer = 1
  words.say(exchange, 'after', false)
  exchange.writable?.()
  t.notOk(exchange.ended, 'progress is not enough')
  exchange.thaw()
  t.ok(exchange.ended)
  t.equal(exchange.takeText(), 'beforeafter')
})
