import t from 'tap'
import { Written } from '../../../src/core/link.js'
import { JsonWriter } from '../../../src/ingress/json-session.js'
import { BufferPool } from '../../../src/ingress/node/ws/buffer-pool.js'
import { Sender } from '../../../src/ingress/node/ws/sender.js'
import { encodeControl } from '../../../src/protocol/control.js'
import { Op } from '../../../src/protocol/ops.js'
import { until } from '../../helpers/until.js'
import { Channel } from '../../helpers/ws-channel.js'

const BINARY = 2
const PING = 9
const PONG = 10

function senderOver(windowBytes = 0, json: JsonWriter | null = null) {
  const channel = new Channel()
  let writable = 0
  const pool = new BufferPool()
  const sender = new Sender(channel, pool, json, windowBytes, { end: () => {}, writable: () => writable++ })
  return { channel, sender, pool, timesWritable: () => writable }
}

t.test('messages of every size have the shortest header', async (t) => {
  const { channel, sender } = senderOver()
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 300_000]
  for (const size of sizes) t.equal(sender.write(Buffer.alloc(size, 0x61)), Written.SENT)
  t.same(
    channel.payloads(BINARY).map(({ length }) => length),
    sizes,
  )
})

t.test('what waits is not written over, and its end is told once', async (t) => {
  const { channel, sender, timesWritable } = senderOver()
  channel.takesAtOnce = false
  const frames = Buffer.alloc(600, 0x61)
  t.equal(sender.write(frames), Written.BUFFERED)
  frames.fill(0x62)
  channel.takesAtOnce = true
  // Another connection of the same pool writes meanwhile.
  const other = senderOver()
  for (let i = 0; i < 5; i++) other.sender.write(Buffer.alloc(600, 0x63))
  t.equal(timesWritable(), 0)
  await channel.release()
  await until('it is told', () => timesWritable() === 1)
  t.same(channel.payloads(BINARY), ['a'.repeat(600)])
  t.equal(sender.write(frames), Written.SENT)
  t.same(channel.payloads(BINARY)[1], 'b'.repeat(600))
})

t.test('within the window a stream that takes nothing at once still counts as free', async (t) => {
  const { channel, sender, timesWritable } = senderOver(2000)
  channel.takesAtOnce = false
  const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(600))
  t.same(
    texts.map((text) => sender.write(Buffer.from(text))),
    [Written.SENT, Written.SENT, Written.SENT, Written.BUFFERED],
  )
  await channel.release()
  await until('it is told', () => timesWritable() === 1)
  t.same(channel.payloads(BINARY), texts)
})

t.test('pongs go together; while nothing is taken only the latest is kept', async (t) => {
  const { channel, sender } = senderOver()
  for (const text of ['one', 'two', 'three']) sender.sendPong(Buffer.from(text))
  t.same(channel.payloads(PONG), [])
  sender.flushPongs()
  t.same(channel.payloads(PONG), ['one', 'two', 'three'])
  channel.takesAtOnce = false
  sender.write(Buffer.alloc(10))
  for (let i = 0; i < 1000; i++) sender.sendPong(Buffer.from(`late ${i}`))
  sender.flushPongs()
  sender.sendPing()
  t.ok(channel.writableLength < 100)
  await channel.release()
  t.same(channel.payloads(PONG).slice(3), ['late 999'])
})

t.test('a ping waits for who has not read what is before it, and goes then', async (t) => {
  const { channel, sender } = senderOver()
  channel.takesAtOnce = false
  sender.write(Buffer.alloc(10))
  for (let i = 0; i < 10; i++) sender.sendPing()
  t.ok(sender.pingWaits)
  t.ok(channel.writableLength < 20, 'it is not queued')
  await channel.release()
  t.same(channel.payloads(PING), [''])
  t.notOk(sender.pingWaits)
})

t.test('more pongs than fit one write', async (t) => {
  const { channel, sender } = senderOver()
  const texts = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(120))
  for (const text of texts) sender.sendPong(Buffer.from(text))
  sender.flushPongs()
  t.same(channel.payloads(PONG), texts)
})

t.test('after the close frame nothing is sent', async (t) => {
  const { channel, sender } = senderOver()
  sender.sendPong(Buffer.from('before'))
  sender.close(4321, 'ä'.repeat(100))
  t.equal(sender.write(Buffer.alloc(1)), Written.GONE)
  sender.sendPong(Buffer.from('after'))
  sender.sendPing()
  sender.flushPongs()
  t.same(
    channel.came.frames.map(({ opcode }) => opcode),
    [PONG, 8],
  )
  const [{ payload }] = channel.came.frames.slice(-1)
  t.equal(payload.readUInt16BE(0), 4321)
  t.equal(payload.toString('utf8', 2), 'ä'.repeat(61), 'as many whole characters as there is room for')
})

t.test('a JSON session is sent text', async (t) => {
  const { channel, sender } = senderOver(0, new JsonWriter())
  sender.write(encodeControl({ op: Op.PONG, token: 7 }))
  t.same(channel.payloads(1), ['["pong",7]'])
})

t.test('a stream that is gone takes nothing', async (t) => {
  const { channel, sender } = senderOver()
  channel.destroy()
  t.equal(sender.write(Buffer.alloc(1)), Written.GONE)
})

t.test('the pool gives back what it was given, in sizes, and keeps no more than its bound', async (t) => {
  const pool = new BufferPool()
  const small = pool.take(100)
  t.ok(small.length >= 100)
  pool.give(small)
  t.equal(pool.take(300), small)
  t.not(pool.take(300), small)
  const large = pool.take(10 << 20)
  t.equal(large.length, 10 << 20)
  pool.give(large)
  t.not(pool.take(10 << 20), large, 'what is very large is not kept')
  for (const bytes of [1, 511, 512, 513, 65_546, 262_144, 262_145]) t.ok(pool.take(bytes).length >= bytes)
})
