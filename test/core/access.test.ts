import t from 'tap'
import { Access } from '../../src/core/access.js'
import { Rules } from '../../src/core/rules.js'
import { CoreHarness, NOTHING_HELD } from '../helpers/core-harness.js'
import { SeededRandom } from '../helpers/msgpack-random.js'
import { mayBeSubscribed } from '../simulation/permissions-oracle.js'

t.test('a verdict is made once per topic, and again when its place was needed', async (t) => {
  const access = new Access('somebody', new Rules(['even.>'], []), null, 0)
  const asked: number[] = []
  const may = (serial: number): boolean =>
    access.mayPublish(serial, () => {
      asked.push(serial)
      return serial % 2 === 0 ? `even.${serial}` : `odd.${serial}`
    })
  t.equal(may(1), false)
  t.equal(may(2), true)
  t.equal(may(1), false)
  t.equal(may(2), true)
  t.same(asked, [1, 2])
  // Their places are those of 1 and 2 when there are 64.
  t.equal(may(65), false)
  t.equal(may(66), true)
  t.same(asked, [1, 2, 65, 66])
  t.equal(may(1), false)
  t.same(asked, [1, 2, 65, 66, 1])
})

t.test('there are as many places as there are topics, up to a bound, and no verdict is another topic’s', async (t) => {
  const access = new Access('somebody', new Rules(['even.>'], []), null, 0)
  const places = (): number => (access as unknown as { verdicts: Float64Array }).verdicts.length
  let wrong = 0
  let asked = 0
  const may = (serial: number): boolean =>
    access.mayPublish(serial, () => {
      asked++
      return serial % 2 === 0 ? `even.${serial}` : `odd.${serial}`
    })
  for (let round = 0; round < 4; round++) {
    for (let serial = 1; serial <= 4000; serial++) if (may(serial) !== (serial % 2 === 0)) wrong++
  }
  t.equal(wrong, 0)
  t.ok(places() >= 4000 && places() <= 16_384, `${places()} places`)
  asked = 0
  for (let serial = 1; serial <= 4000; serial++) may(serial)
  t.ok(asked <= 4000 * 0.1, `${asked} of 4000 had to be decided again`)
  // More topics than there are places at most, with the largest numbers that a topic may have.
  for (let serial = 2 ** 40; serial < 2 ** 40 + 100_000; serial++) if (may(serial) !== (serial % 2 === 0)) wrong++
  t.equal(wrong, 0)
  t.equal(places(), 16_384)
})

t.test('a topic that takes the place of one that was given up is decided anew', async (t) => {
  const core = new CoreHarness({ topicsMax: 1 })
  const peer = core.peer()
  peer.session.access = new Access('somebody', new Rules(['yes.*'], []), null, 0)
  for (let i = 0; i < 200; i++) {
    peer.publish(`yes.${i % 3}`, ['1'])
    peer.publish(`no.${i % 3}`, ['1'])
  }
  t.equal(peer.session.accepted, 200)
  t.equal(peer.session.refused, 200)
  t.ok(core.router.topics.evicted > 300)
})

const TOKENS = ['a', 'b', '$sys']

function anyPattern(random: SeededRandom): string {
  const tokens = Array.from({ length: 1 + random.below(3) }, () => (random.oneIn(3) ? '*' : random.pick(TOKENS)))
  if (random.oneIn(3)) tokens[tokens.length - 1] = '>'
  return tokens.join('.')
}

t.test('a pattern is refused when, and only when, each allowed one has nothing of it that is not denied', async (t) => {
  const tokens = [...TOKENS, 'fresh']
  let topics: string[] = tokens
  for (let length = 2; length <= 4; length++) {
    const longest = topics.filter((topic) => topic.split('.').length === length - 1)
    topics = [...topics, ...longest.flatMap((topic) => tokens.map((token) => `${topic}.${token}`))]
  }
  const random = new SeededRandom(7)
  const wrong: string[] = []
  let refused = 0
  for (let i = 0; i < 3000; i++) {
    const allow = Array.from({ length: random.below(3) }, () => anyPattern(random))
    const deny = Array.from({ length: random.below(3) }, () => anyPattern(random))
    const pattern = anyPattern(random)
    const may = new Rules(allow, deny).mayReach(pattern)
    if (!may) refused++
    if (may !== mayBeSubscribed({ allow, deny }, pattern, topics)) wrong.push(`${allow} !${deny} ${pattern}: ${may}`)
    // Whatever the words say: what is refused has no topic that is permitted.
    if (
      !may &&
      topics.some((topic) => new Rules([pattern], []).permits(topic) && new Rules(allow, deny).permits(topic))
    ) {
      wrong.push(`${allow} !${deny} hides topics of ${pattern}`)
    }
  }
  t.same(wrong, [])
  t.ok(refused > 500, `${refused} refused`)
})

t.test('rules leave nothing behind when whoever they were for has gone', async (t) => {
  const core = new CoreHarness()
  const { patterns, topics } = core.router
  const before = patterns.size
  const peers = Array.from({ length: 20 }, (_, i) => {
    const peer = core.peer()
    peer.session.access = new Access(`u${i}`, null, new Rules([`mine.${i}.>`, 'all.*'], ['all.secret']), 0)
    peer.subscribe('>')
    peer.subscribe(`mine.${i}.x`)
    return peer
  })
  const publisher = core.peer()
  for (let i = 0; i < 20; i++) publisher.publish(`mine.${i}.x`, ['1'])
  core.turns()
  t.equal(patterns.size, before + 21, 'patterns of rules alone are nobody’s subscriptions')
  const inside = patterns as unknown as {
    byText: Map<string, { pins: number }>
    pinnedNodes: Set<unknown>
    idle: Set<unknown>
  }
  t.equal(inside.pinnedNodes.size, 22)
  // New rules in the place of the old ones, the same again, and none.
  const other = new Access('u', null, new Rules(['other.>'], []), 0)
  core.router.grant(peers[0].session, other, null, 0, {})
  core.router.grant(peers[0].session, other, null, 0, {})
  core.router.grant(peers[1].session, new Access('u', null, null, 0), null, 0, {})
  t.equal(inside.pinnedNodes.size, 21)
  for (const peer of [...peers, publisher]) peer.close()
  core.turns()
  t.equal(inside.pinnedNodes.size, 0)
  t.ok(
    [...inside.byText.values()].every(({ pins }) => pins === 0),
    'nothing is noted any more',
  )
  t.equal(patterns.size, inside.idle.size, 'what is left is kept for a while, as any pattern that was left')
  t.same(core.held, NOTHING_HELD)
  // A while: 1,024 others.
  const churn = core.peer()
  for (let i = 0; i < 1100; i++) {
    churn.subscribe(`churn.${i}`)
    churn.unsubscribe(`churn.${i}`)
  }
  t.notOk(inside.byText.has('all.secret'))
  t.notOk(inside.byText.has('mine.3.>'))
  t.ok(topics.size > 0)
})

t.test('however often rights change in a turn, there is one turn', async (t) => {
  const core = new CoreHarness()
  const turns = (): number => (core.host as unknown as { turns: unknown[] }).turns.length
  const reader = core.peer()
  reader.subscribe('>')
  for (let i = 0; i < 5; i++) {
    reader.publish('a', ['1'])
    core.router.grant(reader.session, new Access('me', null, null, 0), null, 0, {})
  }
  reader.publish('a', ['1'])
  t.equal(turns(), 1)
  core.turns()
  t.equal(reader.link.takeEvents().length, 6)
})
