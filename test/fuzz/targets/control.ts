import { CODES } from '../../../src/protocol/codes.js'
import { type ControlFrame, decodeControl, encodeControl } from '../../../src/protocol/control.js'
import { framesToText, TextReader } from '../../../src/protocol/json.js'
import { JsonValueText } from '../../../src/protocol/json-text.js'
import { CONTROL_BYTES_MAX } from '../../../src/protocol/limits.js'
import { frameEnd } from '../../../src/protocol/scan.js'
import { same } from '../json-values.js'
import { must } from '../target.js'

/** Every frame that is no event: decoded into objects by msgpackr, and looked through. */

const KNOWN_CODES: ReadonlySet<number> = new Set(CODES.map(({ code }) => code))
const reader = new TextReader()
const values = new JsonValueText()

const FRAMES: readonly ControlFrame[] = [
  { op: 2, info: { version: 1, name: 'a' } },
  { op: 4, request: 1, pattern: 'a.>', options: { policy: 'conflate', bytesMax: 1000, eventsMax: 10 } },
  { op: 5, request: 70_000, pattern: '*' },
  { op: 8, request: 2 ** 40 },
  { op: 10, token: 5 },
  { op: 7, request: 1, code: 4500, message: 'x', details: { count: 1, topic: 'a', retryAfterMs: 1 } },
  { op: 9, request: 1, accepted: 2, refused: 3 },
  { op: 12, pattern: 'a', count: 1, reason: 'memory' },
  { op: 13, code: 4000, retryAfterMs: 5, reason: 'x' },
]

export const words = [
  ...FRAMES.map((frame) => encodeControl(frame)),
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'policy',
    'bytesMax',
    'eventsMax',
    'version',
    'name',
  ].flatMap((key) => [key, Buffer.concat([Buffer.of(0xa0 | key.length), Buffer.from(key)])]),
  ...['token', 'user', 'password', 'drop-oldest', '\x7f'],
  Buffer.of(0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Buffer.of(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Buffer.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0),
  Buffer.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0),
  Buffer.of(0xd6, 0xff, 0, 0, 0, 0),
  Buffer.of(0xc1),
]

export function handle(input: Buffer): unknown {
  return decodeControl(input, 0, input.length)
}

export function fuzz(input: Buffer): void {
  // What does not begin as a frame does not come so far.
  if (frameEnd(input, 0, input.length) !== input.length) return
  const frame = decodeControl(input, 0, input.length)
  if (typeof frame === 'number') {
    must(KNOWN_CODES.has(frame), 'a refusal is a code of the table', frame)
    return
  }
  must(input.length <= CONTROL_BYTES_MAX, 'a frame within the limit', input.length)
  must(values.write(input, 0, input.length) !== null, 'all its text is UTF-8')
  must(Object.getPrototypeOf(frame) === Object.prototype, 'a plain object')
  const again = decodeAgain(frame)
  if (again === null) return
  // A zero is a zero, whatever its sign.
  must(same(again, frame), 'what was decoded and sent is what comes back', again, frame)
  readAsText(input)
}

/** As the daemon would send it. Numbers may take more bytes than they came in, and then it may be over the limit; null then. */
function decodeAgain(frame: ControlFrame): ControlFrame | null {
  const bytes = encodeControl(frame)
  if (bytes.length > CONTROL_BYTES_MAX) return null
  const again = decodeControl(bytes, 0, bytes.length)
  must(typeof again !== 'number', 'what was decoded can be sent and decoded', again)
  return again as ControlFrame
}

/** The other subprotocol says every frame, on one line. */
function readAsText(input: Buffer): void {
  const text = framesToText(input, 0, input.length)
  must(!text.includes('\n'), 'one line', text)
  must(Array.isArray(JSON.parse(text)), 'an array', text)
  reader.read(text)
  must(reader.refused.length <= 1, 'one frame or one refusal')
}
