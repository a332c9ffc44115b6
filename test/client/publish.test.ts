import { Unpackr } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { rig } from '../helpers/client.js'
import { settle } from '../helpers/manual-runtime.js'

const unpackr = new Unpackr({ useRecords: false })

t.test('events of one task travel in one message, in order', async (t) => {
  const { bus, daemon } = await rig()
  for (let i = 0; i < 100; i++) t.equal(bus.publish(`a.${i % 3}`, i), true)
  t.equal(daemon.taken.length, 0, 'nothing is sent while the task runs')
  await settle()
  t.same(daemon.last.batches, [100])
  t.same(
    daemon.taken.map(({ topic }) => topic),
    Array.from({ length: 100 }, (_, i) => `a.${i % 3}`),
  )
  await bus.close()
})

t.test('a task that publishes much sends as it goes, and loses nothing', async (t) => {
  const { bus, daemon } = await rig()
  const payload = new Uint8Array(1000).fill(7)
  for (let i = 0; i < 1000; i++) {
    payload[0] = i & 255
    bus.publishBytes('big', payload, { type: 'application/octet-stream' })
  }
  await bus.sync()
  t.ok(daemon.last.batches.length > 10)
  t.ok(Math.max(...daemon.last.batches) <= 65)
  t.equal(daemon.taken.length, 1000)
  const firstBytes = daemon.taken.map(({ frame }) => frame[frame.indexOf(0xc5) + 3])
  t.same(
    firstBytes,
    Array.from({ length: 1000 }, (_, i) => i & 255),
  )
  await bus.close()
})

t.test('packed values survive the sends between them', async (t) => {
  const { bus, daemon } = await rig()
  const values = Array.from({ length: 5000 }, (_, i) => ({ i, text: 'x'.repeat(i % 200) }))
  for (const value of values) bus.publish('v', value)
  await bus.sync()
  t.equal(daemon.taken.length, values.length)
  for (const [i, { frame }] of daemon.taken.entries()) {
    // Array, op, topic of one character, flags; then the bin.
    const bin = 5
    const value = unpackr.unpack(frame.subarray(bin + (frame[bin] === 0xc4 ? 2 : 3)))
    if (value.i !== i || value.text.length !== i % 200) return t.fail(`event ${i} is ${JSON.stringify(value)}`)
  }
  await bus.close()
})

t.test('what msgpack has no type for is said as JSON would', async (t) => {
  const { bus, daemon } = await rig()
  const seen: unknown[] = []
  bus.subscribe('v', { onEvent: ({ value }) => seen.push(value) })
  // What lies in the packer's memory from before must not show.
  bus.publish('v', new Uint8Array(64).fill(0xee))
  const floats = new Float32Array([1, 2])
  const values = [
    floats,
    { floats, words: new Uint16Array([258]), view: new DataView(Uint8Array.of(9, 8, 7).buffer, 1) },
    new RangeError('no'),
    [new Date(0), new Set([1]), /a/g, new URL('http://a/b')],
    { at: { toJSON: () => 'now' } },
  ]
  for (const value of values) bus.publish('v', value)
  await bus.sync()
  t.equal(daemon.taken.length, 1 + values.length)
  const floatBytes = new Uint8Array(floats.buffer)
  t.strictSame(seen.slice(1), [
    floatBytes,
    { floats: floatBytes, words: new Uint8Array(new Uint16Array([258]).buffer), view: Uint8Array.of(8, 7) },
    { name: 'RangeError', message: 'no' },
    ['1970-01-01T00:00:00.000Z', [1], '/a/g', 'http://a/b'],
    { at: 'now' },
  ])
  await bus.close()
})

t.test('the frame is the protocol’s, byte for byte', async (t) => {
  const { bus, daemon } = await rig()
  bus.publish('a.b', null, { lane: 0 })
  bus.publishBytes('a.b', Uint8Array.of(1, 2))
  bus.publish('t', 'é', { type: 'text/plain' })
  await bus.sync()
  t.same(daemon.taken[0].frame, encodeEvent('a.b', 0, Uint8Array.of(0xc0)))
  t.same(daemon.taken[1].frame, encodeEvent('a.b', 3, Uint8Array.of(1, 2)))
  const metadata = Buffer.concat([Uint8Array.of(0x81), Buffer.from('\xa4type\xaatext/plain', 'latin1')])
  t.same(daemon.taken[2].frame, encodeEvent('t', 3, Buffer.from('é'), new Uint8Array(metadata)))
  await bus.close()
})

t.test('mistakes are thrown where they are made, and say what is wrong', async (t) => {
  const { bus, daemon } = await rig()
  for (const topic of ['', '.', 'a.', 'a..b', 'a b', 'a.*', '>', 'x'.repeat(256), '$sys.a', '\u0000']) {
    t.throws(() => bus.publish(topic, 1), { name: 'TypeError', message: /^topic / }, JSON.stringify(topic))
  }
  for (const lane of [-1, 8, 1.5, Number.NaN, '1' as unknown as number]) {
    t.throws(() => bus.publish('a', 1, { lane }), { name: 'RangeError', message: /lane/ }, String(lane))
  }
  t.throws(() => bus.publish(7 as unknown as string, 1), { message: /a topic is a string/ })
  t.throws(() => bus.publish('a', 1, { ttl: 0 }), { message: /ttl/ })
  t.throws(() => bus.publish('a', 1, { id: 'x'.repeat(256) }), { message: /255/ })
  t.throws(() => bus.publish('a', 1, { headers: { h: 'x'.repeat(5000) } }), { message: /4096/ })
  t.throws(() => bus.publish('a', 1, { type: 'text/plain' }), { message: /as a string or as bytes/ })
  t.throws(() => bus.publishBytes('a', 'x' as unknown as Uint8Array), { message: /Uint8Array/ })
  t.throws(() => bus.publishBytes('a', new Uint8Array((1 << 19) + 1)), { message: /at most 524288/ })
  t.throws(() => bus.subscribe('a.>.b'), { name: 'TypeError', message: /^pattern / })
  t.throws(() => bus.subscribe('a', { eventsMax: 0 }), { message: /eventsMax/ })
  t.throws(() => bus.subscribe('a', { policy: 'x' as 'conflate' }), { message: /policy is one of/ })
  t.throws(() => bus.publish('a', 1, { lan: 0 } as object), { name: 'TypeError', message: /unknown option lan/ })
  t.throws(() => bus.subscribe('a', { polcy: 'conflate' } as object), { name: 'TypeError', message: /polcy/ })
  t.throws(() => bus.subscribe('a', { onEvent: 'x' as unknown as () => void }), { message: /onEvent is a function/ })
  for (const value of [() => 1, Symbol('s'), { nested: () => 1 }]) {
    t.throws(() => bus.publish('a', value), { name: 'TypeError', message: /cannot be packed/ })
  }
  await settle()
  t.equal(daemon.taken.length, 0)
  t.equal(bus.counts.published, 0)
  t.equal(bus.publish('a', 1), true, 'and the bus goes on')
  await bus.sync()
  t.equal(daemon.taken.length, 1)
  await bus.close()
})

t.test('sync tells what was accepted and refused, status tells why', async (t) => {
  const { bus, daemon, told } = await rig()
  daemon.refuses = (topic) => (topic === 'no' ? Code.PAYLOAD_TOO_LARGE : 0)
  for (let i = 0; i < 10; i++) bus.publish(i < 4 ? 'no' : 'yes', i)
  t.same(await bus.sync(), { accepted: 6, refused: 4, dropped: 0 })
  t.equal(told('error').length, 4)
  t.match(told('error')[0], { code: Code.PAYLOAD_TOO_LARGE, name: 'payload_too_large', count: 1, topic: 'no' })
  t.match(bus.counts, { published: 10, accepted: 6, refused: 4, unconfirmed: 0, buffered: 0, lost: 0 })
  await bus.close()
})

t.test('the client asks for confirmation by itself: after many events, and when idle', async (t) => {
  const { bus, runtime } = await rig()
  bus.publish('a', 1)
  await settle()
  t.equal(bus.counts.unconfirmed, 1)
  await runtime.advance(100)
  t.equal(bus.counts.unconfirmed, 0)
  for (let i = 0; i < 2000; i++) bus.publish('a', i)
  await settle()
  t.equal(bus.counts.unconfirmed, 0, 'without the clock')
  await bus.close()
})
