import fc from 'fast-check'
import t from 'tap'
import { FrameWalker } from '../../../src/ingress/http/frame-walker.js'
import { Code } from '../../../src/protocol/codes.js'
import { frameEnd } from '../../../src/protocol/scan.js'
import { CUT, skipValue, skipValueOfStream } from '../../../src/protocol/skip.js'
import { eventFrame, packed } from '../../helpers/core-frames.js'
import { concat, RandomMsgpack, SeededRandom } from '../../helpers/msgpack-random.js'

const FRAME_BYTES_MAX = 64 << 10
const walker = new FrameWalker()

function endOf(bytes: Uint8Array, end = bytes.length, most = FRAME_BYTES_MAX): number {
  return walker.frameEnd(bytes, 0, end, most)
}

/** Events in every encoding that the protocol takes, and control frames. */
const frame = fc.oneof(
  fc
    .tuple(fc.nat(300), fc.constantFrom(0, 1, 255, 256, 300, 70_000), fc.nat(20))
    .map(([topic, payload, id]) =>
      eventFrame(
        't'.repeat(Math.max(1, Math.min(topic, 255))),
        Buffer.alloc(payload),
        3,
        id > 10 ? { id: 'i'.repeat(id) } : undefined,
      ),
    ),
  fc.constantFrom('a', 'a'.repeat(40)).map((topic) => {
    const name = Buffer.from(topic)
    return Buffer.concat([Buffer.from([0x94, 1, 0xda, 0, name.length]), name, Buffer.from([3, 0xc6, 0, 0, 0, 1, 7])])
  }),
  fc.constantFrom(
    packed([8, 1]),
    packed([4, 1, 'a.>', { policy: 'conflate' }]),
    packed([2, { name: 'x'.repeat(200) }]),
  ),
  fc.constantFrom(
    packed([1, 'a', 9, Buffer.from('x')]),
    packed([1, 'a', 3, 'x']),
    packed([1, 'a', -1, Buffer.from('x')]),
  ),
)

t.test('a whole frame ends where the scanner says, whatever follows', async () => {
  fc.assert(
    fc.property(frame, fc.uint8Array({ maxLength: 10 }), (bytes, after) => {
      const end = endOf(concat(bytes, after), undefined, 1 << 20)
      return end === bytes.length && end === frameEnd(bytes, 0, bytes.length)
    }),
    { numRuns: 2000 },
  )
})

t.test('of a frame that is cut, no end is told, and never more needed than there is of it', async (t) => {
  fc.assert(
    fc.property(frame, fc.nat(), (bytes, seed) => {
      const cut = bytes.length < 2000 ? 1 + (seed % (bytes.length - 1)) : 1 + (seed % 400)
      if (endOf(bytes, cut, 1 << 20) !== CUT) throw new Error(`an end at ${cut}`)
      if (walker.need <= cut || walker.need > bytes.length)
        throw new Error(`${walker.need} of ${bytes.length} at ${cut}`)
      if (walker.isExact && walker.need !== bytes.length) throw new Error('exact, and wrong')
    }),
    { numRuns: 5000 },
  )
  const long = eventFrame('a', Buffer.alloc(5000))
  t.equal(endOf(long, 100), CUT)
  t.ok(walker.isExact, 'where the length is known it is told')
})

t.test('what can be no frame, or none that is taken', async (t) => {
  const cases: [Uint8Array, number][] = [
    [Buffer.from([0xc1]), Code.MALFORMED],
    [Buffer.from([0x90]), Code.MALFORMED],
    [Buffer.from([0x91, 0xa1]), Code.MALFORMED],
    [Buffer.from([0x94, 1, 0xa1, 0x61, 3, 0xc6, 0xff, 0xff, 0xff, 0xff]), Code.PAYLOAD_TOO_LARGE],
    [Buffer.from([0x95, 1, 0xa1, 0x61, 3, 0xc4, 0, 0xc7]), Code.BAD_ARGUMENTS],
    [Buffer.from([0x92, 8, 0xd4]), Code.BAD_ARGUMENTS],
    [Buffer.concat([Buffer.from([0x92, 8]), Buffer.alloc(40, 0x91)]), Code.TOO_DEEP],
    [Buffer.concat([Buffer.from([0x92, 8, 0xdb, 0, 1, 0, 0]), Buffer.alloc(4096)]), Code.FRAME_TOO_LARGE],
    [eventFrame('a', '', 3, { id: 'x'.repeat(4100) }), Code.FRAME_TOO_LARGE],
    [eventFrame('a', Buffer.alloc(FRAME_BYTES_MAX)), Code.PAYLOAD_TOO_LARGE],
  ]
  for (const [bytes, code] of cases) t.equal(endOf(bytes), -code, bytes.subarray(0, 12).toString())
  const deepBehindLimit = Buffer.concat([
    Buffer.from([0x93, 8, 0xda, 0x10, 0]),
    Buffer.alloc(4096, 0x61),
    Buffer.alloc(40, 0x91),
  ])
  t.equal(endOf(deepBehindLimit), -Code.FRAME_TOO_LARGE, 'what is wrong behind the limit is not looked for')
  t.equal(endOf(deepBehindLimit, 4100), -Code.FRAME_TOO_LARGE, 'and so it does not matter whether it has come')
  const longTopic = Buffer.from([0x94, 1, 0xda, 0xff, 0xff, 0x61])
  t.equal(endOf(longTopic, undefined, 5000), -Code.PAYLOAD_TOO_LARGE, 'a topic over the limit is not waited for')
})

t.test(
  'a walk stops before the frame that is too much, at the one that is cut, and at the one that is bad',
  async (t) => {
    const one = eventFrame('a', 'x')
    const three = Buffer.concat([one, one, one])
    t.equal(walker.walk(three, 0, three.length, 1000, 1000), three.length)
    t.equal(walker.need, 0)
    t.equal(walker.walk(three, 0, three.length, 1000, 2 * one.length), 2 * one.length)
    t.equal(walker.need + walker.code, 0)
    t.equal(walker.walk(three, 0, three.length - 1, 1000, 1000), 2 * one.length)
    t.equal(walker.need, one.length)
    t.equal(walker.walk(Buffer.concat([one, Buffer.from([0xc1])]), 0, one.length + 1, 1000, 1000), one.length)
    t.equal(walker.code, Code.MALFORMED)
  },
)

t.test('values of a stream: cut is told from broken', async () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(), (seed, at) => {
      const random = new SeededRandom(seed)
      const value = new RandomMsgpack(random).value(3)
      if (skipValueOfStream(value, 0, value.length) !== skipValue(value, 0, value.length))
        throw new Error('another end')
      const cut = at % value.length
      if (skipValueOfStream(value, 0, cut) !== CUT) throw new Error(`not cut at ${cut}`)
      return skipValue(value, 0, cut) === -Code.MALFORMED
    }),
    { numRuns: 2000 },
  )
})
