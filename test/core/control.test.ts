import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { CONTROL_BYTES_MAX, TOPIC_BYTES_MAX, TOPIC_TOKENS_MAX } from '../../src/protocol/limits.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame, packed, readFrames } from '../helpers/core-frames.js'
import { CoreHarness } from '../helpers/core-harness.js'
import { ManualLink } from '../helpers/core-link.js'

t.test('WELCOME is the first frame, before open returns', async (t) => {
  const core = new CoreHarness({ subscriptionsMax: 77, payloadBytesMax: 1234, messageBytesMax: 5678 })
  const link = new ManualLink()
  const session = core.router.open(link)
  t.same(readFrames(Buffer.concat(link.writes)), [
    {
      op: Op.WELCOME,
      info: {
        version: 1,
        server: 'server-under-test',
        session: session.id,
        software: 'sluice/test',
        limits: {
          messageBytesMax: 5678,
          payloadBytesMax: 1234,
          topicBytesMax: TOPIC_BYTES_MAX,
          topicTokensMax: TOPIC_TOKENS_MAX,
          controlBytesMax: CONTROL_BYTES_MAX,
          subscriptionsMax: 77,
        },
      },
    },
  ])
  t.not(core.router.open(new ManualLink()).id, session.id)
})

t.test('HELLO', async (t) => {
  const peer = new CoreHarness().peer()
  peer.send(controlFrame({ op: Op.HELLO, info: { version: 1, name: 'shop' } }))
  t.equal(peer.session.name, 'shop')
  t.equal(peer.link.writes.length, 0, 'it is not answered')
  peer.send(controlFrame({ op: Op.HELLO, info: {} }))
  t.equal(peer.session.name, '')
})

t.test('SUBSCRIBE and UNSUBSCRIBE are answered with OK, unless their request is 0', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  const subscribe = (request: number, pattern: string) =>
    peer.send(controlFrame({ op: Op.SUBSCRIBE, request, pattern, options: {} }))
  const unsubscribe = (request: number, pattern: string) =>
    peer.send(controlFrame({ op: Op.UNSUBSCRIBE, request, pattern }))
  subscribe(5, 'a.*')
  t.same(peer.link.take(), [{ op: Op.OK, request: 5 }])
  subscribe(0, 'b')
  t.same(peer.link.take(), [])
  t.same([...peer.session.subscriptions.keys()], ['a.*', 'b'])
  unsubscribe(2 ** 53 - 1, 'a.*')
  t.same(peer.link.take(), [{ op: Op.OK, request: 2 ** 53 - 1 }])
  unsubscribe(0, 'b')
  t.same(peer.link.take(), [])
  t.equal(peer.session.subscriptions.size, 0)
  peer.publish('b', ['x'])
  core.turns()
  t.equal(core.router.meters.unmatched, 1)
})

t.test('requests that are refused are answered with their number and a code', async (t) => {
  const core = new CoreHarness({ subscriptionsMax: 2 })
  const peer = core.peer()
  for (const pattern of ['one', 'two']) peer.subscribe(pattern)
  const cases: [unknown[], number][] = [
    [[Op.SUBSCRIBE, 7, 'a..b'], Code.BAD_PATTERN],
    [[Op.SUBSCRIBE, 7, ''], Code.BAD_PATTERN],
    [[Op.SUBSCRIBE, 7, 'a*'], Code.BAD_PATTERN],
    [[Op.SUBSCRIBE, 7, 'x'.repeat(256)], Code.TOPIC_TOO_LONG],
    [[Op.SUBSCRIBE, 7, Array(17).fill('*').join('.')], Code.TOPIC_TOO_LONG],
    [[Op.SUBSCRIBE, 7, 'three'], Code.TOO_MANY_SUBSCRIPTIONS],
    [[Op.UNSUBSCRIBE, 7, 'three'], Code.NOT_SUBSCRIBED],
  ]
  for (const [frame, code] of cases) {
    peer.send(packed(frame))
    t.match(peer.link.take(), [{ op: Op.ERROR, request: 7, code }], JSON.stringify(frame).slice(0, 50))
    t.ok((core.router.meters.refused.get(code) ?? 0) > 0)
  }
  peer.send(packed([Op.UNSUBSCRIBE, 0, 'three']))
  t.match(peer.link.take(), [{ op: Op.ERROR, request: 0, code: Code.NOT_SUBSCRIBED }], 'errors are told all the same')
  peer.send(packed([Op.SUBSCRIBE, 8, 'two', { eventsMax: 3 }]))
  t.same(peer.link.take(), [{ op: Op.OK, request: 8 }], 'options of one that is there may be changed')
})

t.test('subscribing again replaces the options and keeps the place', async (t) => {
  const core = new CoreHarness({ outboxPolicy: 'drop-newest', outboxBytesMax: 5000, outboxEventsMax: 50 })
  const peer = core.peer()
  peer.subscribe('a', { policy: 'conflate', bytesMax: 1000, eventsMax: 10 })
  peer.subscribe('*')
  const one = peer.session.subscriptions.get('a')
  t.match(one, { policy: 'conflate', bytesMax: 1000, eventsMax: 10, order: 0 })
  peer.subscribe('a', { bytesMax: 100_000 })
  t.equal(peer.session.subscriptions.get('a'), one)
  t.match(one, { policy: 'drop-newest', bytesMax: 5000, eventsMax: 50, order: 0 }, 'defaults, and no more than allowed')
})

t.test('frames that are wrong are refused in one error a turn, and cost nothing else', async (t) => {
  const core = new CoreHarness()
  const cases: [unknown[], number][] = [
    [[99], Code.UNKNOWN_OP],
    [[15, 1], Code.UNKNOWN_OP],
    [[0], Code.UNKNOWN_OP],
    [[Op.OK, 1], Code.UNKNOWN_OP],
    [[Op.WELCOME, {}], Code.UNKNOWN_OP],
    [[Op.GAP, 'a', 1, 'memory'], Code.UNKNOWN_OP],
    [[Op.GOAWAY, 4000, 1, ''], Code.UNKNOWN_OP],
    [[Op.SYNCED, 1, 1, 1], Code.UNKNOWN_OP],
    [[Op.ERROR, 1, 4500, '', {}], Code.UNKNOWN_OP],
    [[Op.SUBSCRIBE], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, -1, 'a'], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1, 2], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1, 'a', { polcy: 'conflate' }], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1, 'a', { policy: 'never' }], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1, 'a', { bytesMax: 0 }], Code.BAD_ARGUMENTS],
    [[Op.SUBSCRIBE, 1, 'a', { eventsMax: 1.5 }], Code.BAD_ARGUMENTS],
    [[Op.UNSUBSCRIBE, 1], Code.BAD_ARGUMENTS],
    [[Op.SYNC], Code.BAD_ARGUMENTS],
    [[Op.SYNC, 'x'], Code.BAD_ARGUMENTS],
    [[Op.PING, 2 ** 53], Code.BAD_ARGUMENTS],
    [[Op.HELLO, 1], Code.BAD_ARGUMENTS],
    [[Op.HELLO, { version: 'one' }], Code.BAD_ARGUMENTS],
  ]
  for (const [frame, code] of cases) {
    const peer = core.peer()
    const name = JSON.stringify(frame)
    peer.send(packed(frame), packed(frame), controlFrame({ op: Op.PING, token: 1 }))
    core.turns()
    t.match(
      peer.link.take(),
      [
        { op: Op.PONG, token: 1 },
        { op: Op.ERROR, request: 0, code, details: { count: 2 } },
      ],
      name,
    )
    t.equal(peer.link.ended, null, name)
    t.equal(peer.session.refused, 0, 'refused are events')
    peer.close()
  }
})

t.test('SYNC is answered with the counts of this session', async (t) => {
  const core = new CoreHarness()
  const other = core.peer()
  other.publish('a', ['1', '2'])
  const peer = core.peer()
  peer.send(controlFrame({ op: Op.SYNC, request: 1 }))
  peer.send(eventFrame('a', '1'), eventFrame('$sys', '2'), controlFrame({ op: Op.SYNC, request: 0 }))
  t.match(peer.link.take(), [
    { op: Op.SYNCED, request: 1, accepted: 0, refused: 0 },
    { op: Op.ERROR, code: Code.RESERVED_TOPIC, details: { count: 1 } },
    { op: Op.SYNCED, request: 0, accepted: 1, refused: 1 },
  ])
  core.turns()
  t.same(peer.link.take(), [], 'what was told is not told again')
})

t.test('PING is answered with its token, PONG with nothing', async (t) => {
  const peer = new CoreHarness().peer()
  peer.send(controlFrame({ op: Op.PING, token: 2 ** 40 }), controlFrame({ op: Op.PONG, token: 3 }))
  t.same(peer.link.take(), [{ op: Op.PONG, token: 2 ** 40 }])
})

t.test('a session that fails while it does not read ends all the same', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.block()
  core.router.fail(peer.session, Code.WRONG_MESSAGE_KIND)
  t.equal(peer.link.ended?.code, Code.WRONG_MESSAGE_KIND)
  t.equal(core.router.meters.refused.get(Code.WRONG_MESSAGE_KIND), 1)
  core.router.fail(peer.session, Code.WRONG_MESSAGE_KIND)
  core.turns()
  t.equal(core.router.sessions.size, 0)
})

t.test('what was refused is told before the session ends', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.send(eventFrame('a..b', 'x'), eventFrame('a..b', 'x'), Buffer.from([0xc1]))
  t.match(peer.link.take(), [
    { op: Op.ERROR, code: Code.BAD_TOPIC, details: { count: 2 } },
    { op: Op.ERROR, code: Code.MALFORMED },
  ])
  core.turns()
})
