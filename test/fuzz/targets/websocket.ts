import * as ws from 'ws'
import { Code } from '../../../src/protocol/codes.js'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'
import { takeIn, WALKERS } from '../../helpers/ws-intake.js'
import { cutUp, hashOf, must } from '../target.js'

/** The bytes of a WebSocket client, cut anywhere: what the parser of our own makes of them is what `ws` makes of the whole. */

const MESSAGE_BYTES_MAX = 300

/** The receiver of `ws`, which its types leave out. Its _write answers at once. */
interface WsReceiver {
  on(event: string, listener: (...args: never[]) => void): void
  _write(chunk: Buffer, encoding: string, callback: (error?: object) => void): void
}
const { Receiver } = ws as unknown as { Receiver: new (options: object) => WsReceiver }

export const words = [
  clientFrame(2, 'x'),
  clientFrame(2, Buffer.alloc(126)),
  clientFrame(2, 'a', { fin: false }),
  clientFrame(0, 'b'),
  clientFrame(9, 'ping'),
  clientFrame(10, 'pong'),
  clientFrame(8, closePayload(1000, 'bye')),
  clientFrame(8),
  clientFrame(1, 'é'),
  clientFrame(1, '["ping",1]\n'),
  clientFrame(1, Buffer.of(0xc3), { fin: false }),
  clientFrame(0, Buffer.of(0xa9)),
  clientFrame(2, 'a', { lengthBytes: 8 }),
  clientFrame(2, '', { length: 0xffff_ffff_ffff_ffffn }),
  Buffer.of(0x82, 0xfe, 0xff, 0xff),
]

interface Outcome {
  messages: string[]
  pings: string[]
  /** The peer's close code, or the code of the error. */
  end: string
}

function byWs(wire: Buffer): Outcome {
  const outcome: Outcome = { messages: [], pings: [], end: '' }
  const receiver = new Receiver({ isServer: true, maxPayload: MESSAGE_BYTES_MAX })
  receiver.on('message', (data: Buffer) => outcome.messages.push(data.toString('latin1')))
  receiver.on('ping', (data: Buffer) => outcome.pings.push(data.toString('latin1')))
  receiver.on('conclude', (code: number) => {
    outcome.end = `closed ${code}`
  })
  // It unmasks in place, and so is given bytes of its own.
  receiver._write(Buffer.from(wire), 'buffer', (error) => {
    if (!error) return
    const [status] = Object.getOwnPropertySymbols(error).filter(({ description }) => description === 'status-code')
    outcome.end = `error ${(error as Record<symbol, number>)[status]}`
  })
  return outcome
}

function byUs(chunks: readonly Buffer[], walker: (typeof WALKERS)[number], isJson: boolean): Outcome {
  const { messages, pings, closed, ended } = takeIn(chunks, { messageBytesMax: MESSAGE_BYTES_MAX, walker, isJson })
  const end = closed !== null ? `closed ${closed}` : ended !== null ? `error ${ended.code}` : ''
  return { messages, pings, end }
}

export function handle(input: Buffer): unknown {
  return takeIn([input], { messageBytesMax: MESSAGE_BYTES_MAX })
}

export function fuzz(input: Buffer): void {
  const walker = WALKERS[hashOf(input) & 1]
  const chunks = cutUp(input)
  const theirs = byWs(input)
  compare(byUs(chunks, walker, false), theirs, true)
  // What text says is another target's.
  compare(byUs(chunks, walker, true), theirs, false)
}

/** They are the same, but that a session takes one kind of messages, and is ended by the other as soon as one begins. */
function compare(ours: Outcome, theirs: Outcome, withMessages: boolean): void {
  const isOther = ours.end === `error ${Code.WRONG_MESSAGE_KIND}`
  must(isOther || ours.end === theirs.end, 'it ends as it does for ws', ours.end, theirs.end)
  const pings = isOther ? theirs.pings.slice(0, ours.pings.length) : theirs.pings
  must(ours.pings.join('|') === pings.join('|'), 'the pings that ws has', ours.pings, pings)
  if (!withMessages) return
  const messages = isOther ? theirs.messages.slice(0, ours.messages.length) : theirs.messages
  must(ours.messages.join('|') === messages.join('|'), 'the messages that ws has', ours.messages, messages)
}
