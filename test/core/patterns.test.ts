import t from 'tap'
import { FULL_ACCESS } from '../../src/core/access.js'
import { Patterns } from '../../src/core/patterns.js'
import type { Session } from '../../src/core/session.js'
import { Subscription } from '../../src/core/subscription.js'
import { TopicTable } from '../../src/core/topics.js'
import { topicMatches } from '../../src/protocol/topic.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

const SESSIONS = Array.from({ length: 6 }, (_, id) => ({ id, access: FULL_ACCESS }) as Session)

/** The core's index, its cache of matches in a topic table, and the plain list of subscriptions they must agree with. */
class Index {
  readonly patterns: Patterns
  readonly table: TopicTable
  readonly all = new Set<Subscription>()

  constructor(topicsMax = 100_000, matchEntriesMax?: number) {
    this.patterns = new Patterns(matchEntriesMax)
    this.table = new TopicTable(this.patterns, topicsMax, 5)
  }

  add(session: Session, pattern: string): Subscription {
    const made = new Subscription(session, pattern, this.patterns.subscriptionsMade++, 'drop-oldest', 1000, 1000)
    this.all.add(made)
    this.patterns.add(made)
    return made
  }

  remove(subscription: Subscription): void {
    this.all.delete(subscription)
    this.patterns.remove(subscription)
  }

  /** Through the cache. */
  find(topic: string): readonly Subscription[] {
    const bytes = Buffer.from(topic)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return this.patterns.list(this.table.find(bytes, view, 0, bytes.length)).receivers
  }

  /** By looking at each subscription: the first made of each session governs. */
  expected(topic: string): Set<Subscription> {
    const first = new Map<Session, Subscription>()
    for (const subscription of this.all) {
      if (!topicMatches(subscription.pattern, topic)) continue
      const known = first.get(subscription.session)
      if (known === undefined || subscription.order < known.order) first.set(subscription.session, subscription)
    }
    return new Set(first.values())
  }

  /** What is wrong about the receivers of a topic, or null. */
  fault(topic: string): string | null {
    const found = this.find(topic)
    const expected = this.expected(topic)
    const names = (list: Iterable<Subscription>) => [...list].map((s) => `${s.session.id}:${s.pattern}`).sort()
    if (found.length === expected.size && found.every((one) => expected.has(one))) return null
    return `${topic}: ${names(found)}, not ${names(expected)}`
  }
}

const TOKENS = ['a', 'b', 'c', 'd', 'é']

function randomTopic(random: SeededRandom): string {
  return Array.from({ length: 1 + random.below(random.oneIn(4) ? 8 : 4) }, () => random.pick(TOKENS)).join('.')
}

function randomPattern(random: SeededRandom): string {
  const tokens = randomTopic(random)
    .split('.')
    .map((token) => (random.oneIn(3) ? '*' : token))
  if (random.oneIn(4)) tokens[tokens.length - 1] = '>'
  return tokens.join('.')
}

t.test('receivers are those that looking at every subscription finds, whatever comes and goes', async (t) => {
  const random = new SeededRandom(1)
  const faults: string[] = []
  let looked = 0
  for (let world = 0; world < 60; world++) {
    // A small table is evicted from all the time, a large one is all cache.
    const index = new Index(random.oneIn(2) ? 20 : 1000, random.oneIn(3) ? 200 : undefined)
    const topics = Array.from({ length: 60 }, () => randomTopic(random))
    const live: Subscription[] = []
    for (let step = 0; step < 400; step++) {
      if (random.oneIn(2) || live.length === 0) {
        const session = random.pick(SESSIONS)
        const pattern = randomPattern(random)
        // A session has one subscription of a pattern.
        if (!live.some((one) => one.session === session && one.pattern === pattern))
          live.push(index.add(session, pattern))
      } else index.remove(live.splice(random.below(live.length), 1)[0])
      for (let i = 0; i < 3; i++, looked++) {
        const fault = index.fault(random.pick(topics))
        if (fault !== null) faults.push(`world ${world}, step ${step}: ${fault}`)
      }
    }
    for (const one of live) index.remove(one)
    for (const topic of topics) if (index.find(topic).length > 0) faults.push(`${topic} has receivers left`)
  }
  t.same(faults.slice(0, 5), [])
  t.ok(looked > 10_000, `${looked} look-ups`)
})

t.test('overlapping subscriptions of one session: one receiver, the first made governs', async (t) => {
  const index = new Index()
  const [one, two] = SESSIONS
  const late = index.add(one, 'a.>')
  const star = index.add(one, '*.b')
  const exact = index.add(one, 'a.b')
  const other = index.add(two, 'a.b')
  t.same(new Set(index.find('a.b')), new Set([late, other]))
  index.remove(late)
  t.same(new Set(index.find('a.b')), new Set([star, other]))
  index.remove(star)
  t.same(new Set(index.find('a.b')), new Set([exact, other]))
  const again = index.add(one, 'a.>')
  t.same(new Set(index.find('a.b')), new Set([exact, other]), 'one that comes back is the last made')
  index.remove(exact)
  t.same(new Set(index.find('a.b')), new Set([again, other]))
})

t.test('wildcards', async (t) => {
  const index = new Index()
  const made = new Map(['>', '*', 'a.>', 'a.*', '*.*', '$sys.>', '$sys.*'].map((p) => [p, index.add(SESSIONS[0], p)]))
  const patternsOf = (topic: string) => {
    const found: string[] = []
    for (const one of made.values()) index.patterns.remove(one)
    for (const [pattern, one] of made) {
      index.patterns.add(one)
      if (index.find(topic).length > 0) found.push(pattern)
      index.patterns.remove(one)
    }
    for (const one of made.values()) index.patterns.add(one)
    return found
  }
  t.same(patternsOf('a'), ['>', '*'])
  t.same(patternsOf('a.b'), ['>', 'a.>', 'a.*', '*.*'])
  t.same(patternsOf('a.b.c'), ['>', 'a.>'])
  t.same(patternsOf('$system.a'), ['>', '*.*'], 'only the token itself is reserved')
})

t.test('the branch of the daemon is not matched by a wildcard in the first place', async (t) => {
  const patterns = new Patterns()
  const add = (pattern: string) =>
    patterns.add(new Subscription(SESSIONS[0], pattern, patterns.subscriptionsMade++, 'drop-oldest', 1, 1))
  for (const pattern of ['>', '*.>', '*.a']) add(pattern)
  t.same(patterns.list(patterns.match('$sys.a')).receivers, [])
  add('$sys.*')
  t.equal(patterns.list(patterns.match('$sys.a')).receivers[0]?.pattern, '$sys.*')
})

t.test('churn of one pattern leaves the matches of topics apart from it alone', async (t) => {
  const index = new Index()
  index.add(SESSIONS[0], 'user.*.>')
  for (let i = 0; i < 100; i++) index.find(`user.${i}.x`)
  let walks = 0
  const match = index.patterns.match.bind(index.patterns)
  index.patterns.match = (topic) => {
    walks++
    return match(topic)
  }
  index.add(SESSIONS[1], 'user.17.>')
  for (let i = 0; i < 100; i++) t.equal(index.fault(`user.${i}.x`), null)
  t.ok(walks >= 1 && walks < 5, `${walks} of 100 topics were matched again`)
  walks = 0
  index.remove([...index.all][1])
  index.add(SESSIONS[2], 'user.17.>')
  for (let i = 0; i < 100; i++) t.equal(index.fault(`user.${i}.x`), null)
  t.equal(walks, 0, 'a pattern that is known comes and goes without a walk')
})

t.test('patterns without subscriptions are kept, but only so many', async (t) => {
  const index = new Index()
  for (let i = 0; i < 3000; i++) {
    const one = index.add(SESSIONS[0], `p.${i}`)
    if (index.fault(`p.${i}`) !== null) t.fail(`p.${i}`)
    index.remove(one)
  }
  t.equal(index.patterns.size, 1024)
  const before = index.patterns.matchEntries
  for (let i = 0; i < 3000; i++) if (index.fault(`p.${i}`) !== null) t.fail(`p.${i}`)
  t.ok(index.patterns.matchEntries <= before, 'their matches went with them')
  const kept = index.add(SESSIONS[0], 'p.2999')
  for (let i = 0; i < 2000; i++) index.remove(index.add(SESSIONS[1], `q.${i}`))
  t.same(index.find('p.2999'), [kept], 'one in use again is not given up')
})

t.test('a list that a run still holds follows its patterns after it was given up', async (t) => {
  const index = new Index()
  const first = index.add(SESSIONS[0], 'a.*')
  const gone = index.add(SESSIONS[1], '*.b')
  const bytes = Buffer.from('a.b')
  const held = index.patterns.list(index.table.find(bytes, new DataView(bytes.buffer, bytes.byteOffset, 3), 0, 3))
  t.equal(held.receivers.length, 2)
  index.remove(gone)
  for (let i = 0; i < 1100; i++) index.remove(index.add(SESSIONS[2], `churn.${i}`))
  t.same(held.receivers, [first])
  const more = index.add(SESSIONS[3], 'a.*')
  t.same(new Set(held.receivers), new Set([first, more]))
  index.remove(first)
  t.same(held.receivers, [more], 'nobody gets events by a subscription that is no more')
})

t.test('events are for subscriptions made before they were accepted', async (t) => {
  const index = new Index()
  const first = index.add(SESSIONS[0], 'a')
  const list = index.patterns.list(index.patterns.match('a'))
  const made = index.patterns.subscriptionsMade
  const second = index.add(SESSIONS[1], 'a')
  t.same(list.receiversOf(made), [first])
  t.same(list.receiversOf(index.patterns.subscriptionsMade), [first, second])
  index.remove(first)
  t.same(list.receiversOf(made), [])
})

t.test('matches are bounded, whatever topics come', async (t) => {
  const max = 5000
  const index = new Index(100_000, max)
  const random = new SeededRandom(4)
  // Every subset of sixteen patterns is a match of its own.
  for (let place = 0; place < 16; place++) {
    const tokens = Array(16).fill('*')
    tokens[place] = 'x'
    index.add(SESSIONS[place % 6], tokens.join('.'))
  }
  let most = 0
  for (let i = 0; i < 3000; i++) {
    const topic = Array.from({ length: 16 }, () => random.pick(['x', 'y'])).join('.')
    const fault = index.fault(topic)
    if (fault !== null) t.fail(fault)
    most = Math.max(most, index.patterns.matchEntries)
  }
  t.ok(most > max * 0.9, 'the bound was reached')
  t.ok(most < max + 100, `${most} entries, one match over the bound at most`)
})

t.test('a topic that thousands of patterns match', async (t) => {
  const index = new Index()
  const count = 1 << 13
  for (let bits = 0; bits < count; bits++) {
    index.add(SESSIONS[bits % 6], Array.from({ length: 13 }, (_, place) => ((bits >> place) & 1 ? '*' : 'x')).join('.'))
  }
  const topic = Array(13).fill('x').join('.')
  t.equal(index.fault(topic), null)
  t.ok(index.patterns.matchEntries < 4 * count, `${index.patterns.matchEntries} entries for ${count} patterns`)
  for (const one of index.all) index.remove(one)
  t.same(index.find(topic), [])
})
