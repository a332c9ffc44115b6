import { Writable } from 'node:stream'
import t from 'tap'
import { FrameWriter } from '../../src/client/node-frames.js'

const FIN_BINARY = 0x82
const MASK_BIT = 0x80

interface Message {
  payload: Buffer
  key: number
  end: number
}

/** The frame at pos, by RFC 6455, 5.2, byte by byte. */
function readFrame(bytes: Buffer, pos: number): Message {
  if (bytes[pos] !== FIN_BINARY) throw new Error(`a frame that begins with ${bytes[pos]}`)
  if ((bytes[pos + 1] & MASK_BIT) === 0) throw new Error('not masked')
  let length = bytes[pos + 1] & 127
  pos += 2
  if (length === 126) {
    length = bytes.readUInt16BE(pos)
    pos += 2
    if (length < 126) throw new Error('longer than it has to be')
  } else if (length === 127) {
    length = Number(bytes.readBigUInt64BE(pos))
    pos += 8
    if (length < 0x10000) throw new Error('longer than it has to be')
  }
  const key = bytes.subarray(pos, pos + 4)
  const payload = Buffer.from(bytes.subarray(pos + 4, pos + 4 + length))
  for (let i = 0; i < length; i++) payload[i] ^= key[i & 3]
  return { payload, key: key.readUInt32LE(0), end: pos + 4 + length }
}

function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
}

/** Keeps what it is given, as it is, and takes the next only when told to. */
class Slow extends Writable {
  readonly kept: Buffer[] = []
  private go: (() => void) | null = null

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.kept.push(chunk)
    this.go = done
  }

  takeOne(): void {
    const { go } = this
    this.go = null
    go?.()
  }

  takeAll(): void {
    while (this.go !== null) this.takeOne()
  }
}

function quick(): { socket: Writable; written: Buffer[] } {
  const written: Buffer[] = []
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    written.push(Buffer.from(chunk))
    done()
  }
  return { socket: new Writable({ write }), written }
}

t.test('every length is framed as RFC 6455 says', async (t) => {
  const { socket, written } = quick()
  const writer = new FrameWriter(socket)
  const lengths = [...Array(300).keys(), 2_047, 2_048, 2_049, 65_535, 65_536, 65_551, 65_552, 65_553, 200_001]
  for (const length of lengths) writer.send(payloadOf(length), () => {})
  const bytes = Buffer.concat(written)
  let pos = 0
  for (const length of lengths) {
    const frame = readFrame(bytes, pos)
    if (!frame.payload.equals(payloadOf(length))) t.fail(`the payload of ${length} bytes`)
    pos = frame.end
  }
  t.equal(pos, bytes.length)
  t.equal(written.length, lengths.length, 'one write each')
})

t.test('keys do not repeat', async (t) => {
  const { socket, written } = quick()
  const writer = new FrameWriter(socket)
  for (let i = 0; i < 3_000; i++) writer.send(payloadOf(8), () => {})
  const keys = new Set(written.map((bytes) => readFrame(bytes, 0).key))
  t.ok(keys.size > 2_990, `${keys.size} of 3000 keys`)
})

t.test('what a slow socket still has is not written over', async (t) => {
  const socket = new Slow({ highWaterMark: 1 })
  const writer = new FrameWriter(socket)
  let sent = 0
  const send = (count: number) => {
    for (let i = 0; i < count; i++) writer.send(payloadOf(60_000 + i), () => sent++)
  }
  send(6)
  t.equal(sent, 0)
  socket.takeAll()
  // Each callback has its own tick.
  for (let i = 0; i < 20 && sent < 6; i++) await new Promise(setImmediate)
  t.equal(sent, 6)
  send(6)
  socket.takeAll()
  socket.kept.slice(-6).forEach((bytes, i) => {
    t.ok(readFrame(bytes, 0).payload.equals(payloadOf(60_000 + i)), `frame ${i} of the second round`)
  })
})

t.test('a socket that is never empty does not make it grow', async (t) => {
  const socket = new Slow()
  const writer = new FrameWriter(socket)
  for (let i = 0; i < 3; i++) writer.send(payloadOf(60_000 + i), () => {})
  for (let i = 3; i < 60; i++) {
    socket.takeOne()
    // The callback of a write has a tick of its own.
    await new Promise(setImmediate)
    t.ok(socket.writableLength > 0)
    writer.send(payloadOf(60_000 + i), () => {})
    if (!readFrame(socket.kept[i - 2], 0).payload.equals(payloadOf(60_000 + i - 2))) t.fail(`frame ${i - 2}`)
  }
  const memories = new Set(socket.kept.map(({ buffer }) => buffer))
  t.ok(memories.size <= 4, `${memories.size} spaces for ${socket.kept.length} frames`)
})

t.test('the bytes are the caller’s again', async (t) => {
  const socket = new Slow()
  const writer = new FrameWriter(socket)
  const payload = payloadOf(5_000)
  writer.send(payload, () => {})
  payload.fill(0)
  t.ok(readFrame(socket.kept[0], 0).payload.equals(payloadOf(5_000)))
})
