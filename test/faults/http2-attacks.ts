import {
  ErrorCode,
  Flag,
  frame,
  hpack,
  type RawHttp2,
  request,
  requestHeaders,
  reset,
  Type,
  uint32,
  WINDOW_MAX,
} from '../helpers/http2-raw.js'

/** More than any limit: whoever is let through with all of it was not stopped. */
const MANY = 20_000

export interface Attack {
  name: string
  /** Why the connection is ended, as counted. */
  reasons: string[]
  run(client: RawHttp2): Promise<void>
}

/** Client streams are odd; 1 is left to what an attack opens first. */
const stream = (i: number): number => 2 * i + 3

/** A request that is answered at its end, and what makes the stream end before the answer could be sent. */
function abandoned(name: string, spoil: (id: number) => Buffer, path = '/', method = 'GET', endStream = true): Attack {
  const one = (i: number): Buffer => Buffer.concat([request(stream(i), { method, path, endStream }), spoil(stream(i))])
  return { name, reasons: ['resets', 'protocol'], run: (client) => client.flood(MANY, one) }
}

function flood(name: string, reasons: string[], one: (i: number) => Buffer, first?: Buffer): Attack {
  return {
    name,
    reasons,
    async run(client) {
      if (first !== undefined) client.send(first)
      await client.flood(50 * MANY, one)
    },
  }
}

const lengthMismatch: Attack = {
  name: 'MadeYouReset: more body than its content-length says',
  reasons: ['resets', 'protocol'],
  run: (client) =>
    client.flood(MANY, (i) =>
      Buffer.concat([
        request(stream(i), { method: 'POST', endStream: false, headers: [['content-length', '0']] }),
        frame(Type.DATA, 0, stream(i), Buffer.from('xx')),
      ]),
    ),
}

/** The client makes the server reset its streams, which no count of resets that came in shows (CVE-2025-8671). */
const MADE_YOU_RESET: Attack[] = ['/', '/never'].flatMap((path) => [
  abandoned(`MadeYouReset: window update of 0, ${path}`, (id) => frame(Type.WINDOW_UPDATE, 0, id, uint32(0)), path),
  abandoned(
    `MadeYouReset: window update past its maximum, ${path}`,
    (id) => frame(Type.WINDOW_UPDATE, 0, id, uint32(WINDOW_MAX)),
    path,
  ),
  abandoned(`MadeYouReset: PRIORITY of 4 bytes, ${path}`, (id) => frame(Type.PRIORITY, 0, id, Buffer.alloc(4)), path),
  abandoned(
    `MadeYouReset: depends on itself, ${path}`,
    (id) => frame(Type.PRIORITY, 0, id, Buffer.concat([uint32(id), Buffer.from([1])])),
    path,
  ),
  abandoned(`MadeYouReset: DATA after the end, ${path}`, (id) => frame(Type.DATA, 0, id, Buffer.from('x')), path),
  abandoned(
    `MadeYouReset: HEADERS after the end, ${path}`,
    (id) => frame(Type.HEADERS, Flag.END_HEADERS, id, hpack(requestHeaders('GET', path))),
    path,
  ),
])

const RAPID_RESET: Attack[] = [
  abandoned('rapid reset', (id) => reset(id)),
  abandoned('rapid reset with NO_ERROR', (id) => reset(id, ErrorCode.NO_ERROR)),
  abandoned('rapid reset of what is not answered', (id) => reset(id), '/never'),
  abandoned('rapid reset of event streams', (id) => reset(id), '/events'),
  abandoned('rapid reset of large answers', (id) => reset(id, ErrorCode.NO_ERROR), '/big'),
  abandoned('rapid reset of bodies that have not ended', (id) => reset(id), '/', 'POST', false),
]

/** One header that fills the table, and then a head that names it over and over. */
function bomb(i: number): Buffer {
  const big = i === 0 ? hpack([['x', 'y'.repeat(4000)]], true) : Buffer.alloc(0)
  const block = Buffer.concat([hpack(requestHeaders('GET', '/')), big, Buffer.alloc(12_000, 0x80 | 62)])
  return frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream(i), block)
}

const unfinishedHead = frame(Type.HEADERS, 0, 1, hpack(requestHeaders('GET', '/')))
const openBody = request(1, { method: 'POST', endStream: false })

export const ATTACKS: Attack[] = [
  ...RAPID_RESET,
  ...MADE_YOU_RESET,
  lengthMismatch,
  flood(
    'CONTINUATION flood',
    ['protocol'],
    (i) => frame(Type.CONTINUATION, 0, 1, hpack([[`x${i}`, 'y']])),
    unfinishedHead,
  ),
  flood(
    'CONTINUATION flood of empty frames',
    ['protocol', 'overhead'],
    () => frame(Type.CONTINUATION, 0, 1),
    unfinishedHead,
  ),
  flood('PING flood', ['control_frames'], () => frame(Type.PING, 0, 0, Buffer.alloc(8))),
  flood('flood of answers to no PING', ['protocol'], () => frame(Type.PING, Flag.ACK, 0, Buffer.alloc(8))),
  flood('SETTINGS flood', ['control_frames'], () => frame(Type.SETTINGS, 0, 0)),
  flood('flood of answers to no SETTINGS', ['protocol'], () => frame(Type.SETTINGS, Flag.ACK, 0)),
  flood('PRIORITY flood on idle streams', ['control_frames', 'overhead', 'protocol'], (i) =>
    frame(Type.PRIORITY, 0, stream(i), Buffer.alloc(5)),
  ),
  flood(
    'PRIORITY flood on an open stream',
    ['control_frames', 'overhead', 'protocol'],
    () => frame(Type.PRIORITY, 0, 1, Buffer.alloc(5)),
    openBody,
  ),
  flood('flood of empty DATA', ['protocol', 'overhead'], () => frame(Type.DATA, 0, 1), openBody),
  flood(
    'flood of DATA that is padding',
    ['protocol', 'overhead'],
    () => frame(Type.DATA, Flag.PADDED, 1, Buffer.from([10, ...Buffer.alloc(10)])),
    openBody,
  ),
  flood('flood of DATA of one byte', ['overhead'], () => frame(Type.DATA, 0, 1, Buffer.from('x')), openBody),
  flood('flood of window updates', ['overhead', 'protocol'], () => frame(Type.WINDOW_UPDATE, 0, 0, uint32(1))),
  flood('flood of unknown frames', ['overhead', 'protocol'], () => frame(0x77, 0, 0, Buffer.alloc(20))),
  flood(
    'flood of resets of streams that have ended',
    ['overhead', 'protocol', 'no_answer'],
    () => reset(1),
    request(1),
  ),
  flood('HPACK bomb', ['protocol', 'overhead', 'resets'], bomb),
  flood('streams without number', ['protocol', 'resets', 'overhead'], (i) => request(stream(i), { path: '/never' })),
  flood('heads that are too large', ['protocol', 'overhead', 'resets'], (i) =>
    request(stream(i), { headers: [['x', 'y'.repeat(10_000)]] }),
  ),
  {
    name: 'window of the connection past its maximum',
    reasons: ['protocol'],
    async run(client) {
      client.send(frame(Type.WINDOW_UPDATE, 0, 0, uint32(WINDOW_MAX)))
    },
  },
  {
    name: 'a frame that is larger than allowed',
    reasons: ['protocol'],
    async run(client) {
      client.send(frame(Type.DATA, 0, 1, Buffer.alloc(20_000)))
    },
  },
  {
    name: 'a PING of 7 bytes',
    reasons: ['protocol'],
    async run(client) {
      client.send(frame(Type.PING, 0, 0, Buffer.alloc(7)))
    },
  },
  {
    name: 'an index that is in no table',
    reasons: ['protocol'],
    async run(client) {
      client.send(frame(Type.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, Buffer.from([0xff, 0xff, 0x7f])))
    },
  },
]
