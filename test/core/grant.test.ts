import t from 'tap'
import { Access, FULL_ACCESS, LOCKED } from '../../src/core/access.js'
import { Rate } from '../../src/core/rate.js'
import { Rules } from '../../src/core/rules.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame } from '../helpers/core-frames.js'
import { CoreHarness } from '../helpers/core-harness.js'

const auth = (request: number) => controlFrame({ op: Op.AUTH, request, credentials: { token: 't' } })
const subscribe = (request: number, pattern: string) =>
  controlFrame({ op: Op.SUBSCRIBE, request, pattern, options: {} })

t.test('where nobody needs to say who they are, any credentials are taken', async (t) => {
  const peer = new CoreHarness().peer()
  peer.send(auth(7))
  t.same(peer.link.take(), [{ op: Op.OK, request: 7, info: { user: '' } }])
})

t.test('a locked session may say who it is, and nothing else', async (t) => {
  const core = new CoreHarness({ unauthenticatedBytesMax: 400 })
  const asked: unknown[] = []
  core.router.onAuth = (_session, request, credentials) => asked.push([request, credentials])
  const peer = core.peer()
  peer.session.access = LOCKED
  peer.publish('a', ['1', '2'])
  peer.send(subscribe(3, 'a'), controlFrame({ op: Op.PING, token: 5 }), auth(4))
  core.host.runTurns()
  t.same(
    peer.link
      .take()
      .map((frame) =>
        'code' in frame ? { code: frame.code, request: (frame as { request?: number }).request } : frame,
      ),
    [
      { code: Code.UNAUTHENTICATED, request: 3 },
      { op: Op.PONG, token: 5 },
      { code: Code.UNAUTHENTICATED, request: 0 },
    ],
  )
  t.same(asked, [[4, { token: 't' }]])
  t.equal(peer.session.refused, 2)
  t.equal(core.router.meters.accepted, 0)

  core.router.grant(peer.session, FULL_ACCESS, null, 4, { user: 'me', expiresInMs: 1000 })
  t.same(peer.link.take(), [{ op: Op.OK, request: 4, info: { user: 'me', expiresInMs: 1000 } }])
  peer.send(subscribe(6, 'a'))
  peer.publish('a', ['3'])
  core.host.runTurns()
  t.match(peer.link.take(), [{ op: Op.OK, request: 6 }, { op: Op.EVENT }])
})

t.test('a locked session that goes on and on is ended', async (t) => {
  const core = new CoreHarness({ unauthenticatedBytesMax: 400 })
  const peer = core.peer()
  peer.session.access = LOCKED
  for (let sent = 0; sent <= 400 && peer.link.ended === null; sent += 24) peer.publish('a', ['x'.repeat(20)])
  t.match(peer.link.ended, { code: Code.UNAUTHENTICATED })
})

t.test('other rights take hold at once, and what nothing can come by any more is told', async (t) => {
  const core = new CoreHarness()
  const reader = core.peer()
  const writer = core.peer()
  reader.send(subscribe(0, '>'), subscribe(0, 'secret.*'))
  writer.publish('secret.1', ['before'])
  const rules = new Rules(['>'], ['secret.>'])
  core.router.grant(reader.session, new Access('me', null, rules, 0), null, 9, { user: 'me' })
  writer.publish('secret.1', ['after'])
  writer.publish('open.1', ['after'])
  core.host.runTurns()
  t.same(
    reader.link.take().map((frame) => {
      if (frame.op === Op.EVENT && 'topic' in frame) return frame.topic
      return 'code' in frame ? `${frame.code}` : frame.op
    }),
    ['secret.1', `${Code.NOT_PERMITTED}`, Op.OK, 'open.1'],
  )
  t.same([...reader.session.subscriptions.keys()], ['>'])
  reader.close()
  writer.close()
  t.equal(core.router.meters.subscriptions, 0)
})

t.test('nobody goes on with what another one may publish', async (t) => {
  const core = new CoreHarness()
  const reader = core.peer()
  reader.subscribe('>')
  const may = core.peer()
  const mayNot = core.peer()
  mayNot.session.access = new Access('other', new Rules(['open.>'], []), null, 2)
  may.publish('secret.1', ['1'])
  mayNot.publish('secret.1', ['2', '3'])
  may.publish('secret.1', ['4'])
  mayNot.publish('open.1', ['5'], 1)
  mayNot.publish('open.1', ['6'], 2)
  core.host.runTurns()
  t.same(
    reader.link.takeEvents().map(({ payload }) => String(payload)),
    ['6', '1', '4'],
  )
  t.same(
    mayNot.link
      .take()
      .map((frame) => ('code' in frame ? [frame.code, 'details' in frame && frame.details.count] : frame)),
    [
      [Code.NOT_PERMITTED, 2],
      [Code.LANE_NOT_PERMITTED, 1],
    ],
  )
})

t.test('over its rate nothing is accepted until a while has passed; other sessions go on', async (t) => {
  const core = new CoreHarness()
  const fast = core.peer()
  const other = core.peer()
  fast.session.rate = new Rate({ eventsPerSecond: 10, bytesPerSecond: 0 })
  fast.publish(
    'a',
    Array.from({ length: 15 }, (_, i) => `${i}`),
  )
  t.equal(fast.session.accepted, 15, 'what began within the rate is taken whole')
  fast.publish('a', ['16', '17'])
  other.publish('a', ['1'])
  core.host.runTurns()
  t.equal(fast.session.accepted, 15)
  t.equal(fast.session.refused, 2)
  t.equal(other.session.accepted, 1)
  t.match(fast.link.take(), [{ op: Op.ERROR, code: Code.RATE_LIMITED, details: { count: 2, retryAfterMs: 500 } }])
  core.host.ms += 499
  fast.publish('a', ['18'])
  t.equal(fast.session.accepted, 15)
  core.host.ms += 2
  fast.publish('a', ['19'])
  t.equal(fast.session.accepted, 16)
})

t.test('bytes are a rate, too', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.session.rate = new Rate({ eventsPerSecond: 0, bytesPerSecond: 1000 })
  peer.publish('a', ['x'.repeat(2000)])
  peer.publish('a', ['y'])
  t.equal(peer.session.accepted, 1)
  core.host.ms += 1100
  peer.publish('a', ['z'])
  t.equal(peer.session.accepted, 2)
})
