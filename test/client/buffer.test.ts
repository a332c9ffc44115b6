import t from 'tap'
import { SOCKET_BYTES_MAX } from '../../src/client/runtime.js'
import { Code } from '../../src/protocol/codes.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { rig } from '../helpers/client.js'
import { settle } from '../helpers/manual-runtime.js'

const PAYLOAD = new Uint8Array(95)
/** Bytes of one event below: 100 of payload and what is around it. */
const EVENT_BYTES = encodeEvent('t', 3, PAYLOAD).length

/** A bus whose connection is down, with room for ten events. */
async function cutOff(whenFull: 'wait' | 'refuse' | 'drop-oldest', events = 10) {
  const all = await rig({ whenFull, bufferBytesMax: events * EVENT_BYTES })
  all.daemon.last.kill()
  await settle()
  return {
    ...all,
    publish: (lane = 3, mark = 0) => {
      PAYLOAD[0] = mark
      return all.bus.publishBytes('t', PAYLOAD, { lane })
    },
  }
}

const markOf = ({ frame }: { frame: Uint8Array }) => frame[frame.length - PAYLOAD.length]

t.test('refuse: what does not fit is not taken, and publish says so', async (t) => {
  const { bus, daemon, runtime, publish, told } = await cutOff('refuse')
  const answers = Array.from({ length: 15 }, (_, i) => publish(3, i))
  t.same(answers, [...Array(10).fill(true), ...Array(5).fill(false)])
  t.match(bus.counts, { published: 10, notTaken: 5, buffered: 10, dropped: 0 })
  let isReady = false
  bus.ready().then(() => {
    isReady = true
  })
  await settle()
  t.equal(isReady, false)
  await runtime.advance(100)
  t.equal(isReady, true)
  t.same(await bus.sync(), { accepted: 10, refused: 0, dropped: 0 })
  t.same(daemon.taken.map(markOf), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.equal(told('dropped').length, 0, 'the return value has told it')
  await bus.close()
})

t.test('wait: taken with a false over the limit, not taken over twice the limit, and that is told', async (t) => {
  const { bus, daemon, runtime, publish, told } = await cutOff('wait')
  const answers = Array.from({ length: 25 }, (_, i) => publish(3, i))
  t.same(answers, [...Array(10).fill(true), ...Array(15).fill(false)])
  t.match(bus.counts, { published: 20, notTaken: 5, buffered: 20 })
  await settle()
  t.match(told('dropped'), [{ count: 5 }])
  await runtime.advance(100)
  await bus.ready()
  t.same(await bus.sync(), { accepted: 20, refused: 0, dropped: 0 })
  t.equal(daemon.taken.length, 20)
  await bus.close()
})

t.test('drop-oldest: of the least urgent lane, never a more urgent one than the new event', async (t) => {
  const { bus, daemon, runtime, publish, told } = await cutOff('drop-oldest')
  for (let i = 0; i < 5; i++) publish(0, i)
  for (let i = 5; i < 10; i++) publish(7, i)
  publish(3, 10)
  publish(0, 11)
  for (let i = 12; i < 16; i++) publish(7, i)
  for (let i = 16; i < 20; i++) publish(1, i)
  t.equal(publish(7, 20), false, 'the new event is the least urgent, so it is the one to go')
  await settle()
  t.match(bus.counts, { published: 20, notTaken: 1, dropped: 10, buffered: 10 })
  t.equal(
    told('dropped').reduce((sum, { count }) => sum + count, 0),
    11,
  )
  await runtime.advance(100)
  await bus.sync()
  t.same(daemon.taken.map(markOf), [0, 1, 2, 3, 4, 11, 16, 17, 18, 19])
  await bus.close()
})

t.test('what waits leaves by lane, in order within each, and none starves', async (t) => {
  const { bus, daemon, runtime, publish } = await cutOff('wait', 10_000)
  for (let i = 0; i < 9000; i++) publish(i % 3 === 0 ? 7 : 1, i & 255)
  publish(0, 42)
  await runtime.advance(100)
  await bus.sync()
  t.equal(daemon.taken.length, 9001)
  t.equal(daemon.taken[0].lane, 0)
  t.equal(daemon.taken[1].lane, 1)
  for (const lane of [1, 7]) {
    const marks = daemon.taken.filter((event) => event.lane === lane).map(markOf)
    const expected = Array.from({ length: 9000 }, (_, i) => i).filter((i) => (i % 3 === 0) === (lane === 7))
    t.same(
      marks,
      expected.map((i) => i & 255),
    )
  }
  const firstLow = daemon.taken.findIndex(({ lane }) => lane === 7)
  const lastHigh = daemon.taken.findLastIndex(({ lane }) => lane === 1)
  t.ok(firstLow < lastHigh, 'the least urgent lane had a turn before the other was empty')
  await bus.close()
})

t.test('a slow socket is not fed: events wait here, and go when it drains', async (t) => {
  const { bus, daemon, runtime } = await rig({ bufferBytesMax: 100_000, whenFull: 'refuse' })
  bus.publish('first', 1)
  runtime.bufferedNow = SOCKET_BYTES_MAX + 1
  await settle()
  t.equal(daemon.taken.length, 1)
  const payload = new Uint8Array(1000)
  let taken = 0
  while (bus.publishBytes('t', payload)) taken++
  t.ok(taken > 90 && taken < 100)
  await settle()
  t.equal(daemon.taken.length, 1)
  const synced = bus.sync()
  const ready = bus.ready()
  runtime.drain()
  await ready
  t.match(await synced, { accepted: taken + 1 })
  t.equal(bus.publish('t', 1), true)
  await bus.close()
})

t.test('overloaded: publish pushes back until the daemon’s time is over', async (t) => {
  const { bus, daemon, runtime, told } = await rig()
  daemon.refuses = (topic) => (topic === 'a' ? Code.OVERLOADED : 0)
  bus.publish('a', 1)
  await settle()
  t.match(told('overloaded'), [{ count: 1, retryAfterMs: 500 }])
  t.equal(bus.publish('b', 2), false)
  let isReady = false
  const ready = bus.ready().then(() => {
    isReady = true
  })
  await runtime.advance(499)
  t.equal(isReady, false)
  t.equal(daemon.taken.length, 0)
  await runtime.advance(1)
  await ready
  t.equal(bus.publish('c', 3), true)
  t.same(await bus.sync(), { accepted: 2, refused: 1, dropped: 0 })
  await bus.close()
})

t.test('an event larger than a batch goes by itself, in its place', async (t) => {
  const { bus, daemon } = await rig()
  bus.publish('t', 'small')
  bus.publishBytes('t', new Uint8Array(300_000))
  bus.publish('t', 'small')
  await bus.sync()
  t.same(
    daemon.taken.map(({ frame }) => frame.length > 1000),
    [false, true, false],
  )
  await bus.close()
})

t.test('close says what never left; drain leaves nothing', async (t) => {
  const one = await cutOff('wait')
  for (let i = 0; i < 5; i++) one.publish(3, i)
  await one.bus.close()
  t.match(one.told('closed'), [{ code: 1000, unsent: 5, unconfirmed: 0 }])

  const two = await cutOff('wait')
  for (let i = 0; i < 5; i++) two.publish(3, i)
  const drained = two.bus.drain()
  await two.runtime.advance(100)
  t.match(await drained, { accepted: 5 })
  t.match(two.told('closed'), [{ code: 1000, unsent: 0, unconfirmed: 0 }])
  t.equal(two.runtime.timersWaiting, 0, 'no timer is left')
  t.equal(two.daemon.last.isOpen, false)
})

t.test('close sends what the task has published, and settles who waits', async (t) => {
  const { bus, daemon, told } = await rig()
  daemon.answersSyncs = false
  const sub = bus.subscribe('a')
  bus.publish('x', 1)
  const synced = bus.sync()
  const closed = bus.close()
  await t.rejects(synced, { name: 'ClosedError' })
  await closed
  t.equal((await sub.next()).done, true)
  t.equal(daemon.taken.length, 1)
  t.match(told('closed'), [{ unsent: 0, unconfirmed: 1 }])
  await bus.close()
  t.equal(told('closed').length, 1, 'closing twice is once')
})
