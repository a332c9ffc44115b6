import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'

/** `bytes` in one binary message, and the name of the code that the daemon answers with. */
export interface HostileCase {
  name: string
  bytes: Uint8Array
  code: string
  closes: boolean
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const concat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const topic = bytes(0xa1, 0x61)

const closing = (code: string, cases: { [name: string]: Uint8Array }): HostileCase[] =>
  Object.entries(cases).map(([name, bytes]) => ({ name, bytes, code, closes: true }))
const staying = (code: string, cases: { [name: string]: Uint8Array }): HostileCase[] =>
  Object.entries(cases).map(([name, bytes]) => ({ name, bytes, code, closes: false }))

/** Each frame cut after each byte but its last. */
function truncated(): HostileCase[] {
  const frames = {
    event: encodeEvent('orders.eu', 3, Buffer.from('payload'), bytes(0x81, 0xa2, 0x69, 0x64, 0xa1, 0x78)),
    'event with bin 32': concat(bytes(0x94, 1), topic, bytes(3, 0xc6, 0, 0, 0, 2, 1, 2)),
    subscribe: encodeControl({
      op: Op.SUBSCRIBE,
      request: 1,
      pattern: 'a.>',
      options: { policy: 'conflate', eventsMax: 9 },
    }),
    sync: encodeControl({ op: Op.SYNC, request: 70_000 }),
  }
  return Object.entries(frames).flatMap(([name, frame]) =>
    Array.from({ length: frame.length - 1 }, (_, i) => ({
      name: `${name} cut after ${i + 1} of ${frame.length} bytes`,
      bytes: frame.subarray(0, i + 1),
      code: 'malformed',
      closes: true,
    })),
  )
}

const MAX32 = [0xff, 0xff, 0xff, 0xff]

export const HOSTILE_CASES: readonly HostileCase[] = [
  ...truncated(),
  ...closing('malformed', {
    'a payload of 4 GiB': concat(bytes(0x94, 1), topic, bytes(3, 0xc6, ...MAX32, 1, 2, 3)),
    'a payload of 2 GiB': concat(bytes(0x94, 1), topic, bytes(3, 0xc6, 0x80, 0, 0, 0, 1)),
    'a topic of 64 KiB': bytes(0x94, 1, 0xda, 0xff, 0xff, 0x61),
    'a frame of 4 Gi elements': bytes(0xdd, ...MAX32, 1),
    'a frame of 64 Ki elements': bytes(0xdc, 0xff, 0xff, 1),
    'an array of 4 Gi elements inside': bytes(0x92, Op.SYNC, 0xdd, ...MAX32),
    'a map of 4 Gi elements inside': bytes(0x92, Op.HELLO, 0xdf, ...MAX32),
    'a string of 4 GiB inside': bytes(0x93, Op.UNSUBSCRIBE, 1, 0xdb, ...MAX32),
    'metadata of 4 Gi elements': concat(bytes(0x95, 1), topic, bytes(3, 0xc4, 0, 0xdf, ...MAX32)),
    'an empty array': bytes(0x90),
    'no array': bytes(0x01, 0x02),
    'an array that begins with a string': bytes(0x92, 0xa1, 0x61, 1),
    'the byte that is never msgpack': bytes(0xc1, 0xc1),
    'the same within a frame': bytes(0x92, Op.SYNC, 0xc1),
    'a map': bytes(0x81, 1, 1),
  }),
  ...closing('too_deep', {
    'arrays a thousand deep': concat(bytes(0x92, Op.SYNC), new Uint8Array(1000).fill(0x91), bytes(0)),
    'maps a thousand deep': concat(bytes(0x92, Op.HELLO), Buffer.from('8101'.repeat(1000), 'hex'), bytes(0)),
    'arrays half a million deep': concat(bytes(0x92, Op.SYNC), new Uint8Array(500_000).fill(0x91), bytes(0)),
    'metadata a thousand deep': concat(
      bytes(0x95, 1),
      topic,
      bytes(3, 0xc4, 0, 0x81, 0xa1, 0x61),
      new Uint8Array(1000).fill(0x91),
      bytes(0),
    ),
  }),
  ...closing('frame_too_large', {
    'a control frame of 5 KB': concat(bytes(0x93, Op.UNSUBSCRIBE, 1, 0xda, 0x13, 0x88), Buffer.alloc(5000, 0x61)),
  }),
  ...closing('bad_arguments', {
    'an ext type as topic': bytes(0x94, 1, 0xd4, 1, 1, 3, 0xc4, 0),
    'an ext type as payload': concat(bytes(0x94, 1), topic, bytes(3, 0xc7, 1, 1, 1)),
    'an ext type in a control frame': bytes(0x92, Op.PING, 0xd6, 0xff, 0, 0, 0, 0),
  }),
  ...staying('bad_arguments', {
    'a topic that is a number': bytes(0x94, 1, 5, 3, 0xc4, 0),
    'a topic that is nil': bytes(0x94, 1, 0xc0, 3, 0xc4, 0),
    'flags that are a string': concat(bytes(0x94, 1), topic, bytes(0xa1, 0x33, 0xc4, 0)),
    'flags below zero': concat(bytes(0x94, 1), topic, bytes(0xff, 0xc4, 0)),
    'a payload that is a string': concat(bytes(0x94, 1), topic, bytes(3, 0xa1, 0x61)),
    'an event of three': concat(bytes(0x93, 1), topic, bytes(3)),
    'an event of six': concat(bytes(0x96, 1), topic, bytes(3, 0xc4, 0, 0x80, 0)),
    'an event of one': bytes(0x91, 1),
    'a request that is a string': bytes(0x93, Op.SUBSCRIBE, 0xa1, 0x31, 0xa1, 0x61),
    'a request below zero': bytes(0x92, Op.SYNC, 0xff),
    'a request that is no integer': bytes(0x92, Op.SYNC, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0),
    'a pattern that is a number': bytes(0x93, Op.SUBSCRIBE, 1, 1),
    'an unknown option': bytes(0x94, Op.SUBSCRIBE, 1, 0xa1, 0x61, 0x81, 0xa1, 0x78, 1),
    'a token that is an array': bytes(0x92, Op.PING, 0x91, 1),
  }),
  ...staying('unknown_op', {
    'op 0': bytes(0x91, 0),
    'op 15': bytes(0x92, 15, 1),
    'op 127': bytes(0x91, 127),
    'a frame that is the daemon’s to send': bytes(0x92, Op.OK, 1),
  }),
  ...staying('bad_topic', {
    'an empty topic': bytes(0x94, 1, 0xa0, 3, 0xc4, 0),
    'an empty token': concat(bytes(0x94, 1, 0xa3), Buffer.from('a..'), bytes(3, 0xc4, 0)),
    'a pattern as topic': concat(bytes(0x94, 1, 0xa3), Buffer.from('a.*'), bytes(3, 0xc4, 0)),
    'a topic that is not UTF-8': bytes(0x94, 1, 0xa2, 0xc3, 0x28, 3, 0xc4, 0),
  }),
  ...staying('reserved_topic', { 'a topic of the daemon': encodeEvent('$sys.a', 3, bytes()) }),
  ...staying('topic_too_long', {
    '17 tokens': encodeEvent(Array.from({ length: 17 }, () => 'a').join('.'), 3, bytes()),
    '256 bytes': concat(bytes(0x94, 1, 0xda, 1, 0), Buffer.alloc(256, 0x61), bytes(3, 0xc4, 0)),
  }),
  ...staying('bad_flags', { 'lane 8': concat(bytes(0x94, 1), topic, bytes(8, 0xc4, 0)) }),
  ...staying('bad_metadata', {
    'an id that is a number': concat(bytes(0x95, 1), topic, bytes(3, 0xc4, 0, 0x81, 0xa2, 0x69, 0x64, 1)),
    'metadata that is an array': concat(bytes(0x95, 1), topic, bytes(3, 0xc4, 0, 0x90)),
  }),
  ...staying('bad_pattern', { 'a wildcard in a token': bytes(0x93, Op.SUBSCRIBE, 1, 0xa2, 0x61, 0x2a) }),
  ...staying('not_subscribed', { 'no such subscription': bytes(0x93, Op.UNSUBSCRIBE, 1, 0xa1, 0x61) }),
  ...staying('payload_too_large', { 'a payload over the limit': encodeEvent('a', 3, Buffer.alloc(1_024_001)) }),
]
