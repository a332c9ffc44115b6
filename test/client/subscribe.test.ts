import t from 'tap'
import type { BusEvent } from '../../src/client/event.js'
import type { Gap } from '../../src/client/status.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { rig } from '../helpers/client.js'
import { settle } from '../helpers/manual-runtime.js'

const NIL = Uint8Array.of(0xc0)

t.test('an iterator gives the events that match, in order, and ends', async (t) => {
  const { bus } = await rig()
  const orders = bus.subscribe<{ id: number }>('orders.*.created')
  await orders.ready
  for (let id = 0; id < 5; id++) {
    bus.publish('orders.eu.created', { id }, { lane: id })
    bus.publish('orders.eu.deleted', { id })
  }
  await bus.drain()
  const seen: unknown[] = []
  for await (const event of orders) seen.push([event.topic, event.lane, event.value.id])
  t.same(
    seen,
    [0, 1, 2, 3, 4].map((id) => ['orders.eu.created', id, id]),
  )
  t.same(await orders.next(), { value: undefined, done: true }, 'and stays ended')
})

t.test('a reader that waits is woken by the event, and by the end', async (t) => {
  const { bus } = await rig()
  const sub = bus.subscribe('a')
  const first = sub.next()
  const second = sub.next()
  bus.publish('a', 'x')
  t.equal((await first).value.value, 'x')
  sub.unsubscribe()
  t.equal((await second).done, true)
  await bus.close()
})

t.test('leaving the loop unsubscribes', async (t) => {
  const { bus, daemon } = await rig()
  const sub = bus.subscribe('a')
  bus.publish('a', 1)
  bus.publish('a', 2)
  for await (const event of sub) {
    t.equal(event.value, 1)
    break
  }
  await bus.sync()
  t.equal(sub.isActive, false)
  t.equal(daemon.last.patterns.size, 0)
  await bus.close()
})

t.test('several subscriptions share one event object, and one pattern at the daemon', async (t) => {
  const { bus, daemon } = await rig()
  const seen: [string, BusEvent][] = []
  const listen = (name: string, pattern: string) =>
    bus.subscribe(pattern, { onEvent: (event) => seen.push([name, event]) })
  const one = listen('one', 'a.b')
  const two = listen('two', 'a.b')
  const all = listen('all', '>')
  const none = listen('none', 'a.*.c')
  await Promise.all([one.ready, two.ready, all.ready, none.ready])
  t.equal(daemon.last.count(Op.SUBSCRIBE), 3)
  bus.publish('a.b', 1)
  await bus.sync()
  t.same(
    seen.map(([name]) => name),
    ['one', 'two', 'all'],
  )
  t.equal(new Set(seen.map(([, event]) => event)).size, 1)
  one.unsubscribe()
  await bus.sync()
  t.equal(daemon.last.count(Op.UNSUBSCRIBE), 0, 'the other still listens')
  bus.publish('a.b', 2)
  await bus.sync()
  t.same(
    seen.slice(3).map(([name]) => name),
    ['two', 'all'],
  )
  two.unsubscribe()
  await bus.sync()
  t.equal(daemon.last.count(Op.UNSUBSCRIBE), 1)
  await bus.close()
})

t.test('what nobody reads is not decoded', async (t) => {
  const { bus, daemon } = await rig()
  const events: BusEvent[] = []
  bus.subscribe('a', { onEvent: (event) => events.push(event) })
  await bus.sync()
  // 0xc1 is no msgpack: decoding it at arrival would fail there.
  daemon.last.send(encodeEvent('a', 3, Uint8Array.of(0xc1)), encodeEvent('a', 3, Uint8Array.of(0x93, 1, 2, 3)))
  await settle()
  t.equal(events.length, 2)
  t.throws(() => events[0].value, { name: 'DecodeError' })
  t.same(events[0].bytes, Uint8Array.of(0xc1), 'its bytes can be read all the same')
  const value = events[1].value
  t.same(value, [1, 2, 3])
  t.equal(events[1].value, value, 'decoded once')
  await bus.close()
})

t.test('hostile payloads are refused by the reader, not made into objects', async (t) => {
  const { bus, daemon } = await rig()
  const events: BusEvent[] = []
  bus.subscribe('a', { onEvent: (event) => events.push(event) })
  await bus.sync()
  const ext = Uint8Array.of(0xd4, 0x65, 1)
  const deep = new Uint8Array(1000).fill(0x91)
  const lie = Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)
  const two = Uint8Array.of(1, 2)
  for (const payload of [ext, deep, lie, two, new Uint8Array(0)]) daemon.last.send(encodeEvent('a', 3, payload))
  await settle()
  t.equal(events.length, 5)
  for (const event of events) t.throws(() => event.value, { name: 'DecodeError' })
  await bus.close()
})

t.test('values and metadata arrive as they were published', async (t) => {
  const { bus } = await rig()
  const events: BusEvent[] = []
  bus.subscribe('>', { onEvent: (event) => events.push(event) })
  const at = new Date(0)
  const date = at.toISOString()
  const cases: [value: unknown, seen: unknown][] = [
    [null, null],
    [undefined, null],
    ['', ''],
    [1.5, 1.5],
    [-(2 ** 40), -(2 ** 40)],
    [2n ** 63n, 2n ** 63n],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    [{ a: [{ b: 'é𐍈' }] }, { a: [{ b: 'é𐍈' }] }],
    [at, date],
    [
      { deep: [at], set: new Set([1, 2]), no: undefined },
      { deep: [date], set: [1, 2], no: null },
    ],
    [new Map([['k', at]]), { k: date }],
  ]
  for (const [value] of cases) bus.publish('v', value)
  bus.publish('json', { a: 1 }, { type: 'application/json; charset=utf-8' })
  bus.publish('text', 'grüß', { type: 'text/plain' })
  bus.publishBytes('raw', Uint8Array.of(0xc1), { type: 'image/png', id: 'i', ttl: 5, headers: { h: 'x' } })
  bus.publish('all', 1, { key: 'k', reply: 'r', metadata: { own: [1] } })
  await bus.sync()
  for (const [i, [, seen]] of cases.entries()) t.same(events[i].value, seen, `case ${i}`)
  const [json, text, raw, all] = events.slice(cases.length)
  t.same(json.value, { a: 1 })
  t.equal(new TextDecoder().decode(json.bytes), '{"a":1}')
  t.equal(text.value, 'grüß')
  t.same(raw.value, Uint8Array.of(0xc1))
  t.same(raw.metadata, { type: 'image/png', id: 'i', ttl: 5, headers: { h: 'x' } })
  t.same(all.metadata, { key: 'k', reply: 'r', own: [1] })
  t.same(events[0].metadata, {})
  t.same(JSON.parse(JSON.stringify(json)), {
    topic: 'json',
    lane: 3,
    value: { a: 1 },
    metadata: { type: 'application/json; charset=utf-8' },
  })
  await bus.close()
})

t.test('a full local queue drops by its policy, and every miss is counted and told', async (t) => {
  const { bus, told } = await rig()
  const gaps: Gap[] = []
  const onGap = (gap: Gap) => gaps.push(gap)
  const oldest = bus.subscribe<number>('a', { bufferMax: 10, onGap })
  const newest = bus.subscribe<number>('>', { bufferMax: 10, policy: 'drop-newest', onGap })
  const small = bus.subscribe<string>('big', { bufferBytesMax: 2500 })
  for (let i = 0; i < 25; i++) bus.publish('a', i)
  for (let i = 0; i < 4; i++) bus.publish('big', 'x'.repeat(1000))
  await bus.drain()
  const values = async (sub: AsyncIterable<BusEvent<number>>) => {
    const seen: number[] = []
    for await (const { value } of sub) seen.push(value)
    return seen
  }
  t.same(await values(oldest), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
  t.same(await values(newest), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.equal(oldest.missed.local, 15)
  t.equal(newest.missed.local, 19)
  t.equal(small.missed.local, 2)
  const missed = (pattern: string) =>
    gaps.filter((gap) => gap.pattern === pattern).reduce((sum, { count }) => sum + (count ?? 0), 0)
  t.equal(missed('a'), 15)
  t.equal(missed('>'), 19)
  t.equal(told('gap').filter(({ reason }) => reason === 'local-buffer').length, gaps.length + 1)
})

t.test('the daemon’s gaps reach the subscriptions of the pattern, before the next event', async (t) => {
  const { bus, daemon, told } = await rig()
  const story: unknown[] = []
  const sub = bus.subscribe('a', { onEvent: () => story.push('event'), onGap: (gap) => story.push(gap.count) })
  bus.subscribe('b', { onGap: () => story.push('wrong') })
  await bus.sync()
  daemon.last.send(
    encodeEvent('a', 3, NIL),
    { op: Op.GAP, pattern: 'a', count: 7, reason: 'drop-oldest' },
    encodeEvent('a', 3, NIL),
  )
  await settle()
  t.same(story, ['event', 7, 'event'])
  t.same(sub.missed, { daemon: 7, local: 0, reconnects: 0 })
  t.match(told('gap'), [{ pattern: 'a', count: 7, reason: 'drop-oldest' }])
  await bus.close()
})

t.test('a refused subscription says so, and ends', async (t) => {
  const { bus, daemon, told } = await rig()
  daemon.refuses = (pattern) => (pattern === 'no' ? Code.TOO_MANY_SUBSCRIPTIONS : 0)
  const sub = bus.subscribe('no')
  await t.rejects(sub.ready, { name: 'SubscribeError', code: Code.TOO_MANY_SUBSCRIPTIONS, pattern: 'no' })
  await t.rejects(sub.next(), { name: 'SubscribeError' })
  t.equal((await sub.next()).done, true)
  t.match(told('error'), [{ code: Code.TOO_MANY_SUBSCRIPTIONS, topic: 'no' }])
  await bus.close()
})

t.test('a refused event is not taken for a refused subscription', async (t) => {
  const { bus, daemon, told } = await rig()
  const sub = bus.subscribe('a')
  await sub.ready
  daemon.refuses = (topic) => (topic === 'no' ? Code.PAYLOAD_TOO_LARGE : 0)
  bus.publish('no', 1)
  t.match(await bus.sync(), { refused: 1 })
  t.match(told('error'), [{ code: Code.PAYLOAD_TOO_LARGE, count: 1, topic: 'no' }])
  t.equal(sub.isActive, true)
  daemon.refuses = (topic) => (topic === 'busy' ? Code.OVERLOADED : 0)
  bus.publish('busy', 1)
  await bus.sync()
  t.equal(told('overloaded').length, 1)
  await bus.close()
})

t.test('a subscription refused for now is tried again', async (t) => {
  const { bus, daemon, runtime } = await rig()
  daemon.refuses = () => Code.OVERLOADED
  const sub = bus.subscribe('a')
  await settle()
  daemon.refuses = () => 0
  await runtime.advance(999)
  t.equal(daemon.last.count(Op.SUBSCRIBE), 1)
  await runtime.advance(1)
  await sub.ready
  t.equal(daemon.last.count(Op.SUBSCRIBE), 2)
  await bus.close()
})

t.test('a callback that throws stops nobody else', async (t) => {
  const { bus } = await rig()
  const caught: unknown[] = []
  const seen: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => caught.push(error))
  bus.subscribe('a', {
    onEvent: () => {
      throw new Error('mine')
    },
  })
  bus.subscribe('a', { onEvent: ({ value }) => seen.push(value) })
  bus.publish('a', 1)
  bus.publish('a', 2)
  await bus.sync()
  await settle()
  process.removeAllListeners('uncaughtException')
  for (const listener of listeners) process.on('uncaughtException', listener)
  t.same(seen, [1, 2])
  t.equal(caught.length, 2, 'and is reported as any uncaught error')
  await bus.close()
})

t.test('frames cut anywhere: no wrong event, no throw, and another connection', async (t) => {
  const whole = encodeEvent('topic.a', 3, Uint8Array.of(0x92, 1, 2), Uint8Array.of(0x81, 0xa1, 0x78, 1))
  for (let cut = 1; cut < whole.length; cut++) {
    const { bus, daemon, runtime, told } = await rig()
    let events = 0
    bus.subscribe('>', { onEvent: () => events++ })
    await bus.sync()
    daemon.last.send(whole, whole.subarray(0, cut))
    await settle()
    t.equal(events, 1, `cut at ${cut}`)
    t.equal(told('error').length, 1)
    await runtime.advance(200)
    t.equal(daemon.sessions.length, 2)
    t.equal(bus.isConnected, true)
    await bus.close()
  }
})

t.test('who wants what is right while subscriptions come and go', async (t) => {
  const { bus } = await rig()
  const seen: string[] = []
  for (let round = 0; round < 50; round++) {
    const sub = bus.subscribe(round % 2 === 0 ? 't.*' : 't.x', { onEvent: () => seen.push(`${round}`) })
    bus.publish('t.x', round)
    await bus.sync()
    sub.unsubscribe()
    bus.publish('t.x', -1)
    await bus.sync()
  }
  t.same(
    seen,
    Array.from({ length: 50 }, (_, round) => `${round}`),
  )
  await bus.close()
})

t.test('a subscription with a callback is not iterated', async (t) => {
  const { bus } = await rig()
  const sub = bus.subscribe('a', { onEvent: () => {} })
  await t.rejects(sub.next(), { name: 'TypeError', message: /onEvent/ })
  await bus.close()
})
