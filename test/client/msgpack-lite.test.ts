import { Packr, Unpackr } from 'msgpackr'
import t from 'tap'
import * as lite from '../../src/client/msgpack-lite.js'
import { NESTING_MAX } from '../../src/protocol/limits.js'
import { skipValue } from '../../src/protocol/skip.js'
import { RandomMsgpack, randomText, SeededRandom } from '../helpers/msgpack-random.js'

const CASES = 20_000
const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 1_000_000)

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'auto' as 'number' })
const ownPackr = new lite.Packr()
const ownUnpackr = new lite.Unpackr({ int64AsType: 'auto' })

const EDGES = [0, 23, 24, 31, 32, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53]

function randomValue(random: SeededRandom, levels: number): unknown {
  switch (random.below(levels > 0 ? 9 : 7)) {
    case 0:
      return random.pick([null, undefined, true, false])
    case 1:
      return random.pick(EDGES) * random.pick([1, -1])
    case 2:
      return (random.below(2 ** 20) - 2 ** 19) / 16
    case 3:
      return BigInt(random.pick(EDGES)) * random.pick([1n, -1n, 1024n])
    case 4:
      return randomText(random)
    case 5:
      return random.bytes(random.oneIn(50) ? 300 : random.below(5))
    case 6:
      return 'x'.repeat(random.pick([31, 32, 255, 256, 300]))
    case 7:
      return Array.from({ length: random.oneIn(50) ? 20 : random.below(5) }, () => randomValue(random, levels - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.oneIn(50) ? 20 : random.below(5) }, () => [
          randomText(random),
          randomValue(random, levels - 1),
        ]),
      )
  }
}

t.test(`packs the same bytes as msgpackr (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  for (let i = 0; i < CASES; i++) {
    const value = randomValue(random, 3)
    const wanted = packr.pack(value)
    const got = ownPackr.pack(value)
    if (Buffer.compare(wanted, got) !== 0) {
      return t.same(Buffer.from(got).toString('hex'), wanted.toString('hex'), `case ${i}`)
    }
  }
  t.pass(`${CASES} values`)
})

t.test(`reads every lawful encoding as msgpackr does (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  const make = new RandomMsgpack(random)
  let compared = 0
  for (let i = 0; i < CASES; i++) {
    const bytes = make.value(3)
    let wanted: unknown
    try {
      wanted = unpackr.unpack(bytes)
    } catch {
      // A map key that no object can have; told by the next test.
      t.throws(() => ownUnpackr.unpack(bytes))
      continue
    }
    compared++
    const got = ownUnpackr.unpack(bytes)
    if (packHex(got) !== packHex(wanted)) return t.same(got, wanted, `case ${i}`)
  }
  t.ok(compared > CASES / 2)
})

const packHex = (value: unknown) => packr.pack(value).toString('hex')

t.test('what is no single value is refused', async (t) => {
  for (const bytes of [[], [1, 2], [0xc1], [0xd4, 1, 1], [0xa2, 0x61], [0xcb, 0], [0x81, 0x90, 1]]) {
    t.throws(() => ownUnpackr.unpack(Uint8Array.from(bytes)), JSON.stringify(bytes))
  }
  const { polluted } = ownUnpackr.unpack(packr.pack(new Map([['__proto__', { polluted: 1 }]]))) as {
    polluted?: unknown
  }
  t.equal(polluted, undefined)
})

t.test(`takes what the protocol takes, and no byte beyond its end (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  const make = new RandomMsgpack(random)
  let taken = 0
  for (let i = 0; i < CASES; i++) {
    const sound = make.value(3)
    const value = Buffer.from(sound)
    // One byte is another one, which makes lengths that lie, types that are not used, and ends in the middle.
    if (random.oneIn(2)) value[random.below(value.length)] = random.below(256)
    const start = random.below(9)
    const bytes = Buffer.concat([Buffer.alloc(start, 0xc0), value, Buffer.alloc(random.below(9), 0x01)])
    const end = start + value.length
    const isOne = skipValue(bytes, start, end) === end
    let isRead = true
    try {
      ownUnpackr.unpack(bytes, start, end)
      taken++
    } catch (error) {
      // What no object can have as a key is the one thing that is lawful and not taken.
      isRead = (error as Error).message === 'a map key that is no text' && isOne
    }
    if (isRead !== isOne) return t.equal(isRead, isOne, `case ${i}: ${value.toString('hex')}`)
  }
  t.ok(taken > CASES / 4, `${taken} of ${CASES}`)
})

t.test('nesting ends where the protocol says', async (t) => {
  const nested = (levels: number) => Uint8Array.from([...new Array(levels).fill(0x91), 0xc0])
  t.ok(Array.isArray(ownUnpackr.unpack(nested(NESTING_MAX))))
  t.throws(() => ownUnpackr.unpack(nested(NESTING_MAX + 1)))
})

t.test('texts that were seen before are not taken for others', async (t) => {
  // Of equal length, first, middle and last character, so of the same place in the cache.
  const alike = ['axxMxxz', 'ayxMxxz', 'axyMxxz', 'axxMyxz', 'axxMxyz']
  for (const text of [...alike, ...alike.reverse(), 'axxMxxé', 'ÿxxMxxz']) {
    t.equal(ownUnpackr.unpack(packr.pack(text)), text)
    t.same(ownUnpackr.unpack(packr.pack({ [text]: text })), { [text]: text })
  }
})

t.test('says as JSON would what msgpack has no type for', async (t) => {
  const date = new Date(0)
  const value = { date, set: new Set([1]), error: new RangeError('no'), pattern: /a/g, map: new Map([[1, date]]) }
  t.same(ownUnpackr.unpack(ownPackr.pack(value)), {
    date: date.toISOString(),
    set: [1],
    error: { name: 'RangeError', message: 'no' },
    pattern: '/a/g',
    map: { 1: date.toISOString() },
  })
  t.throws(() => ownPackr.pack(() => 1), TypeError)
  t.throws(() => ownPackr.pack(2n ** 64n), RangeError)
})

t.test('reused and own bytes are told apart', async (t) => {
  const shared = ownPackr.pack('abc', lite.REUSE_BUFFER_MODE) as Uint8Array & { start: number; end: number }
  t.equal(shared.end - shared.start, 4)
  const own = ownPackr.pack('abc')
  ownPackr.pack('xyz')
  t.same(own, Uint8Array.of(0xa3, 0x61, 0x62, 0x63))
})
