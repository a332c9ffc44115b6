import fc from 'fast-check'
import t from 'tap'
import { Slabs } from '../../../src/core/slabs.js'
import { ENDS_MAX, OVERRUN_BYTES, Staging } from '../../../src/ingress/node/ws/staging.js'
import { makeWalker, PlainWalker, SimdWalker, type Walker } from '../../../src/ingress/node/ws/walker.js'
import { clientFrame } from '../../helpers/ws-frames.js'

const MOST = 4096
const PAINT = 0xa5
const slabs = new Slabs(64 << 10, 2, false)
const staging = new Staging(slabs)
const walkers: readonly Walker[] = [new SimdWalker(staging), new PlainWalker(staging)]

t.test('SIMD is used where there is any', async (t) => {
  t.equal(makeWalker(staging).kind, 'WebAssembly SIMD')
})

interface Walked {
  payloads: string[]
  /** Bytes taken of what had arrived. */
  taken: number
}

/** Lets a walker walk bytes, and looks at what it touched. */
function walk(walker: Walker, bytes: Buffer, { most = MOST, at = 0, to = 100 } = {}): Walked {
  const from = staging.arrival + at
  staging.bytes.fill(PAINT, from, from + bytes.length + OVERRUN_BYTES)
  bytes.copy(staging.bytes, from)
  slabs.bytes.fill(PAINT)
  const stopped = walker.walk(2, from, from + bytes.length, to, most)
  const payloads: string[] = []
  let start = to
  for (let i = 0; i < staging.found[0]; i++) {
    payloads.push(slabs.bytes.toString('latin1', start, staging.ends[i]))
    start = staging.ends[i]
  }
  const untouched = Buffer.concat([slabs.bytes.subarray(0, to), slabs.bytes.subarray(start + OVERRUN_BYTES)])
  if (!untouched.every((byte) => byte === PAINT)) throw new Error('it wrote where it must not')
  if (staging.bytes.compare(bytes, 0, bytes.length, from, from + bytes.length) !== 0) throw new Error('source changed')
  return { payloads, taken: stopped - from }
}

const frames = fc.array(
  fc.record({
    payload: fc.uint8Array({ maxLength: 300 }),
    mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
  { maxLength: 20 },
)

for (const walker of walkers) {
  t.test(`whole frames come out unmasked, back to back: ${walker.kind}`, async (t) => {
    fc.assert(
      fc.property(frames, fc.nat(63), fc.nat(63), fc.nat(), (made, at, to, cut) => {
        const wire = made.map(({ payload, mask }) => clientFrame(2, payload, { mask: [...mask] }))
        const all = Buffer.concat(wire)
        const until = all.length === 0 ? 0 : cut % (all.length + 1)
        const whole: string[] = []
        let taken = 0
        for (let i = 0; i < wire.length && taken + wire[i].length <= until; i++) {
          whole.push(Buffer.from(made[i].payload).toString('latin1'))
          taken += wire[i].length
        }
        const walked = walk(walker, all.subarray(0, until), { at, to })
        return walked.taken === taken && JSON.stringify(walked.payloads) === JSON.stringify(whole)
      }),
    )
    t.pass('for any frames, cut anywhere, at any alignment')
  })

  t.test(`every payload length around the widths of the loops: ${walker.kind}`, async (t) => {
    for (let length = 0; length <= 200; length++) {
      const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0xff))
      const bytes = Buffer.concat([clientFrame(2, payload), clientFrame(2, payload)])
      const text = payload.toString('latin1')
      t.same(walk(walker, bytes), { payloads: [text, text], taken: bytes.length }, `${length} bytes`)
    }
  })

  t.test(`it stops at what is not its business: ${walker.kind}`, async (t) => {
    const fine = clientFrame(2, 'fine')
    const others: Record<string, Buffer> = {
      text: clientFrame(1, 'text'),
      continuation: clientFrame(0, 'more'),
      'first fragment': clientFrame(2, 'part', { fin: false }),
      ping: clientFrame(9),
      close: clientFrame(8),
      'reserved bit 1': clientFrame(2, 'x', { reserved: 0x40 }),
      'reserved bit 2': clientFrame(2, 'x', { reserved: 0x20 }),
      'reserved bit 3': clientFrame(2, 'x', { reserved: 0x10 }),
      unmasked: clientFrame(2, 'unmasked', { unmasked: true }),
      'length in eight bytes': clientFrame(2, 'x', { lengthBytes: 8 }),
      'too large': clientFrame(2, Buffer.alloc(MOST + 1)),
      'one byte of a header': fine.subarray(0, 1),
      'a header without all of its mask': fine.subarray(0, 5),
      'a frame without its last byte': fine.subarray(0, -1),
      'half a long length': clientFrame(2, Buffer.alloc(200)).subarray(0, 7),
    }
    for (const [name, other] of Object.entries(others)) {
      t.same(walk(walker, other), { payloads: [], taken: 0 }, name)
      t.same(
        walk(walker, Buffer.concat([fine, other])),
        { payloads: ['fine'], taken: fine.length },
        `after one: ${name}`,
      )
    }
    const largest = clientFrame(2, Buffer.alloc(MOST, 0x61))
    t.equal(walk(walker, largest).taken, largest.length, 'the largest is taken')
    const wide = clientFrame(2, 'wide', { lengthBytes: 2 })
    t.same(walk(walker, wide).payloads, ['wide'], 'a length may take more bytes than it needs')
  })

  t.test(`no more than the table of ends holds: ${walker.kind}`, async (t) => {
    const empty = clientFrame(2)
    const walked = walk(walker, Buffer.concat(Array.from({ length: ENDS_MAX + 5 }, () => empty)))
    t.equal(walked.payloads.length, ENDS_MAX)
    t.equal(walked.taken, ENDS_MAX * empty.length)
    t.equal(staging.bytes[staging.foundAt + 4 * (1 + ENDS_MAX)], 0, 'and nothing after it')
  })

  t.test(`unmasking in place touches nothing else: ${walker.kind}`, async (t) => {
    const at = staging.arrival
    for (let length = 0; length <= 70; length++) {
      for (let shift = 0; shift < 4; shift++) {
        const plain = Buffer.from(Array.from({ length }, (_, i) => i + 1))
        const frame = clientFrame(2, plain, { lengthBytes: 8 })
        const body = frame.subarray(14)
        staging.bytes.fill(PAINT, at, at + 200)
        body.copy(staging.bytes, at + shift)
        walker.unmask(at + shift, at + shift + length, frame.readInt32LE(10))
        const want = Buffer.alloc(200, PAINT)
        plain.copy(want, shift)
        t.ok(staging.bytes.subarray(at, at + 200).equals(want), `${length} bytes at ${shift}`)
      }
    }
  })
}
