import t from 'tap'
import { openPublisher } from '../../src/core/publisher.js'
import type { Session } from '../../src/core/session.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { controlFrame, eventFrame } from '../helpers/core-frames.js'
import { CoreHarness, NOTHING_HELD } from '../helpers/core-harness.js'

function send(core: CoreHarness, session: Session, frame: Buffer): void {
  const position = core.router.reserve(frame.length)
  frame.copy(core.router.slabs.bytes, position)
  core.router.accept(session, position, position + frame.length)
}

t.test('a publisher without a connection publishes, is told nothing, and never ends', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.subscribe('>')
  const publisher = openPublisher(core.router)
  t.equal(core.router.sessions.size, 1, 'it is not among those that are said goodbye to')
  send(core, publisher, eventFrame('a', '1'))
  send(core, publisher, eventFrame('a..b', '2'))
  t.strictSame(publisher.refusals.take(), [{ code: Code.BAD_TOPIC, count: 1, topic: 'a..b' }])
  send(core, publisher, controlFrame({ op: Op.SUBSCRIBE, request: 1, pattern: '>', options: {} }))
  send(core, publisher, Buffer.from([0xc1]))
  core.turns()
  send(core, publisher, eventFrame('a', '3'))
  core.turns()
  t.strictSame(
    peer.link.takeEvents().map(({ payload }) => payload),
    ['1', '3'],
  )
  t.equal(publisher.accepted, 2)
  t.equal(publisher.subscriptions.size, 0)
  t.strictSame(core.broken, [])
  t.strictSame(core.held, NOTHING_HELD)
})

t.test('a mark tells when what was accepted before it has been handed out', async (t) => {
  const core = new CoreHarness()
  const peer = core.peer()
  peer.subscribe('>')
  const { router } = core
  t.ok(router.lanes.hasPassed(3, router.lanes.mark(3)), 'nothing is to be waited for')
  peer.publish('a', ['1'], 3)
  const first = router.lanes.mark(3)
  const other = router.lanes.mark(5)
  t.notOk(router.lanes.hasPassed(3, first))
  t.ok(router.lanes.hasPassed(5, other), 'another lane has nothing')
  core.turns()
  t.ok(router.lanes.hasPassed(3, first))
  peer.publish('a', ['2'], 3)
  t.ok(router.lanes.hasPassed(3, first), 'what comes later does not matter')
  t.notOk(router.lanes.hasPassed(3, router.lanes.mark(3)))
})
