import { pack } from 'msgpackr'
import t from 'tap'
import { harmless, harmlessJson, ndjson, pretty } from '../../src/cli/format.js'
import { styleFor } from '../../src/cli/style.js'
import type { BusEvent, Metadata } from '../../src/client/index.js'

function event(payload: Uint8Array, metadata: Metadata = {}, topic = 'a.b', lane = 3): BusEvent {
  return { topic, lane, bytes: payload, metadata } as unknown as BusEvent
}

const NONE = styleFor({ isTTY: false }, {})
const COLOURS = styleFor({ isTTY: true }, {})

t.test('JSON lines', async (t) => {
  const format = ndjson()
  t.equal(
    format(event(pack({ id: 1 })), 0),
    '{"topic":"a.b","lane":3,"time":"1970-01-01T00:00:00.000Z","value":{"id":1}}',
  )
  t.same(JSON.parse(format(event(pack('x'), { key: 'k', ttl: 5 }, 'c"d', 0), 1)), {
    topic: 'c"d',
    lane: 0,
    time: '1970-01-01T00:00:00.001Z',
    value: 'x',
    metadata: { key: 'k', ttl: 5 },
  })
})

t.test('JSON lines say what JSON cannot as the JSON subprotocol does', async (t) => {
  const format = ndjson()
  const valueIn = (payload: Uint8Array, metadata?: Metadata): unknown =>
    JSON.parse(format(event(payload, metadata), 0)).value
  t.match(
    format(event(Uint8Array.of(0xcf, 255, 255, 255, 255, 255, 255, 255, 255)), 0),
    '{"$int":"18446744073709551615"}',
  )
  t.same(valueIn(Uint8Array.of(0xc1)), { $raw: 'wQ==' }, 'not msgpack')
  t.same(valueIn(Buffer.from('h\u00e9'), { type: 'text/plain' }), 'h\u00e9')
  t.same(valueIn(Buffer.from('{"a":[1]}'), { type: 'application/json' }), { a: [1] })
  t.same(valueIn(Buffer.from([1, 2]), { type: 'image/png' }), { $raw: 'AQI=' })
  t.same(JSON.parse(format(event(pack(1), { other: Buffer.from([1]), big: 2n, no: Number.NaN }), 0)).metadata, {
    other: { $bin: 'AQ==' },
    big: { $int: '2' },
    no: { $float: 'NaN' },
  })
})

t.test('for people', async (t) => {
  const format = pretty({ time: false, lane: true }, NONE)
  t.equal(format(event(pack({ id: 1, tags: ['a'] })), 0), '3  a.b  {"id":1,"tags":["a"]}')
  t.equal(format(event(pack('plain text')), 0), '3  a.b  plain text')
  t.equal(format(event(Buffer.from([1, 2, 3]), { type: 'image/png' }), 0), '3  a.b  [3 bytes of image/png]')
  t.match(pretty({ time: true, lane: false }, NONE)(event(pack(1)), 0), /^\d\d:\d\d:\d\d\.000 {2}a\.b {2}1$/)
  t.match(pretty({ time: false, lane: false }, COLOURS)(event(pack(1)), 0), '\u001b[36ma.b\u001b[0m  1')
})

t.test('what is published does not steer a terminal', async (t) => {
  const format = pretty({ time: false, lane: false }, NONE)
  t.equal(format(event(pack('\u001b[2Jboo\r\nx\u0007\u009b\ttab')), 0), 'a.b  \\x1b[2Jboo\\r\\nx\\x07\\x9b\ttab')
  t.equal(harmless('na\u00efve \u2192'), 'na\u00efve \u2192')
  t.equal(harmlessJson('"\u009b1m\u007f"'), '"\\u009b1m\\u007f"')
  t.same(JSON.parse(harmlessJson('"\u009b"')), '\u009b', 'and says the same')
})

t.test('colours only where they are wanted', async (t) => {
  t.equal(COLOURS.red('x'), '\u001b[31mx\u001b[0m')
  for (const [tty, env] of [
    [false, {}],
    [true, { NO_COLOR: '1' }],
    [true, { TERM: 'dumb' }],
  ] as const) {
    t.equal(styleFor({ isTTY: tty }, env).red('x'), 'x')
  }
})
