import t from 'tap'
import { Code } from '../../../src/protocol/codes.js'
import { encodeControl } from '../../../src/protocol/control.js'
import { Op } from '../../../src/protocol/ops.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { RawClient } from '../../helpers/raw-client.js'
import { NOTHING_LEFT, streamsHere } from '../../helpers/streams-server.js'
import { until } from '../../helpers/until.js'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'
import { WsSocket } from '../../helpers/ws-socket.js'

t.setTimeout(120_000)

const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10

const urlOf = ({ port }: { port: number }) => `ws://127.0.0.1:${port}`

t.test('events of single frames and of many reach both kinds of subscribers', async (t) => {
  const under = await streamsHere(t)
  const publisher = await RawClient.open(urlOf(under))
  const subscriber = await RawClient.open(urlOf(under))
  const reader = await RawClient.json(urlOf(under))
  await subscriber.subscribe('a.>')
  reader.socket.send('["subscribe",1,"a.>"]')
  await reader.until('OK', () => reader.lines.some(([op]) => op === 'ok'))
  const payloads = Array.from({ length: 500 }, (_, i) => Buffer.from([0xcd, i >> 8, i & 0xff]))
  for (const payload of payloads.slice(0, 250)) publisher.publish('a.b', payload)
  publisher.send(...payloads.slice(250).map((payload) => encodeEvent('a.c', 2, payload)))
  t.match(await publisher.sync(), { accepted: 500, refused: 0 })
  await subscriber.until('all events', () => subscriber.events.length === 500)
  await reader.until('all lines', () => reader.lines.filter(([op]) => op === 'event').length === 500)
  const lane3 = subscriber.events.filter(({ lane }) => lane === 3).map(({ payload }) => payload.readUInt16BE(1))
  t.same(
    lane3,
    Array.from({ length: 250 }, (_, i) => i),
    'in order',
  )
  const lines = reader.lines.filter(([op, , lane]) => op === 'event' && lane === 2).map(([, , , value]) => value)
  t.same(
    lines,
    Array.from({ length: 250 }, (_, i) => 250 + i),
  )
  reader.socket.send('["event","a.d",3,{"x":"ä"}]')
  await subscriber.until('the event from JSON', () => subscriber.events.length === 501)
  t.equal(subscriber.events[500].topic, 'a.d')
  for (const client of [publisher, subscriber, reader]) await client.close()
  await until('all are gone', () => under.streams.connections === 0)
  t.equal(under.meters.closed.get(1005), 3)
  t.same(under.held, NOTHING_LEFT)
})

t.test('a frame of ours must not go over the end of a message, though messages lie back to back', async (t) => {
  const under = await streamsHere(t)
  const client = await WsSocket.open(under.port)
  const event = encodeEvent('a', 3, Buffer.alloc(20))
  client.stream.write(
    Buffer.concat([
      clientFrame(BINARY, event),
      clientFrame(BINARY, event.subarray(0, 10)),
      clientFrame(BINARY, event.subarray(10)),
      clientFrame(BINARY, event),
    ]),
  )
  t.equal(await client.untilEnd(), Code.MALFORMED)
  t.equal(under.router.meters.accepted, 1)
  t.equal(under.meters.closed.get(Code.MALFORMED), 1)
  client.cut()
})

t.test('a message over the limit is answered by 1009 as soon as its header is there', async (t) => {
  const under = await streamsHere(t, { messageBytesMax: 64 << 10 })
  const client = await WsSocket.open(under.port)
  client.stream.write(clientFrame(BINARY, Buffer.alloc(70_000)).subarray(0, 10))
  t.equal(await client.untilEnd(), 1009)
  t.match(client.payloads(CLOSE)[0].toString('utf8', 2), /65536 bytes/)
  t.equal(under.meters.closed.get(1009), 1)
  // What it sends nevertheless is thrown away, and the close frame is not lost by it.
  const greedy = await WsSocket.open(under.port)
  greedy.stream.write(clientFrame(BINARY, Buffer.alloc(8 << 20)))
  t.equal(await greedy.untilEnd(), 1009)
  client.cut()
  greedy.cut()
  await until('both are gone', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('one session too many is told so and closed', async (t) => {
  const under = await streamsHere(t, { admission: { connectionsMax: 1 } })
  const first = await RawClient.open(urlOf(under))
  const second = await RawClient.open(urlOf(under))
  t.match(await second.untilClosed(), { code: Code.TOO_MANY_CONNECTIONS })
  t.same(second.errors, [Code.TOO_MANY_CONNECTIONS])
  t.match(await first.sync(), { accepted: 0 })
  await until('its place is free', () => under.streams.connections === 1)
})

t.test('a silent peer is pinged, and stays while it answers; one that does not is closed', async (t) => {
  const under = await streamsHere(t, { idleTimeoutMs: 400 })
  const answering = await RawClient.open(urlOf(under))
  let pings = 0
  answering.socket.on('ping', () => pings++)
  const mute = await WsSocket.open(under.port)
  t.equal(await mute.untilEnd(), Code.IDLE_TIMEOUT)
  t.ok(mute.payloads(PING).length > 0, 'it was asked')
  t.equal(under.meters.closed.get(Code.IDLE_TIMEOUT), 1)
  await until('several pings', () => pings >= 3)
  t.equal(answering.closed, null)
  // It neither reads nor closes: it is cut.
  await until('the mute one is gone', () => mute.isClosed || mute.isEnded)
  mute.cut()
})

t.test('a message that trickles in is not waited for without end', async (t) => {
  const under = await streamsHere(t, { idleTimeoutMs: 2000, messageTimeMs: 300 })
  const frame = clientFrame(BINARY, Buffer.alloc(60_000))
  const fragment = clientFrame(BINARY, 'x', { fin: false })
  for (const [name, first, more] of [
    ['bytes of a frame', frame.subarray(0, 20), Buffer.alloc(1)],
    ['fragments and pings between', fragment, Buffer.concat([clientFrame(0, 'x', { fin: false }), clientFrame(PING)])],
    ['bytes of a header', frame.subarray(0, 1), Buffer.alloc(0)],
  ] as const) {
    const client = await WsSocket.open(under.port)
    client.stream.write(first)
    const trickle = setInterval(() => client.stream.write(more), 20)
    t.equal(await client.untilEnd(), Code.MESSAGE_TIMEOUT, name)
    clearInterval(trickle)
    client.cut()
  }
  await until('all are gone', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('pings of a peer that does not read cost no memory', async (t) => {
  const under = await streamsHere(t)
  const client = await WsSocket.open(under.port)
  await until('WELCOME', () => client.payloads(BINARY).length === 1)
  client.stream.pause()
  const flood = Buffer.concat(Array.from({ length: 4000 }, () => clientFrame(PING, Buffer.alloc(120))))
  const isTaken = () => new Promise<void>((resolve) => client.stream.write(flood, () => resolve()))
  for (let i = 0; i < 60; i++) await isTaken()
  client.send(PING, 'the last')
  client.stream.resume()
  await until('the answer to the last', () => client.payloads(PONG).at(-1)?.toString() === 'the last')
  t.ok(client.payloads(PONG).length < 60 * 4000, `${client.payloads(PONG).length} pongs`)
  client.cut()
})

t.test('a subscriber that does not read misses events, is told how many, and goes on', async (t) => {
  const under = await streamsHere(t, {}, { outboxBytesMax: 256 << 10 })
  const publisher = await RawClient.open(urlOf(under))
  const subscriber = await RawClient.open(urlOf(under))
  await subscriber.subscribe('a')
  subscriber.freeze()
  const event = Buffer.alloc(10_000)
  let published = 0
  while (under.router.meters.dropped.every((count) => count === 0)) {
    for (let i = 0; i < 10; i++) publisher.publish('a', event)
    published += 10
    await publisher.sync()
  }
  subscriber.thaw()
  await subscriber.until('all that there is', () => subscriber.events.length + subscriber.missed === published)
  t.ok(subscriber.missed > 0)
  publisher.publish('a', 'after')
  await subscriber.until('the next', () => subscriber.events.at(-1)?.payload.toString() === 'after')
  t.equal(under.router.meters.pendingInOutboxes, 0)
})

t.test('a slow consumer that is to go is closed, and cut when it does not read even that', async (t) => {
  const under = await streamsHere(t, {}, { outboxBytesMax: 256 << 10, outboxPolicy: 'disconnect' })
  const publisher = await RawClient.open(urlOf(under))
  const subscriber = await RawClient.open(urlOf(under))
  await subscriber.subscribe('a')
  subscriber.freeze()
  const event = Buffer.alloc(10_000)
  while (under.meters.closed.size === 0) {
    publisher.publish('a', event)
    await publisher.sync()
  }
  t.equal(under.meters.closed.get(Code.SLOW_CONSUMER), 1)
  t.equal(under.streams.connections, 1)
  t.match(await publisher.sync(), { refused: 0 })
  // Frozen, it never reads the close frame that is behind what it has not read.
  subscriber.thaw()
  t.ok([Code.SLOW_CONSUMER, 1006].includes((await subscriber.untilClosed()).code))
})

t.test('how connections end is counted', async (t) => {
  const under = await streamsHere(t)
  const end = async (code: number, leave: (client: WsSocket) => void) => {
    const client = await WsSocket.open(under.port)
    leave(client)
    await until(`${code}`, () => under.meters.closed.get(code) === 1)
    client.cut()
  }
  await end(4321, (client) => client.send(CLOSE, closePayload(4321)))
  await end(1005, (client) => client.send(CLOSE))
  await end(1006, (client) => client.cut())
  under.meters.closed.delete(1006)
  await end(1006, (client) => client.stream.end())
  under.meters.closed.delete(1006)
  await end(1006, (client) => client.stream.end(clientFrame(BINARY, 'half').subarray(0, 8)))
  t.equal(under.meters.opened, 5)
  await until('all are gone', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('a peer that does not close its side after us is cut', async (t) => {
  const under = await streamsHere(t)
  const client = await WsSocket.open(under.port)
  client.stream.write(clientFrame(3))
  t.equal(await client.untilEnd(), 1002)
  // Its side is still open, and says nothing.
  await until('it is cut', () => {
    client.stream.write(Buffer.alloc(1))
    return client.isClosed
  })
  t.pass('after a while')
})

t.test('memory for messages that are not whole is booked; when there is none left it is told', async (t) => {
  const under = await streamsHere(t, {}, { memoryBudgetBytes: 400_000 })
  const frame = clientFrame(BINARY, Buffer.alloc(60_000))
  const first = await WsSocket.open(under.port)
  first.stream.write(frame.subarray(0, 50_000))
  await until('it is booked', () => under.router.unfinished.used > 49_000)
  const second = await WsSocket.open(under.port)
  second.stream.write(frame.subarray(0, 50_000))
  t.equal(await second.untilEnd(), Code.OVERLOADED)
  first.stream.write(frame.subarray(50_000))
  t.equal(await first.untilEnd(), Code.MALFORMED, 'the first one is taken in whole, and is no frame')
  first.cut()
  second.cut()
  await until('both are gone', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
})

t.test('what is announced and does not come takes no memory', async (t) => {
  const under = await streamsHere(t)
  const client = await WsSocket.open(under.port)
  client.stream.write(clientFrame(BINARY, Buffer.alloc(120_000)).subarray(0, 15))
  await until('it has arrived', () => under.router.unfinished.used > 0)
  t.ok(under.router.unfinished.used < 5000)
  client.cut()
})

t.test('close cuts what is there, with a word', async (t) => {
  const under = await streamsHere(t)
  const client = await RawClient.open(urlOf(under))
  const deaf = await WsSocket.open(under.port)
  under.streams.close()
  t.match(await client.untilClosed(), { code: 1001 })
  t.equal(await deaf.untilEnd(), 1001)
  await until('nothing is left', () => under.streams.connections === 0)
  t.same(under.held, NOTHING_LEFT)
  await until('it is cut', () => deaf.isClosed || !deaf.stream.write(Buffer.alloc(1)))
  deaf.cut()
})

t.test('a sync between events of one message answers with the counts up to there', async (t) => {
  const under = await streamsHere(t)
  const client = await RawClient.open(urlOf(under))
  const event = encodeEvent('a', 3, Buffer.alloc(1))
  const sync = (request: number) => encodeControl({ op: Op.SYNC, request })
  client.send(event, sync(1), event, event, sync(2))
  await client.until('both', () => client.told(Op.SYNCED).length === 2)
  t.match(client.told(Op.SYNCED), [{ accepted: 1 }, { accepted: 3 }])
})
