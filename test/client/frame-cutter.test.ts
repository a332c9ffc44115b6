import t from 'tap'
import { FrameCutter } from '../../src/client/frame-cutter.js'
import { RECEIVE_BYTES_MAX } from '../../src/client/runtime.js'
import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'
import { encodeEvent } from '../../src/protocol/write.js'

const METADATA = Uint8Array.of(0x81, 0xa1, 0x78, 0xd9, 3, 1, 2, 3)

const FRAMES = [
  encodeControl({ op: Op.PONG, token: 1 }),
  encodeEvent('a.b', 0, Uint8Array.of(1, 2, 3)),
  encodeEvent('t'.repeat(40), 3, new Uint8Array(300).fill(7), METADATA),
  encodeControl({ op: Op.ERROR, request: 0, code: 4503, message: 'no', details: { count: 2, topic: 'a' } }),
  encodeEvent('e', 7, new Uint8Array(0)),
]
const WHOLE = new Uint8Array(Buffer.concat(FRAMES))

/** What comes out, and whether it was cut at the ends of frames only. */
function run(pieces: readonly Uint8Array[]): { bytes: Buffer; messages: Uint8Array[]; cutter: FrameCutter } {
  const messages: Uint8Array[] = []
  const cutter = new FrameCutter((message) => messages.push(message))
  for (const piece of pieces) cutter.push(piece.slice())
  return { bytes: Buffer.concat(messages), messages, cutter }
}

function areWhole(messages: readonly Uint8Array[]): boolean {
  return messages.every((message) => {
    let pos = 0
    while (pos >= 0 && pos < message.length) pos = frameEnd(message, pos, message.length)
    return pos === message.length
  })
}

t.test('cut in two at every byte, and in three at every pair', async (t) => {
  for (let one = 0; one <= WHOLE.length; one++) {
    for (let two = one; two <= WHOLE.length; two += 7) {
      const pieces = [WHOLE.subarray(0, one), WHOLE.subarray(one, two), WHOLE.subarray(two)]
      const { bytes, messages, cutter } = run(pieces)
      if (!bytes.equals(WHOLE) || !areWhole(messages) || cutter.isWithinFrame) return t.fail(`cut at ${one} and ${two}`)
    }
  }
  t.pass('the same bytes, in whole frames')
})

t.test('byte for byte, each frame as soon as it is there', async (t) => {
  const { messages, cutter } = run([...WHOLE].map((byte) => Uint8Array.of(byte)))
  t.same(
    messages.map((message) => Buffer.from(message)),
    FRAMES.map((frame) => Buffer.from(frame)),
  )
  const { bytes, start } = cutter.last
  t.same(Buffer.from(bytes.subarray(start)), Buffer.from(FRAMES[FRAMES.length - 1]))
})

t.test('what was given stays as it was', async (t) => {
  const messages: Uint8Array[] = []
  const cutter = new FrameCutter((message) => messages.push(message))
  for (let round = 0; round < 20; round++) {
    for (let at = 0; at < WHOLE.length; at += 11 + round) cutter.push(WHOLE.slice(at, at + 11 + round))
  }
  t.ok(Buffer.concat(messages).equals(Buffer.concat(Array(20).fill(WHOLE))))
})

t.test('a long frame in small pieces', async (t) => {
  const payload = Uint8Array.from({ length: 3_000_000 }, (_, i) => i & 0xff)
  const frame = encodeEvent('big', 3, payload, METADATA)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < frame.length; at += 1009) pieces.push(frame.subarray(at, at + 1009))
  const { messages, bytes } = run([FRAMES[0], ...pieces, FRAMES[1]])
  t.equal(messages.length, 3)
  t.ok(bytes.equals(Buffer.concat([FRAMES[0], frame, FRAMES[1]])))
})

t.test('what is no frame is handed on, with the frames before it, and nothing after', async (t) => {
  const bad = [
    Uint8Array.of(0xc1),
    Uint8Array.of(0x90),
    Uint8Array.of(0x91, 0x80),
    // An event whose flags are no flags; one with an ext type as payload.
    Uint8Array.of(0x94, 1, 0xa1, 0x61, 9, 0xc4, 0),
    Uint8Array.of(0x94, 1, 0xa1, 0x61, 3, 0xd4, 0, 0),
  ]
  for (const bytes of bad) {
    const { messages } = run([FRAMES[0], new Uint8Array(Buffer.concat([FRAMES[1], bytes])), FRAMES[2]])
    t.equal(messages.length, 2)
    t.same(Buffer.from(messages[1]), Buffer.concat([FRAMES[1], bytes]))
  }
})

t.test('a peer cannot make us hold more than a frame may have', async (t) => {
  const tooLong = Uint8Array.of(0x94, 1, 0xa1, 0x61, 3, 0xc6, 0xff, 0xff, 0xff, 0xff)
  t.equal(run([tooLong]).messages.length, 1, 'a payload of 4 GiB is not waited for')
  t.ok(0xffff_ffff > RECEIVE_BYTES_MAX)

  const endless = (head: Uint8Array): number => {
    const messages: Uint8Array[] = []
    const cutter = new FrameCutter((message) => messages.push(message))
    cutter.push(head)
    let pushed = head.length
    for (; messages.length === 0 && pushed < 10_000_000; pushed += 1000) cutter.push(new Uint8Array(1000).fill(0x91))
    return pushed
  }
  t.ok(endless(Uint8Array.of(0x93, Op.ERROR, 0xdd, 0, 0xff, 0xff, 0xff)) < 100_000, 'a control frame')
  t.ok(endless(Uint8Array.of(0x95, 1, 0xa1, 0x61, 3, 0xc4, 0, 0xdf, 0, 0xff, 0xff, 0xff)) < 100_000, 'metadata')
})
