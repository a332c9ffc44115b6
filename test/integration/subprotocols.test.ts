import { Packr } from 'msgpackr'
import t from 'tap'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { daemonHere } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })
/** msgpack and JSON text of equal values. */
const VALUES: [value: unknown, text: string][] = [
  [{ id: 1, tags: ['a', 'ü', '😀'], nested: { deep: [null, true, false] } }, ''],
  [null, ''],
  [0, ''],
  [-1.5, ''],
  ['', ''],
  [[], ''],
  [{}, ''],
  ['line\nend\u2028', ''],
  [4_294_967_296, ''],
  [Buffer.from([0, 255]), '{"$bin":"AP8="}'],
  [Number.NaN, '{"$float":"NaN"}'],
  [9_007_199_254_740_993n, '{"$int":"9007199254740993"}'],
]

t.test('what a msgpack publisher sends, a JSON subscriber sees as an equal value', async (t) => {
  const daemon = await daemonHere(t)
  const publisher = await RawClient.open(daemon.url)
  const subscriber = await RawClient.json(daemon.url)
  subscriber.socket.send('["subscribe",1,"v.*"]')
  await subscriber.until('OK', () => subscriber.lines.some(([op]) => op === 'ok'))
  for (const [i, [value]] of VALUES.entries()) publisher.publish(`v.${i}`, packr.pack(value), i % 8)
  await publisher.sync()
  const events = () => subscriber.lines.filter(([op]) => op === 'event')
  await subscriber.until('all events', () => events().length === VALUES.length)
  const byTopic = new Map(events().map((line) => [line[1], line]))
  for (const [i, [value, text]] of VALUES.entries()) {
    t.same(byTopic.get(`v.${i}`), ['event', `v.${i}`, i % 8, text === '' ? value : JSON.parse(text)])
  }
})

t.test('what a JSON publisher sends, a msgpack subscriber decodes to an equal value', async (t) => {
  const daemon = await daemonHere(t)
  const publisher = await RawClient.json(daemon.url)
  const subscriber = await RawClient.open(daemon.url)
  await subscriber.subscribe('v.>')
  const lines = VALUES.map(([value, text], i) => `["event","v.${i}",2,${text === '' ? JSON.stringify(value) : text}]`)
  publisher.socket.send(`${lines.join('\n')}\n["sync",9]`)
  await publisher.until('SYNCED', () => publisher.lines.some(([op]) => op === 'synced'))
  t.same(publisher.lines.at(-1), ['synced', 9, VALUES.length, 0])
  await subscriber.until('all events', () => subscriber.events.length === VALUES.length)
  for (const [i, [value]] of VALUES.entries()) {
    const { topic, lane, payload } = subscriber.events[i]
    t.equal(topic, `v.${i}`)
    t.equal(lane, 2)
    t.same(new Packr({ useRecords: false, int64AsType: 'auto' } as object).unpack(payload), value, `value ${i}`)
  }
})

t.test('the metadata crosses over too', async (t) => {
  const daemon = await daemonHere(t)
  const json = await RawClient.json(daemon.url)
  const msgpack = await RawClient.open(daemon.url)
  await msgpack.subscribe('m')
  json.socket.send('["subscribe",1,"m"]\n["event","m",3,"x",{"key":"k","headers":{"a":"b"},"own":[1,2]}]')
  await msgpack.until('the event', () => msgpack.events.length === 1)
  t.same(packr.unpack(msgpack.events[0].frame), [
    1,
    'm',
    3,
    packr.pack('x'),
    { key: 'k', headers: { a: 'b' }, own: [1, 2] },
  ])
  await json.until('its own event', () => json.lines.some(([op]) => op === 'event'))
  t.same(json.lines.at(-1), ['event', 'm', 3, 'x', { key: 'k', headers: { a: 'b' }, own: [1, 2] }])
})

t.test('several frames in one message, events and control frames mixed, are handled in order', async (t) => {
  const daemon = await daemonHere(t)
  const client = await RawClient.open(daemon.url)
  const event = (n: number) => encodeEvent('a', 3, Buffer.from([n]))
  client.send(
    event(0),
    { op: Op.SUBSCRIBE, request: 1, pattern: 'a', options: {} },
    event(1),
    event(2),
    { op: Op.SYNC, request: 2 },
    { op: Op.PING, token: 3 },
    event(3),
  )
  await client.until('the events', () => client.events.length >= 3)
  t.same(
    client.events.map(({ payload }) => payload[0]),
    [1, 2, 3],
    'what was published before SUBSCRIBE is not received',
  )
  t.same(client.controls.slice(1), [
    { op: Op.OK, request: 1 },
    { op: Op.SYNCED, request: 2, accepted: 3, refused: 0 },
    { op: Op.PONG, token: 3 },
  ])
})

t.test('an event frame is forwarded byte for byte, in every form that is accepted', async (t) => {
  const daemon = await daemonHere(t)
  const publisher = await RawClient.open(daemon.url)
  const subscribers = [await RawClient.open(daemon.url), await RawClient.open(daemon.url)]
  for (const subscriber of subscribers) await subscriber.subscribe('f.>')
  const topic = Buffer.from('f.x')
  const str16 = Buffer.concat([Buffer.from([0xda, 0, topic.length]), topic])
  const str8 = Buffer.concat([Buffer.from([0xd9, topic.length]), topic])
  const metadata = packr.pack({ zz: 1, id: 'i' })
  const frames = [
    encodeEvent('f.x', 0, Buffer.alloc(0)),
    encodeEvent('f.x', 7, Buffer.alloc(300, 1)),
    encodeEvent('f.x', 1, Buffer.alloc(70_000, 2)),
    encodeEvent('f.x', 2, Buffer.from('m'), metadata),
    Buffer.concat([Buffer.from([0x94, 1]), str8, Buffer.from([3, 0xc6, 0, 0, 0, 1, 9])]),
    Buffer.concat([Buffer.from([0x94, 1]), str16, Buffer.from([4, 0xc5, 0, 1, 9])]),
    Buffer.concat([Buffer.from([0x95, 1]), str16, Buffer.from([5, 0xc4, 1, 9, 0xde, 0, 0])]),
  ]
  publisher.send(...frames)
  await publisher.sync()
  for (const subscriber of subscribers) {
    await subscriber.until('all frames', () => subscriber.events.length === frames.length)
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    t.same(subscriber.events.map(({ frame }) => hex(frame)).sort(), frames.map(hex).sort())
  }
})

t.test('overlapping subscriptions of one connection get one copy', async (t) => {
  const daemon = await daemonHere(t)
  const client = await RawClient.open(daemon.url)
  for (const pattern of ['a.b', 'a.*', 'a.>', '>']) await client.subscribe(pattern)
  client.publish('a.b', '1')
  client.publish('a.c', '2')
  await client.sync()
  await client.until('both', () => client.events.length >= 2)
  t.same(
    client.events.map(({ payload }) => payload.toString()),
    ['1', '2'],
  )
  t.equal((await daemon.scrape()).get('sluice_deliveries_total'), 2)
})
