import t from 'tap'
import { Access, LOCKED } from '../../src/core/access.js'
import { Rules } from '../../src/core/rules.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame } from '../helpers/core-frames.js'
import { CoreHarness, type Peer } from '../helpers/core-harness.js'

/** Allowed patterns, and denied ones after an exclamation mark; null for who has no role. */
type RuleText = string | null

function rules(text: RuleText): Rules | null {
  if (text === null) return null
  const words = text.split(' ').filter((word) => word !== '')
  return new Rules(
    words.filter((word) => !word.startsWith('!')),
    words.filter((word) => word.startsWith('!')).map((word) => word.slice(1)),
  )
}

function someone(core: CoreHarness, publish: RuleText, subscribe: RuleText, laneMin = 0): Peer {
  const peer = core.peer()
  const isFull = publish === null && subscribe === null && laneMin === 0
  if (!isFull) peer.session.access = new Access('somebody', rules(publish), rules(subscribe), laneMin)
  return peer
}

/** Codes of the errors that a peer was told, each once. */
function codes(core: CoreHarness, peer: Peer): number[] {
  core.turns()
  const told = peer.link.take().flatMap((frame) => (frame.op === Op.ERROR ? [frame.code] : []))
  return [...new Set(told)]
}

const YES = 0
const NO = Code.NOT_PERMITTED
const SYS = Code.RESERVED_TOPIC

const PUBLISHING: readonly (readonly [rules: RuleText, topic: string, code: number])[] = [
  [null, 'orders.eu', YES],
  ['>', 'orders.eu', YES],
  ['>', 'a', YES],
  ['', 'orders.eu', NO],
  ['orders.eu', 'orders.eu', YES],
  ['orders.eu', 'orders.us', NO],
  ['orders.eu', 'orders.eu.created', NO],
  ['orders.eu.created', 'orders.eu', NO],
  ['orders.*', 'orders.eu', YES],
  ['orders.*', 'orders', NO],
  ['orders.*', 'orders.eu.created', NO],
  ['orders.>', 'orders.eu.created', YES],
  ['orders.>', 'orders', NO],
  ['*.created', 'orders.created', YES],
  ['*', 'orders', YES],
  ['*', 'orders.eu', NO],
  ['a.> b.>', 'b.c', YES],
  ['> !secret.>', 'secret.1', NO],
  ['> !secret.>', 'secret', YES],
  ['> !secret.>', 'open.1', YES],
  // The denied one is wider than the allowed one, and beats it.
  ['orders.eu !orders.*', 'orders.eu', NO],
  ['orders.> !orders.eu', 'orders.eu', NO],
  ['orders.> !orders.eu', 'orders.eu.created', YES],
  ['orders.> !*.eu', 'orders.eu', NO],
  ['!>', 'a', NO],
  // Nobody publishes where the daemon does, whatever the rules say.
  [null, '$sys.x', SYS],
  ['$sys.>', '$sys.x', SYS],
  ['>', '$sys', SYS],
  // In another place it is a token as any other.
  ['>', 'a.$sys', YES],
  ['*.$sys', 'a.$sys', YES],
  ['>', '$system.x', YES],
]

t.test('who may publish what', async (t) => {
  for (const [text, topic, code] of PUBLISHING) {
    const core = new CoreHarness()
    const peer = someone(core, text, '')
    peer.publish(topic, ['1', '2'])
    t.same(codes(core, peer), code === YES ? [] : [code], `${text ?? 'no role'} → ${topic}`)
    t.equal(peer.session.accepted, code === YES ? 2 : 0)
    // Once more, now that it is decided.
    peer.publish(topic, ['3'])
    t.equal(peer.session.accepted, code === YES ? 3 : 0)
  }
})

const TOPICS = ['a', 'b', 'a.x', 'a.y', 'b.x', 'a.x.1', 'b.x.1'] as const

const SUBSCRIBING: readonly (readonly [rules: RuleText, patterns: string, gets: string])[] = [
  [null, '>', 'a b a.x a.y b.x a.x.1 b.x.1'],
  ['>', '>', 'a b a.x a.y b.x a.x.1 b.x.1'],
  ['', '>', `${NO}`],
  ['a.>', '>', 'a.x a.y a.x.1'],
  ['a.>', 'b.>', `${NO}`],
  ['a.>', 'a', `${NO}`],
  ['a.*', 'a.>', 'a.x a.y'],
  ['a.x', 'a.*', 'a.x'],
  ['a.*', 'a.*.1', `${NO}`],
  ['*.x', 'a.>', 'a.x'],
  ['*.x', '>', 'a.x b.x'],
  ['*', '>', 'a b'],
  ['>', 'a.*', 'a.x a.y'],
  ['> !a.>', '>', 'a b b.x b.x.1'],
  ['> !a.>', 'a.>', `${NO}`],
  ['> !a.>', 'a.x', `${NO}`],
  ['> !a.>', 'a', 'a'],
  ['> !*.x', 'a.*', 'a.y'],
  ['> !a.x', 'a.x.*', 'a.x.1'],
  ['a.x !a.*', 'a.>', `${NO}`],
  ['a.> !a.>', '>', `${NO}`],
  ['a.> b.x !a.>', '>', 'b.x'],
  // Denied as a whole by two patterns, not by one: accepted, and brings nothing.
  ['a.x a.y !a.x !a.y', 'a.*', `${NO}`],
  ['a.* !a.x !a.y', 'a.*', ''],
  // More than one subscription of a session: each event once, and only what is permitted.
  ['a.>', '> a.x a.*', 'a.x a.y a.x.1'],
  ['*.x', '* a.* b.*', `${NO} a.x b.x`],
  ['> !a.x', 'a.x a.*', `${NO} a.y`],
]

t.test('who may subscribe to what, and what comes by it', async (t) => {
  for (const [text, patterns, gets] of SUBSCRIBING) {
    const core = new CoreHarness()
    const peer = someone(core, '', text)
    for (const pattern of patterns.split(' ')) {
      peer.send(controlFrame({ op: Op.SUBSCRIBE, request: 1, pattern, options: {} }))
    }
    const publisher = core.peer()
    for (const topic of TOPICS) publisher.publish(topic, ['1'])
    core.turns()
    const got = peer.link.take().flatMap((frame) => {
      if (frame.op === Op.EVENT) return [frame.topic]
      return frame.op === Op.ERROR ? [`${frame.code}`] : []
    })
    t.same([...got].sort(), gets.split(' ').filter(Boolean).sort(), `${text ?? 'no role'}: ${patterns}`)
    t.same(core.broken, [])
  }
})

const OWN: readonly (readonly [rules: RuleText, pattern: string, gets: boolean, code: number])[] = [
  [null, '$sys.>', true, YES],
  [null, '>', false, YES],
  ['>', '>', false, YES],
  ['>', '$sys.>', false, NO],
  ['>', '$sys.stats', false, NO],
  ['*.stats', '$sys.stats', false, NO],
  ['$sys.>', '$sys.stats', true, YES],
  ['$sys.>', '>', false, NO],
  ['> $sys.stats', '$sys.>', true, YES],
  ['> $sys.slo.>', '$sys.>', false, YES],
  ['$sys.> !$sys.stats', '$sys.>', false, YES],
  ['$sys.> !>', '$sys.>', true, YES],
  ['$sys.> !*.stats', '$sys.>', true, YES],
]

t.test("the daemon's own branch is for those whose rules name it", async (t) => {
  for (const [text, pattern, gets, code] of OWN) {
    const core = new CoreHarness()
    const peer = someone(core, null, text)
    peer.send(controlFrame({ op: Op.SUBSCRIBE, request: 1, pattern, options: {} }))
    const name = `${text ?? 'no role'}: ${pattern}`
    t.equal(core.router.own.publish('$sys.stats', Buffer.from('1')), gets, name)
    core.turns()
    const seen = peer.link.take()
    t.equal(seen.filter((frame) => frame.op === Op.EVENT).length, gets ? 1 : 0, name)
    t.same(
      seen.flatMap((frame) => (frame.op === Op.ERROR ? [frame.code] : [])),
      code === YES ? [] : [code],
      name,
    )
  }
})

t.test('a lane that is too urgent is refused, and what is permitted beside it is taken', async (t) => {
  const core = new CoreHarness()
  const peer = someone(core, null, null, 3)
  for (const lane of [0, 1, 2, 3, 4, 7]) peer.publish('a', ['x'], lane)
  t.same(codes(core, peer), [Code.LANE_NOT_PERMITTED])
  t.equal(peer.session.accepted, 3)
  t.equal(peer.session.refused, 3)
  t.equal(core.router.meters.refused.get(Code.LANE_NOT_PERMITTED), 3)
})

t.test('of a message with events on several topics the permitted ones are taken', async (t) => {
  const core = new CoreHarness()
  const reader = core.peer()
  reader.subscribe('>')
  const peer = someone(core, 'a.> !a.no', '')
  for (const topic of ['a.1', 'a.no', 'b', 'a.2']) peer.publish(topic, [topic])
  core.turns()
  t.same(
    reader.link.takeEvents().map(({ topic }) => topic),
    ['a.1', 'a.2'],
  )
  t.match(peer.link.take(), [{ op: Op.ERROR, code: NO, details: { count: 2, topic: 'a.no' } }])
})

t.test('whoever is locked publishes and subscribes nothing', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.session.access = LOCKED
  peer.publish('a', ['1', '2'])
  peer.subscribe('a')
  t.same(codes(core, peer), [Code.UNAUTHENTICATED])
  t.equal(peer.session.accepted, 0)
  t.equal(core.router.meters.subscriptions, 0)
})

t.test('what one subscriber may not receive comes to the others, and is no loss', async (t) => {
  const core = new CoreHarness()
  const full = core.peer()
  full.subscribe('>')
  const half = someone(core, '', 'a.>')
  half.subscribe('>')
  const publisher = core.peer()
  for (const topic of ['a.1', 'b.1', 'a.2', 'b.2']) publisher.publish(topic, [topic])
  core.turns()
  t.equal(full.link.takeEvents().length, 4)
  t.same(
    half.link.takeEvents().map(({ topic }) => topic),
    ['a.1', 'a.2'],
  )
  t.equal(core.router.meters.matched, 6)
  t.equal(core.dropped, 0)
  t.same(core.broken, [])
})
