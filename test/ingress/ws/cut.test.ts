import t from 'tap'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'
import { type Intake, takeIn, WALKERS } from '../../helpers/ws-intake.js'

t.setTimeout(120_000)

const TEXT = 1
const BINARY = 2
const MORE = 0

/** The longest part of a frame that is kept as it came is 32 KiB: with this a frame goes over it. */
const LONG = 40_000
const LIMIT = 64 << 10

const long = Buffer.from(Array.from({ length: LONG }, (_, i) => (i * 31) & 0xff))
const SEQUENCES: { name: string; wire: Buffer; isJson?: boolean; expected: Partial<Intake> }[] = [
  {
    name: 'messages of every form of length, a ping between them',
    wire: Buffer.concat([
      clientFrame(BINARY, 'a'),
      clientFrame(BINARY),
      clientFrame(BINARY, 'b'.repeat(125)),
      clientFrame(9, 'ping'),
      clientFrame(BINARY, 'c'.repeat(126)),
      clientFrame(BINARY, 'dd', { lengthBytes: 8 }),
      clientFrame(BINARY, 'ee', { lengthBytes: 2 }),
    ]),
    expected: {
      messages: ['a', '', 'b'.repeat(125), 'c'.repeat(126), 'dd', 'ee'],
      pings: ['ping'],
      closed: null,
      ended: null,
    },
  },
  {
    name: 'a message in fragments of odd lengths, with pings and pongs between them',
    wire: Buffer.concat([
      clientFrame(BINARY, 'abc', { fin: false }),
      clientFrame(9, 'one'),
      clientFrame(MORE, '', { fin: false }),
      clientFrame(MORE, 'd', { fin: false, mask: [1, 2, 3, 4] }),
      clientFrame(10, 'nobody asked'),
      clientFrame(MORE, 'efghij', { fin: false }),
      clientFrame(MORE, 'k'.repeat(130)),
      clientFrame(BINARY, 'next'),
    ]),
    expected: { messages: [`abcdefghij${'k'.repeat(130)}`, 'next'], pings: ['one'], closed: null, ended: null },
  },
  {
    name: 'a close ends what is taken in',
    wire: Buffer.concat([clientFrame(BINARY, 'last'), clientFrame(8, closePayload(4321, 'why')), clientFrame(BINARY)]),
    expected: { messages: ['last'], pings: [], closed: 4321, ended: null },
  },
  {
    name: 'an error ends what is taken in',
    wire: Buffer.concat([clientFrame(BINARY, 'last'), clientFrame(MORE, 'of what?'), clientFrame(BINARY)]),
    expected: { messages: ['last'], closed: null, ended: { code: 1002, reason: 'a continuation of nothing' } },
  },
  {
    name: 'text that is not UTF-8 across two fragments',
    wire: Buffer.concat([
      clientFrame(TEXT, Buffer.from([0x20, 0xce]), { fin: false }),
      clientFrame(MORE, Buffer.from([0x20])),
    ]),
    isJson: true,
    expected: { closed: null, ended: { code: 1007, reason: 'text must be UTF-8' } },
  },
  {
    name: 'text whose characters are cut by fragments',
    wire: Buffer.concat([
      clientFrame(TEXT, Buffer.from([0x20, 0xce]), { fin: false }),
      clientFrame(MORE, Buffer.from([0xba])),
      clientFrame(9, 'alive'),
    ]),
    isJson: true,
    expected: { pings: ['alive'], closed: null, ended: null },
  },
]

for (const walker of WALKERS) {
  for (const { name, wire, isJson = false, expected } of SEQUENCES) {
    t.test(`${name}, cut at every byte: ${walker.kind}`, async (t) => {
      const of = (chunks: Buffer[]) => takeIn(chunks, { isJson, walker })
      t.match(of([wire]), expected, 'whole')
      for (let cut = 0; cut <= wire.length; cut++) {
        t.match(of([wire.subarray(0, cut), wire.subarray(cut)]), expected, `at ${cut}`)
      }
      t.match(of(Array.from(wire, (_, i) => wire.subarray(i, i + 1))), expected, 'into bytes')
    })
  }

  t.test(`messages longer than what is kept as it came: ${walker.kind}`, async (t) => {
    const whole = clientFrame(BINARY, long)
    const tail = clientFrame(BINARY, 'tail')
    const half = long.length / 2
    const inTwo = Buffer.concat([
      clientFrame(BINARY, long.subarray(0, half), { fin: false }),
      clientFrame(MORE, long.subarray(half)),
    ])
    for (const frame of [whole, inTwo]) {
      const wire = Buffer.concat([frame, tail])
      const expected = { messages: [long.toString('latin1'), 'tail'], closed: null, ended: null }
      for (const size of [1, 2, 3, 5, 7, 13, 1021, 4096, 20_001, 32_768, 32_775, 39_999]) {
        const pieces = Array.from({ length: Math.ceil(wire.length / size) }, (_, i) =>
          wire.subarray(i * size, (i + 1) * size),
        )
        t.same(takeIn(pieces, { messageBytesMax: LIMIT, walker }), { ...expected, pings: [] }, `in pieces of ${size}`)
      }
      for (let cut = 0; cut < 20; cut++) {
        const pieces = [wire.subarray(0, cut), wire.subarray(cut, LONG - cut), wire.subarray(LONG - cut)]
        t.same(takeIn(pieces, { messageBytesMax: LIMIT, walker }), { ...expected, pings: [] }, `in three, at ${cut}`)
      }
    }
  })

  t.test(`too large is told from the header alone: ${walker.kind}`, async (t) => {
    const tooBig = { ended: { code: 1009 } }
    for (const [length, header] of [
      [101, 2],
      [200, 4],
      [70_000, 10],
    ]) {
      const frame = clientFrame(BINARY, Buffer.alloc(length))
      t.match(takeIn([frame.subarray(0, header)], { messageBytesMax: 100, walker }), tooBig, `${length} bytes`)
      t.match(takeIn([frame.subarray(0, header - 1)], { messageBytesMax: 100, walker }), { ended: null })
    }
    const parts = [clientFrame(BINARY, Buffer.alloc(60), { fin: false }), clientFrame(MORE, Buffer.alloc(41))]
    t.match(takeIn([parts[0], parts[1].subarray(0, 2)], { messageBytesMax: 100, walker }), tooBig, 'in fragments')
    t.match(takeIn([clientFrame(BINARY, '', { lengthBytes: 8, length: 2n ** 64n - 1n })], { walker }), tooBig)
  })
}
