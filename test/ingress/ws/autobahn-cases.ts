import { Code } from '../../../src/protocol/codes.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { clientFrame, closePayload } from '../../helpers/ws-frames.js'

/**
 * A case of the Autobahn test suite, by its number there. The daemon is no echo server, but a connection that is subscribed to what it
 * publishes is sent its own events, so that "echoed" has a meaning here too.
 */
export interface AutobahnCase {
  id: string
  name: string
  json: boolean
  /** What is written; each element by itself. */
  wire: Buffer[]
  /** Messages that come back, each the event that it was published as. */
  echoed: (Uint8Array | string)[]
  pongs?: string[]
  /** The close code that comes back; absent: the connection stays. */
  close?: number
}

const TEXT = 1
const BINARY = 2
const MORE = 0
const CLOSE = 8
const PING = 9
const PONG = 10

/** An event that takes so many bytes as a frame of msgpack, or as a line of JSON. */
function eventOf(bytes: number): Uint8Array {
  const overhead = encodeEvent('a', 3, new Uint8Array(bytes)).length - bytes
  return encodeEvent('a', 3, Buffer.alloc(bytes - overhead, 0x2a))
}
function lineOf(bytes: number, fill = '*'): string {
  const line = (text: string): string => `["event","a",3,"${text}"]`
  return line(fill.repeat((bytes - line('').length) / Buffer.byteLength(fill)))
}

const cases: AutobahnCase[] = []

function add(id: string, name: string, one: Omit<AutobahnCase, 'id' | 'name' | 'json'> & { json?: boolean }): void {
  cases.push({ json: true, ...one, id, name })
}

/** Frames in which a message is sent that is cut at these places. */
function fragments(opcode: number, message: Uint8Array | string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(message)
  const edges = [0, ...cuts, bytes.length]
  return edges.slice(1).map((end, i) =>
    clientFrame(i === 0 ? opcode : MORE, bytes.subarray(edges[i], end), {
      fin: end === bytes.length && i === edges.length - 2,
    }),
  )
}

/** The same bytes, written in pieces of so many. */
function chopped(frame: Buffer, bytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(frame.length / bytes) }, (_, i) => frame.subarray(i * bytes, (i + 1) * bytes))
}

const HELLO = '["event","a",3,"Hello-µ@ßöäüàá-UTF-8!!"]'
const WORLD = '["event","a",3,"World"]'

// 1: framing.
const SIZES = [125, 126, 127, 128, 65_535, 65_536]
add('1.1.1', 'a text of no bytes', { wire: [clientFrame(TEXT)], echoed: [] })
add('1.2.1', 'a binary message of no bytes', { json: false, wire: [clientFrame(BINARY)], echoed: [] })
for (const [i, size] of SIZES.entries()) {
  const line = lineOf(size)
  const event = eventOf(size)
  add(`1.1.${i + 2}`, `a text of ${size} bytes`, { wire: [clientFrame(TEXT, line)], echoed: [line] })
  add(`1.2.${i + 2}`, `a binary message of ${size} bytes`, {
    json: false,
    wire: [clientFrame(BINARY, event)],
    echoed: [event],
  })
}
const wide = lineOf(65_536)
add('1.1.8', 'a text of 65536 bytes in pieces of 997', { wire: chopped(clientFrame(TEXT, wide), 997), echoed: [wide] })
add('1.2.8', 'a binary message of 65536 bytes in pieces of 997', {
  json: false,
  wire: chopped(clientFrame(BINARY, eventOf(65_536)), 997),
  echoed: [eventOf(65_536)],
})

// 2: pings and pongs.
add('2.1', 'a ping of nothing', { wire: [clientFrame(PING)], echoed: [], pongs: [''] })
add('2.2', 'a ping with text', { wire: [clientFrame(PING, 'Hello, world!')], echoed: [], pongs: ['Hello, world!'] })
const odd = '\x00\xff\xfe\xfd\xfc\xfb\x00\xff'
add('2.3', 'a ping with bytes', { wire: [clientFrame(PING, Buffer.from(odd, 'latin1'))], echoed: [], pongs: [odd] })
const full = '\xfe'.repeat(125)
add('2.4', 'a ping of 125 bytes', { wire: [clientFrame(PING, Buffer.from(full, 'latin1'))], echoed: [], pongs: [full] })
add('2.5', 'a ping of 126 bytes', { wire: [clientFrame(PING, Buffer.alloc(126, 0xfe))], echoed: [], close: 1002 })
add('2.6', 'a ping of 125 bytes, byte by byte', {
  wire: chopped(clientFrame(PING, Buffer.from(full, 'latin1')), 1),
  echoed: [],
  pongs: [full],
})
add('2.7', 'a pong that nobody asked for', { wire: [clientFrame(PONG)], echoed: [] })
add('2.8', 'a pong with a payload that nobody asked for', { wire: [clientFrame(PONG, 'unsolicited')], echoed: [] })
add('2.9', 'such a pong, then a ping', {
  wire: [clientFrame(PONG, 'unsolicited'), clientFrame(PING, 'ping payload')],
  echoed: [],
  pongs: ['ping payload'],
})
const ten = Array.from({ length: 10 }, (_, i) => `payload-${i}`)
add('2.10', 'ten pings', { wire: [Buffer.concat(ten.map((text) => clientFrame(PING, text)))], echoed: [], pongs: ten })
add('2.11', 'ten pings, byte by byte', {
  wire: chopped(Buffer.concat(ten.map((text) => clientFrame(PING, text))), 1),
  echoed: [],
  pongs: ten,
})

// 3: reserved bits.
const RESERVED: [id: string, opcode: number, reserved: number][] = [
  ['3.1', TEXT, 0x10],
  ['3.2', TEXT, 0x20],
  ['3.3', TEXT, 0x30],
  ['3.4', TEXT, 0x40],
  ['3.5', BINARY, 0x50],
  ['3.6', PING, 0x60],
  ['3.7', CLOSE, 0x70],
]
for (const [id, opcode, reserved] of RESERVED) {
  add(id, `reserved bits ${reserved.toString(16)} in opcode ${opcode}, after a message`, {
    wire: [clientFrame(TEXT, WORLD), clientFrame(opcode, '', { reserved }), clientFrame(TEXT, WORLD)],
    echoed: [WORLD],
    close: 1002,
  })
}

// 4: opcodes.
for (const [group, opcodes] of [
  ['4.1', [3, 4, 5, 6, 7]],
  ['4.2', [11, 12, 13, 14, 15]],
] as const) {
  for (const [i, opcode] of opcodes.entries()) {
    add(`${group}.${i + 1}`, `opcode ${opcode}, after a message`, {
      wire: [clientFrame(TEXT, WORLD), clientFrame(opcode, i % 2 === 0 ? '' : 'payload'), clientFrame(PING)],
      echoed: [WORLD],
      close: 1002,
    })
  }
}

// 5: fragmentation.
add('5.1', 'a ping in two fragments', { wire: fragments(PING, 'fragment1fragment2', [9]), echoed: [], close: 1002 })
add('5.2', 'a pong in two fragments', { wire: fragments(PONG, 'fragment1fragment2', [9]), echoed: [], close: 1002 })
add('5.3', 'a text in two fragments', { wire: fragments(TEXT, HELLO, [9]), echoed: [HELLO] })
add('5.4', 'the same in one write', { wire: [Buffer.concat(fragments(TEXT, HELLO, [9]))], echoed: [HELLO] })
add('5.5', 'the same byte by byte', { wire: chopped(Buffer.concat(fragments(TEXT, HELLO, [9])), 1), echoed: [HELLO] })
const [first, second] = fragments(TEXT, HELLO, [9])
const pinged = [first, clientFrame(PING, 'between'), second]
add('5.6', 'a ping between two fragments', { wire: pinged, echoed: [HELLO], pongs: ['between'] })
add('5.7', 'the same in one write', { wire: [Buffer.concat(pinged)], echoed: [HELLO], pongs: ['between'] })
add('5.8', 'the same byte by byte', { wire: chopped(Buffer.concat(pinged), 1), echoed: [HELLO], pongs: ['between'] })
const loose = { fin: true }
for (const [id, fin] of [
  ['5.9', true],
  ['5.12', false],
] as const) {
  const frames = [clientFrame(MORE, 'non-continuation', { fin }), clientFrame(TEXT, WORLD, loose)]
  const [major, minor] = id.split('.').map(Number)
  add(`${major}.${minor}`, `a continuation of nothing, fin ${fin}`, { wire: frames, echoed: [], close: 1002 })
  add(`${major}.${minor + 1}`, 'the same in one write', { wire: [Buffer.concat(frames)], echoed: [], close: 1002 })
  add(`${major}.${minor + 2}`, 'the same byte by byte', {
    wire: chopped(Buffer.concat(frames), 1),
    echoed: [],
    close: 1002,
  })
}
add('5.15', 'a message in two fragments, then a continuation of nothing', {
  wire: [...fragments(TEXT, HELLO, [9]), clientFrame(MORE, 'x', { fin: false }), clientFrame(TEXT, WORLD)],
  echoed: [HELLO],
  close: 1002,
})
for (const [id, fin] of [
  ['5.16', false],
  ['5.17', true],
] as const) {
  add(id, `a continuation of nothing before a text in two fragments, fin ${fin}`, {
    wire: [clientFrame(MORE, 'x', { fin }), first, second],
    echoed: [],
    close: 1002,
  })
}
add('5.18', 'a text within a fragmented text', {
  wire: [clientFrame(TEXT, 'fragment1', { fin: false }), clientFrame(TEXT, 'fragment2')],
  echoed: [],
  close: 1002,
})
const five = fragments(TEXT, HELLO, [5, 10, 15, 20])
const pingedTwice = [five[0], five[1], clientFrame(PING, 'one'), five[2], five[3], clientFrame(PING, 'two'), five[4]]
add('5.19', 'a text in five fragments, with two pings between', {
  wire: pingedTwice,
  echoed: [HELLO],
  pongs: ['one', 'two'],
})
add('5.20', 'the same in one write', { wire: [Buffer.concat(pingedTwice)], echoed: [HELLO], pongs: ['one', 'two'] })

// 6: UTF-8. What is no JSON after that costs a line, not the connection.
const bytes = (...values: number[]) => Buffer.from(values)
const inLine = (text: Uint8Array) => Buffer.concat([Buffer.from('["event","a",3,"'), text, Buffer.from('"]')])
const VALID: [id: string, name: string, text: string][] = [
  ['6.2.1', 'text of many widths', 'Hello-µ@ßöäüàá-UTF-8!!'],
  ['6.5.1', 'κόσμε', 'κόσμε'],
  ['6.6.2', 'a Greek letter', 'κ'],
  ['6.7.1', 'first of one byte that JSON takes', ' '],
  ['6.7.2', 'first of two bytes', '\u0080'],
  ['6.7.3', 'first of three', '\u0800'],
  ['6.7.4', 'first of four', '\u{10000}'],
  ['6.9.1', 'last of one byte', '\u007f'],
  ['6.9.2', 'last of two', '\u07ff'],
  ['6.9.3', 'last of three', '\uffff'],
  ['6.9.4', 'last of four', '\u{10ffff}'],
  ['6.11.1', 'before the surrogates', '\ud7ff'],
  ['6.11.2', 'after them', '\ue000'],
  ['6.11.3', 'replacement character', '\ufffd'],
  ['6.11.4', 'above the planes', '\u{10ffff}'],
  ['6.22.1', 'no character U+FFFE', '\ufffe'],
  ['6.22.34', 'no character U+10FFFF', '\u{10ffff}'],
]
for (const [id, name, text] of VALID) {
  const line = `["event","a",3,${JSON.stringify(text)}]`
  add(id, `valid: ${name}`, { wire: [clientFrame(TEXT, line)], echoed: [line] })
  const everywhere = Array.from({ length: Buffer.byteLength(line) - 1 }, (_, i) => i + 1)
  add(`${id} in fragments of one byte`, `valid: ${name}`, { wire: fragments(TEXT, line, everywhere), echoed: [line] })
}
const INVALID: [id: string, name: string, text: Buffer][] = [
  ['6.3.1', 'text, then a surrogate, then text', bytes(0xce, 0xba, 0xed, 0xa0, 0x80, 0x65, 0x64)],
  ['6.4.1', 'beyond U+10FFFF after κόσμε', Buffer.concat([Buffer.from('κόσμε'), bytes(0xf4, 0x90, 0x80, 0x80)])],
  ['6.6.1', 'the first byte of a letter alone', bytes(0xce)],
  ['6.8.1', 'five bytes', bytes(0xf8, 0x88, 0x80, 0x80, 0x80)],
  ['6.8.2', 'six bytes', bytes(0xfc, 0x84, 0x80, 0x80, 0x80, 0x80)],
  ['6.10.1', 'last of four with a high lead', bytes(0xf7, 0xbf, 0xbf, 0xbf)],
  ['6.10.2', 'last of five', bytes(0xfb, 0xbf, 0xbf, 0xbf, 0xbf)],
  ['6.10.3', 'last of six', bytes(0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf)],
  ['6.11.5', 'one beyond U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80)],
  ['6.12.1', 'a continuation byte 80', bytes(0x80)],
  ['6.12.2', 'a continuation byte BF', bytes(0xbf)],
  ['6.12.8', 'all continuation bytes', Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i))],
  ['6.13.1', 'lead bytes of two with spaces between', bytes(0xc0, 0x20, 0xc1, 0x20, 0xdf, 0x20)],
  ['6.13.2', 'lead bytes of three', bytes(0xe0, 0x20, 0xef, 0x20)],
  ['6.13.3', 'lead bytes of four', bytes(0xf0, 0x20, 0xf7, 0x20)],
  ['6.13.4', 'lead bytes of five', bytes(0xf8, 0x20, 0xfb, 0x20)],
  ['6.13.5', 'lead bytes of six', bytes(0xfc, 0x20, 0xfd, 0x20)],
  ['6.14.1', 'two without the last', bytes(0xc0)],
  ['6.14.2', 'three without the last', bytes(0xe0, 0x80)],
  ['6.14.3', 'four without the last', bytes(0xf0, 0x80, 0x80)],
  ['6.14.7', 'three of the highest without the last', bytes(0xef, 0xbf)],
  ['6.15.1', 'all of these together', bytes(0xc0, 0xe0, 0x80, 0xf0, 0x80, 0x80, 0xf8, 0x80, 0x80, 0x80)],
  ['6.16.1', 'FE', bytes(0xfe)],
  ['6.16.2', 'FF', bytes(0xff)],
  ['6.16.3', 'FE and FF', bytes(0xfe, 0xfe, 0xff, 0xff)],
  ['6.17.1', 'a slash in two bytes', bytes(0xc0, 0xaf)],
  ['6.17.2', 'a slash in three', bytes(0xe0, 0x80, 0xaf)],
  ['6.17.3', 'a slash in four', bytes(0xf0, 0x80, 0x80, 0xaf)],
  ['6.17.4', 'a slash in five', bytes(0xf8, 0x80, 0x80, 0x80, 0xaf)],
  ['6.17.5', 'a slash in six', bytes(0xfc, 0x80, 0x80, 0x80, 0x80, 0xaf)],
  ['6.18.1', 'highest that is too long in two', bytes(0xc1, 0xbf)],
  ['6.18.2', 'highest that is too long in three', bytes(0xe0, 0x9f, 0xbf)],
  ['6.18.3', 'highest that is too long in four', bytes(0xf0, 0x8f, 0xbf, 0xbf)],
  ['6.19.1', 'NUL in two bytes', bytes(0xc0, 0x80)],
  ['6.19.2', 'NUL in three', bytes(0xe0, 0x80, 0x80)],
  ['6.20.1', 'surrogate D800', bytes(0xed, 0xa0, 0x80)],
  ['6.20.4', 'surrogate DBFF', bytes(0xed, 0xaf, 0xbf)],
  ['6.20.7', 'surrogate DFFF', bytes(0xed, 0xbf, 0xbf)],
  ['6.21.1', 'a pair of surrogates', bytes(0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80)],
  ['6.21.8', 'the last pair', bytes(0xed, 0xaf, 0xbf, 0xed, 0xbf, 0xbf)],
]
for (const [id, name, text] of INVALID) {
  const line = inLine(text)
  add(id, `invalid: ${name}`, { wire: [clientFrame(TEXT, line)], echoed: [], close: 1007 })
  add(`${id} in two fragments`, `invalid: ${name}`, {
    wire: fragments(TEXT, line, [line.length - 3]),
    echoed: [],
    close: 1007,
  })
}
add('6.1.1', 'a text of no bytes', { wire: [clientFrame(TEXT)], echoed: [] })
add('6.1.2', 'three fragments of no bytes', {
  wire: [clientFrame(TEXT, '', { fin: false }), clientFrame(MORE, '', { fin: false }), clientFrame(MORE)],
  echoed: [],
})
add('6.1.3', 'three fragments, the one between of all bytes', {
  wire: [clientFrame(TEXT, '', { fin: false }), clientFrame(MORE, WORLD, { fin: false }), clientFrame(MORE)],
  echoed: [WORLD],
})

// 7: closing.
const closed = (code: number, reason: Uint8Array | string = '') => clientFrame(CLOSE, closePayload(code, reason))
add('7.1.1', 'a message, then a close', {
  wire: [clientFrame(TEXT, WORLD), closed(1000)],
  echoed: [WORLD],
  close: 1000,
})
add('7.1.2', 'two closes', { wire: [closed(1000), closed(1000)], echoed: [], close: 1000 })
add('7.1.3', 'a ping after the close', { wire: [closed(1000), clientFrame(PING)], echoed: [], pongs: [], close: 1000 })
add('7.1.4', 'a message after the close', { wire: [closed(1000), clientFrame(TEXT, WORLD)], echoed: [], close: 1000 })
add('7.1.5', 'a close between two fragments', { wire: [first, closed(1000), second], echoed: [], close: 1000 })
add('7.1.6', 'a long message, then a close, then a ping', {
  wire: [clientFrame(TEXT, wide), Buffer.concat([closed(1000), clientFrame(PING)])],
  echoed: [wide],
  close: 1000,
})
add('7.3.1', 'a close without a payload', { wire: [clientFrame(CLOSE)], echoed: [], close: 1005 })
add('7.3.2', 'a close of one byte', { wire: [clientFrame(CLOSE, 'a')], echoed: [], close: 1002 })
add('7.3.3', 'a close with a code', { wire: [closed(1000)], echoed: [], close: 1000 })
add('7.3.4', 'a close with a reason', { wire: [closed(1000, 'Hello World!')], echoed: [], close: 1000 })
add('7.3.5', 'the longest reason', { wire: [closed(1000, '*'.repeat(123))], echoed: [], close: 1000 })
add('7.3.6', 'a reason that is too long', { wire: [closed(1000, '*'.repeat(124))], echoed: [], close: 1002 })
add('7.5.1', 'a reason that is not UTF-8', {
  wire: [closed(1000, bytes(0xce, 0xba, 0xed, 0xa0, 0x80, 0x65))],
  echoed: [],
  close: 1007,
})
for (const [i, code] of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].entries()) {
  add(`7.7.${i + 1}`, `close code ${code}`, { wire: [closed(code)], echoed: [], close: code })
}
for (const [i, code] of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].entries()) {
  add(`7.9.${i + 1}`, `close code ${code}, which nobody may send`, { wire: [closed(code)], echoed: [], close: 1002 })
}
add('7.13.1', 'close code 5000', { wire: [closed(5000)], echoed: [], close: 1002 })
add('7.13.2', 'close code 65535', { wire: [closed(65_535)], echoed: [], close: 1002 })

// 9: limits. Sizes go up to what a message may have here.
const LIMIT = 128 << 10
for (const [i, cutAt] of [64, 256, 1024, 4096, 16_384, 65_536].entries()) {
  const event = eventOf(LIMIT)
  const cuts = Array.from({ length: Math.ceil(LIMIT / cutAt) - 1 }, (_, n) => (n + 1) * cutAt)
  add(`9.3.${i + 1}`, `the largest message in fragments of ${cutAt}`, {
    json: false,
    wire: fragments(BINARY, event, cuts),
    echoed: [event],
  })
  add(`9.5.${i + 1}`, `the largest text in pieces of ${cutAt}`, {
    wire: chopped(clientFrame(TEXT, lineOf(LIMIT)), cutAt),
    echoed: [lineOf(LIMIT)],
  })
}
for (const [i, size] of [0, 16, 64, 256, 1024, 4096].entries()) {
  const event = eventOf(Math.max(size, 7))
  const many = 200
  add(`9.7.${i + 1}`, `${many} messages of ${event.length} bytes`, {
    json: false,
    wire: [Buffer.concat(Array.from({ length: many }, () => clientFrame(BINARY, event)))],
    echoed: Array.from({ length: many }, () => event),
  })
}
add('9.9.1', 'one byte more than a message may have', {
  json: false,
  wire: [clientFrame(BINARY, Buffer.alloc(LIMIT + 1))],
  echoed: [],
  close: 1009,
})
add('9.9.2', 'the header of such a message alone', {
  json: false,
  wire: [clientFrame(BINARY, Buffer.alloc(LIMIT + 1)).subarray(0, 10)],
  echoed: [],
  close: 1009,
})
add('9.9.3', 'fragments that are too much together', {
  json: false,
  wire: [clientFrame(BINARY, Buffer.alloc(LIMIT), { fin: false }), clientFrame(MORE, 'x').subarray(0, 2)],
  echoed: [],
  close: 1009,
})
add('9.9.4', 'a length of 2^63', {
  json: false,
  wire: [clientFrame(BINARY, '', { lengthBytes: 8, length: 2n ** 63n })],
  echoed: [],
  close: 1009,
})

// 10: what fits no other group.
add('10.1.1', 'a message in fragments of other sizes than its writes', {
  wire: chopped(Buffer.concat(fragments(TEXT, wide, [1300, 2600, 3900, 5200])), 1300),
  echoed: [wide],
})

// What the suite takes for granted: a client masks, and each session has one kind of messages.
add('mask.1', 'a text that is not masked', {
  wire: [clientFrame(TEXT, WORLD, { unmasked: true })],
  echoed: [],
  close: 1002,
})
add('mask.2', 'a ping that is not masked', {
  wire: [clientFrame(PING, '', { unmasked: true })],
  echoed: [],
  close: 1002,
})
add('mask.3', 'a mask of zeros', { wire: [clientFrame(TEXT, WORLD, { mask: [0, 0, 0, 0] })], echoed: [WORLD] })
add('kind.1', 'binary in a JSON session', {
  wire: [clientFrame(BINARY, eventOf(20))],
  echoed: [],
  close: Code.WRONG_MESSAGE_KIND,
})
add('kind.2', 'text in a msgpack session', {
  json: false,
  wire: [clientFrame(TEXT, WORLD)],
  echoed: [],
  close: Code.WRONG_MESSAGE_KIND,
})

export const AUTOBAHN_CASES: readonly AutobahnCase[] = cases
/** What a message may have, in bytes, where the cases are run. */
export const AUTOBAHN_MESSAGE_BYTES_MAX = LIMIT
