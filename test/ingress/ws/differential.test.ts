import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import * as ws from 'ws'
import { Code } from '../../../src/protocol/codes.js'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'
import { takeIn, WALKERS } from '../../helpers/ws-intake.js'

t.setTimeout(120_000)

const MESSAGE_BYTES_MAX = 300
const RUNS = 3000

/** The receiver of `ws`, which its types leave out. */
interface WsReceiver {
  on(event: string, listener: (...args: never[]) => void): void
  write(chunk: Buffer): void
}
const { Receiver } = ws as unknown as { Receiver: new (options: object) => WsReceiver }

interface Outcome {
  messages: string[]
  pings: string[]
  /** The peer's close code, or the code of the error. */
  end: string
}

/** What `ws` makes of the bytes. It unmasks them in place, and so is given bytes of its own. */
async function byWs(wire: Buffer): Promise<Outcome> {
  const outcome: Outcome = { messages: [], pings: [], end: '' }
  const receiver = new Receiver({ isServer: true, maxPayload: MESSAGE_BYTES_MAX })
  receiver.on('message', (data: Buffer) => outcome.messages.push(data.toString('latin1')))
  receiver.on('ping', (data: Buffer) => outcome.pings.push(data.toString('latin1')))
  receiver.on('conclude', (code: number) => {
    outcome.end = `closed ${code}`
  })
  receiver.on('error', (error: object) => {
    const [status] = Object.getOwnPropertySymbols(error).filter(({ description }) => description === 'status-code')
    outcome.end = `error ${(error as Record<symbol, number>)[status]}`
  })
  receiver.write(Buffer.from(wire))
  // Errors come a tick later.
  if (outcome.end === '') await new Promise((resolve) => setImmediate(resolve))
  return outcome
}

function byUs(chunks: readonly Buffer[], walker: (typeof WALKERS)[number]): Outcome {
  const { messages, pings, closed, ended } = takeIn(chunks, { messageBytesMax: MESSAGE_BYTES_MAX, walker })
  const end = closed !== null ? `closed ${closed}` : ended !== null ? `error ${ended.code}` : ''
  return { messages, pings, end }
}

/** They are the same, but that text ends a session of ours, as soon as it begins. */
function compare(ours: Outcome, theirs: Outcome): void {
  if (ours.end !== `error ${Code.WRONG_MESSAGE_KIND}`) {
    deepStrictEqual(ours, theirs)
    return
  }
  deepStrictEqual(ours.messages, theirs.messages.slice(0, ours.messages.length))
  deepStrictEqual(ours.pings, theirs.pings.slice(0, ours.pings.length))
}

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 310 }) },
)
const mask = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))

/** Frames as a client may send them: whole messages, messages in fragments with pings between, pings, and perhaps a close. */
const message = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(payload, mask).map(([body, mask]) => [clientFrame(2, body, { mask })]) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.tuple(payload, mask, fc.boolean()), { minLength: 2, maxLength: 5 })
      .map((parts) =>
        parts.flatMap(([body, mask, pinged], i) => [
          ...(pinged ? [clientFrame(9, body.subarray(0, 125), { mask })] : []),
          clientFrame(i === 0 ? 2 : 0, body.subarray(0, 60), { mask, fin: i === parts.length - 1 }),
        ]),
      ),
  },
  { weight: 1, arbitrary: payload.map((body) => [clientFrame(9, body.subarray(0, 125))]) },
  { weight: 1, arbitrary: payload.map((body) => [clientFrame(10, body.subarray(0, 125))]) },
)
const close = fc.oneof(
  fc.constant([]),
  fc.nat(5100).map((code) => [clientFrame(8, closePayload(code))]),
  fc
    .tuple(fc.nat(5100), payload)
    .map(([code, reason]) => [clientFrame(8, closePayload(code, reason.subarray(0, 125)))]),
)
const conversation = fc
  .tuple(fc.array(message, { maxLength: 8 }), close, fc.array(message, { maxLength: 2 }))
  .map(([before, close, after]) => Buffer.concat([...before.flat(), ...close, ...after.flat()]))

/** Frames in any order, most of which are wrong somewhere. */
const anyFrame = fc
  .record({
    opcode: fc.oneof(fc.constantFrom(0, 2, 2, 2, 8, 9, 10), fc.nat(15)),
    body: payload,
    fin: fc.boolean(),
    reserved: fc.oneof(
      { weight: 9, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(0x10, 0x20, 0x40) },
    ),
    mask,
    unmasked: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    lengthBytes: fc.constantFrom(undefined, undefined, undefined, 2, 8),
  })
  .map(({ opcode, body, lengthBytes, ...rest }) =>
    clientFrame(opcode, body, { ...rest, ...(lengthBytes !== undefined && { lengthBytes: lengthBytes as 2 | 8 }) }),
  )
const jumble = fc.array(anyFrame, { maxLength: 8 }).map((frames) => Buffer.concat(frames))

/** A proper conversation with bytes changed, taken away or doubled. */
const mutated = fc
  .tuple(conversation, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { minLength: 1, maxLength: 3 }))
  .map(([wire, changes]) => {
    let bytes = [...wire]
    for (const [place, value, kind] of changes) {
      const at = bytes.length === 0 ? 0 : place % bytes.length
      if (kind === 0) bytes[at] = value
      else bytes = [...bytes.slice(0, at), ...(kind === 1 ? [value, bytes[at] ?? 0] : []), ...bytes.slice(at + 1)]
    }
    return Buffer.from(bytes)
  })

/** Places to cut at, from none to many. */
const cuts = fc.array(fc.nat(), { maxLength: 12 })

function cutAt(wire: Buffer, places: readonly number[]): Buffer[] {
  const edges = places.map((place) => (wire.length === 0 ? 0 : place % wire.length)).sort((a, b) => a - b)
  return [0, ...edges].map((from, i) => wire.subarray(from, edges[i] ?? wire.length))
}

for (const walker of WALKERS) {
  for (const [name, wires] of Object.entries({ conversation, jumble, mutated })) {
    t.test(`${name}: as ws takes it: ${walker.kind}`, async (t) => {
      let ended = 0
      await fc.assert(
        fc.asyncProperty(wires, cuts, async (wire, places) => {
          const expected = await byWs(wire)
          if (expected.end !== '') ended++
          compare(byUs(cutAt(wire, places), walker), expected)
        }),
        { numRuns: RUNS / WALKERS.length },
      )
      t.ok(ended > 0, `${ended} of them ended with a close or an error`)
    })
  }
}

t.test('cut into single bytes', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(conversation, jumble, mutated), async (wire) => {
      const places = Array.from(wire, (_, i) => i)
      compare(byUs(cutAt(wire, places), WALKERS[0]), await byWs(wire))
    }),
    { numRuns: RUNS / 10 },
  )
  t.pass('as ws takes the whole')
})
