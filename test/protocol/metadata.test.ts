import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { METADATA_TEXT_BYTES_MAX, TTL_MS_MAX } from '../../src/protocol/limits.js'
import { MetadataReader } from '../../src/protocol/metadata.js'
import { concat, RandomMsgpack, randomText, SeededRandom } from '../helpers/msgpack-random.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' })
const reader = new MetadataReader()

const read = (metadata: object) => {
  const bytes = packr.pack(metadata)
  return reader.read(bytes, 0, bytes.length)
}

t.test('what the daemon acts on', async (t) => {
  t.equal(read({}), 0)
  t.same([reader.ttl, reader.keyStart, reader.keyEnd], [0, 0, 0], 'absent')
  const bytes = packr.pack({
    id: 'x',
    ttl: 5000,
    key: 'sensor-1',
    type: 'text/plain',
    reply: 'a.b',
    headers: { a: 'b' },
  })
  t.equal(reader.read(bytes, 0, bytes.length), 0)
  t.equal(reader.ttl, 5000)
  t.equal(bytes.toString('utf8', reader.keyStart, reader.keyEnd), 'sensor-1')
  t.equal(read({}), 0)
  t.same([reader.ttl, reader.keyEnd], [0, 0], 'nothing is left of the last one')
})

t.test('unknown keys are carried, whatever they are', async (t) => {
  for (const other of [
    { x: 1 },
    { ttls: 'no' },
    { TTL: 'no' },
    { keys: 1 },
    { __proto__x: 1 },
    { '': [1, { a: null }] },
  ]) {
    t.equal(read(other), 0, JSON.stringify(other))
  }
  t.equal(
    read(
      new Map<unknown, unknown>([
        [1, 'a'],
        [null, 2],
        [new Map(), 3],
      ]),
    ),
    0,
    'keys of other types',
  )
  t.equal(read(JSON.parse('{"__proto__":{"ttl":"x"},"constructor":1}')), 0)
})

t.test('bad types and bounds', async (t) => {
  const long = 'é'.repeat(METADATA_TEXT_BYTES_MAX)
  for (const key of ['id', 'reply', 'type', 'key']) {
    for (const bad of [
      1,
      null,
      true,
      ['a'],
      { a: 'b' },
      Buffer.from('a'),
      long,
      `x${'y'.repeat(METADATA_TEXT_BYTES_MAX)}`,
    ]) {
      t.equal(read({ [key]: bad }), Code.BAD_METADATA, `${key}: ${String(bad).slice(0, 20)}`)
    }
    for (const good of ['', 'a', 'x'.repeat(METADATA_TEXT_BYTES_MAX)])
      t.equal(read({ [key]: good }), 0, `${key}: ${good.length} bytes`)
  }
  for (const bad of [
    0,
    -1,
    -100,
    -1000,
    -100_000,
    1.5,
    '5',
    null,
    TTL_MS_MAX + 1,
    2n ** 32n,
    2n ** 63n,
    -(2n ** 31n),
    [1],
    {},
  ]) {
    t.equal(read({ ttl: bad }), Code.BAD_METADATA, `ttl: ${String(bad)}`)
  }
  for (const good of [1, 127, 128, 255, 256, 65535, 65536, TTL_MS_MAX, 1n, BigInt(TTL_MS_MAX)]) {
    t.equal(read({ ttl: good }), 0, `ttl: ${good}`)
    t.equal(reader.ttl, Number(good))
  }
  for (const bad of ['a', 1, null, ['a'], { a: 1 }, { a: 'b', c: null }, new Map([[1, 'a']])]) {
    t.equal(read({ headers: bad }), Code.BAD_METADATA, `headers: ${JSON.stringify(bad)}`)
  }
  t.equal(read({ headers: { long } }), 0, 'headers have no bound of their own')
})

t.test('doubled keys: the last counts, as with msgpackr, and all are checked', async (t) => {
  const pair = (key: string, value: unknown) => concat(packr.pack(key), packr.pack(value))
  const twice = (a: Uint8Array, b: Uint8Array) => concat(Uint8Array.of(0x82), a, b)
  const bytes = twice(pair('ttl', 5), pair('ttl', 7))
  t.equal(reader.read(bytes, 0, bytes.length), 0)
  t.equal(reader.ttl, 7)
  t.equal(unpackr.unpack(bytes).get('ttl'), 7)
  for (const bad of [twice(pair('ttl', 'x'), pair('ttl', 7)), twice(pair('ttl', 7), pair('ttl', 'x'))]) {
    t.equal(reader.read(bad, 0, bad.length), Code.BAD_METADATA)
  }
})

type Pair = readonly [Uint8Array, Uint8Array]

/** The rules again, on decoded values: ttl and key, or null where they are broken. */
function expected(pairs: readonly Pair[]): { ttl: number; key: string } | null {
  let ttl = 0
  let key = ''
  const isText = (value: unknown) => typeof value === 'string' && Buffer.byteLength(value) <= METADATA_TEXT_BYTES_MAX
  for (const [name, bytes] of pairs) {
    const value = unpackr.unpack(bytes)
    switch (unpackr.unpack(name)) {
      case 'ttl':
        // A float of integer value is no integer on the wire.
        if (bytes[0] === 0xca || bytes[0] === 0xcb) return null
        if (!Number.isInteger(value) || value < 1 || value > TTL_MS_MAX) return null
        ttl = value
        break
      case 'key':
        if (!isText(value)) return null
        key = value
        break
      case 'id':
      case 'type':
      case 'reply':
        if (!isText(value)) return null
        break
      case 'headers':
        if (!(value instanceof Map)) return null
        for (const [header, content] of value)
          if (typeof header !== 'string' || typeof content !== 'string') return null
    }
  }
  return { ttl, key }
}

t.test('agrees with msgpackr on random metadata in every encoding', async (t) => {
  let good = 0
  let bad = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const values = new RandomMsgpack(random)
      for (let i = 0; i < 50; i++) {
        const pairs: Pair[] = []
        for (let n = random.below(random.oneIn(20) ? 20 : 4); n > 0; n--) {
          const name = random.pick(['id', 'ttl', 'reply', 'type', 'key', 'headers', 'other', 'ke', ''])
          let value = random.oneIn(12) ? values.value(2) : values.string(randomText(random))
          if (name === 'ttl' && !random.oneIn(6))
            value = values.uint(random.pick([0, 1, 100, 300, 70_000, TTL_MS_MAX, 2 ** 40]))
          if (name === 'headers' && !random.oneIn(6))
            value = values.map([[values.string('a'), values.string(randomText(random))]])
          pairs.push([values.string(name), value])
        }
        const map = values.map(pairs)
        const before = random.below(4)
        const bytes = concat(random.bytes(before), map, random.bytes(4))
        const code = reader.read(bytes, before, before + map.length)
        const want = expected(pairs)
        const key = Buffer.from(bytes.subarray(reader.keyStart, reader.keyEnd)).toString()
        const agrees =
          want === null ? code === Code.BAD_METADATA : code === 0 && reader.ttl === want.ttl && key === want.key
        if (!agrees) throw new Error(`${Buffer.from(map).toString('hex')}: ${code} ${reader.ttl} ${key}`)
        if (code === 0) good++
        else bad++
      }
    }),
    { numRuns: 400 },
  )
  t.ok(good > 5000 && bad > 2000, `${good} good, ${bad} bad`)
})
