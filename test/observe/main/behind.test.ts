import t from 'tap'
import type { WaitingLane } from '../../../src/core/backlog.js'
import { furthestBehind } from '../../../src/observe/main/behind.js'
import { SLOW_SUBSCRIBERS_MAX } from '../../../src/observe/sample.js'

/** Something of a session that waits. */
function waiting(id: number, backlogBytes: number, blockedSince = 0): WaitingLane {
  const outbox = { backlogBytes, backlogEvents: backlogBytes / 10, droppedEvents: id, blockedSince }
  const peer = { listener: 'listen', transport: 'websocket', address: `127.0.0.1:${id}` }
  return { subscription: { session: { id, name: `client-${id}`, peer, outbox } } } as unknown as WaitingLane
}

t.test('the worst come first, and not too many', (t) => {
  const lanes = [[], Array.from({ length: 30 }, (_, id) => waiting(id, (id * 7) % 30), 0)]
  const slow = furthestBehind(lanes, 0)
  t.equal(slow.length, SLOW_SUBSCRIBERS_MAX)
  t.same(
    slow.map(({ pendingBytes }) => pendingBytes),
    Array.from({ length: SLOW_SUBSCRIBERS_MAX }, (_, index) => 29 - index),
  )
  t.end()
})

t.test('a session that waits in several lanes is one, with all that is to be said of it', (t) => {
  const one = waiting(4, 1000, 5000)
  t.same(furthestBehind([[one], [one]], 5250), [
    {
      session: 4,
      name: 'client-4',
      address: '127.0.0.1:4',
      pendingBytes: 1000,
      pendingEvents: 100,
      dropped: 4,
      blockedMs: 250,
    },
  ])
  t.end()
})

t.test('however much waits, only so much is looked at', (t) => {
  let looked = 0
  function* endless(): Generator<WaitingLane> {
    for (;;) yield waiting(looked++, 10)
  }
  t.equal(furthestBehind([endless(), endless()], 0).length, SLOW_SUBSCRIBERS_MAX)
  t.equal(looked, 512)
  t.end()
})
