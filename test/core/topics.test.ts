import fc from 'fast-check'
import t from 'tap'
import { FULL_ACCESS } from '../../src/core/access.js'
import { Patterns } from '../../src/core/patterns.js'
import type { Session } from '../../src/core/session.js'
import { Subscription } from '../../src/core/subscription.js'
import { TopicTable } from '../../src/core/topics.js'
import { Code } from '../../src/protocol/codes.js'
import { checkTopic, isSystemTopic } from '../../src/protocol/topic.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Looks a topic up where it does not begin at a word. */
function find(table: TopicTable, topic: string | Uint8Array, offset = 0): number {
  const text = Buffer.from(topic)
  const bytes = Buffer.alloc(offset + text.length + 8, 0x2e)
  text.copy(bytes, offset)
  return table.find(bytes, view(bytes), offset, offset + text.length)
}

/** Of a session this is all that matching asks for. */
const NOBODY = { access: FULL_ACCESS } as Session
let order = 0
const subscription = (pattern: string) => new Subscription(NOBODY, pattern, order++, 'drop-oldest', 1000, 1000)

/** A table in which every one of these topics has a receiver of its own, so that a wrong look-up shows. */
function tableOf(topics: readonly string[], max: number, seed: number): { table: TopicTable; patterns: Patterns } {
  const patterns = new Patterns()
  for (const topic of topics) patterns.add(subscription(topic))
  return { table: new TopicTable(patterns, max, seed), patterns }
}

function receiverOf(patterns: Patterns, id: number): string | undefined {
  return patterns.list(id).receivers[0]?.pattern
}

const token = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '中', '$', '1'), minLength: 1, maxLength: 14 })
const topic = fc
  .array(token, { minLength: 1, maxLength: 16 })
  .map((tokens) => tokens.join('.'))
  .filter((text) => {
    const bytes = Buffer.from(text)
    return checkTopic(bytes, 0, bytes.length) === 0 && !isSystemTopic(bytes, 0, bytes.length)
  })

t.test('finds what a Map finds, in any order, at any position, with any seed', async (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(topic, { minLength: 1, maxLength: 60 }),
      fc.integer(),
      fc.integer({ min: 1, max: 80 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 9 })), { maxLength: 200 }),
      (topics, seed, max, uses) => {
        const { table, patterns } = tableOf(topics, max, seed)
        for (const [use, offset] of uses) {
          const text = topics[use % topics.length]
          if (receiverOf(patterns, find(table, text, offset)) !== text) return false
          if (table.size > max) return false
        }
        return true
      },
    ),
    { numRuns: 400 },
  )
  t.pass('in 400 tables')
})

t.test('topics that differ in one byte, of every length', async (t) => {
  const topics: string[] = []
  for (let length = 1; length <= 255; length++) {
    topics.push('x'.repeat(length))
    for (const at of [0, length - 1, length >> 1, length - 4, length - 5]) {
      if (at >= 0) topics.push(`${'x'.repeat(at)}y${'x'.repeat(length - at - 1)}`)
    }
  }
  const unique = [...new Set(topics)]
  const { table, patterns } = tableOf(unique, 10_000, 7)
  for (let round = 0; round < 2; round++) {
    const wrong = unique.filter((text) => receiverOf(patterns, find(table, text, round * 3)) !== text)
    t.same(wrong, [])
  }
  t.equal(table.size, unique.length)
})

t.test('grows past its first capacity', async (t) => {
  const topics = Array.from(
    { length: 5000 },
    (_, i) => `t.${i}${i % 3 === 0 ? '.with-a-name-of-more-than-32-bytes' : ''}`,
  )
  const { table, patterns } = tableOf(topics, 100_000, 3)
  for (const text of topics) find(table, text)
  t.equal(table.size, 5000)
  t.same(
    topics.filter((text) => receiverOf(patterns, find(table, text)) !== text),
    [],
  )
  t.equal(table.size, 5000, 'nothing was noted twice')
  t.equal(table.evicted, 0)
})

t.test('topics of one bucket are told apart, and stay reachable when those before them go', async (t) => {
  // Many topics, few slots: a table of 64 topics has 128 slots, so that chains form and wrap around its end.
  const random = new SeededRandom(11)
  for (let seed = 0; seed < 30; seed++) {
    const topics = Array.from({ length: 200 }, (_, i) => `${i}`)
    const { table, patterns } = tableOf(topics, 64, seed)
    for (let i = 0; i < 3000; i++) {
      const text = random.pick(topics)
      if (receiverOf(patterns, find(table, text)) !== text) t.fail(`seed ${seed}: ${text} is mistaken`)
      if (random.oneIn(50)) table.age()
      if (random.oneIn(100)) table.evictIdle(1)
      if (table.size > 64) t.fail('the table is over its bound')
    }
  }
  t.pass('in 30 tables')
})

t.test('a full table gives up what was not used lately', async (t) => {
  const topics = Array.from({ length: 100 }, (_, i) => `topic.${i}`)
  const { table } = tableOf(topics, 100, 1)
  for (const text of topics) find(table, text)
  t.equal(table.size, 100)
  table.age()
  for (const text of topics.slice(0, 50)) find(table, text)
  find(table, 'one.more')
  t.equal(table.evicted, 50, 'those of before the tick')
  const evicted = table.evicted
  for (const text of topics.slice(0, 50)) find(table, text)
  t.equal(table.size, 51, 'those used since are still there')
  t.equal(table.evicted, evicted)
})

t.test('a full table of topics all in use gives up some all the same', async (t) => {
  const { table } = tableOf([], 10, 1)
  for (let i = 0; i < 1000; i++) find(table, `t.${i}`)
  t.ok(table.size <= 10)
  t.equal(table.evicted + table.size, 1000)
})

t.test('a table of one topic', async (t) => {
  const { table, patterns } = tableOf(['a', 'b'], 1, 1)
  for (const text of ['a', 'b', 'a', 'a', 'b']) t.equal(receiverOf(patterns, find(table, text)), text)
  t.equal(table.size, 1)
})

t.test('idle topics go after so many ticks', async (t) => {
  const { table } = tableOf([], 1000, 1)
  for (let i = 0; i < 100; i++) find(table, `t.${i}`)
  for (let tick = 0; tick < 8; tick++) {
    table.age()
    find(table, 't.7')
    t.equal(table.evictIdle(8), 0)
  }
  table.age()
  t.equal(table.evictIdle(8), 99)
  t.equal(table.size, 1)
})

t.test('what is no topic is refused with its code, and takes no place', async (t) => {
  const { table } = tableOf([], 10, 1)
  for (const [text, code] of [
    ['', Code.BAD_TOPIC],
    ['a..b', Code.BAD_TOPIC],
    ['a.*', Code.BAD_TOPIC],
    ['a b', Code.BAD_TOPIC],
    ['x'.repeat(256), Code.TOPIC_TOO_LONG],
    [Array(17).fill('t').join('.'), Code.TOPIC_TOO_LONG],
    ['$sys', Code.RESERVED_TOPIC],
    ['$sys.a', Code.RESERVED_TOPIC],
  ] as const) {
    t.equal(find(table, text), -code, JSON.stringify(text))
  }
  t.equal(find(table, Uint8Array.of(0x61, 0xff)), -Code.BAD_TOPIC)
  t.equal(table.size, 0)
})
