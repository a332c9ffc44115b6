import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { NESTING_MAX } from '../../src/protocol/limits.js'
import { skipValue } from '../../src/protocol/skip.js'
import { concat, RandomMsgpack, SeededRandom } from '../helpers/msgpack-random.js'

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false })

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const skip = (bytes: Uint8Array) => skipValue(bytes, 0, bytes.length)

/** What follows the end must not matter: the same answer before zeros, ones and whatever was there. */
function skipUnderPoison(bytes: Uint8Array, start: number, end: number): number {
  const answer = skipValue(bytes, start, end)
  for (const poison of [0x00, 0xc1, 0xff]) {
    const poisoned = Uint8Array.from(bytes)
    poisoned.fill(poison, end)
    const again = skipValue(poisoned, start, end)
    if (again !== answer) throw new Error(`read past the end: ${answer} became ${again}`)
  }
  return answer
}

t.test('ends where msgpackr ends, over 10^5 values of every type and encoding', async (t) => {
  let cases = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const values = new RandomMsgpack(random)
      const parts = Array.from({ length: 100 }, () => values.value(random.oneIn(20) ? 8 : 3))
      const bytes = concat(...parts)
      const ends: number[] = []
      unpackr.unpackMultiple(bytes, (...[, , end]: unknown[]) => {
        ends.push(end as number)
      })
      let pos = 0
      for (const end of ends) {
        pos = skipValue(bytes, pos, bytes.length)
        if (pos !== end) throw new Error(`${pos}, msgpackr: ${end}`)
        cases++
      }
      if (pos !== bytes.length) throw new Error('values left over')
    }),
    { numRuns: 1000 },
  )
  t.equal(cases, 100_000)
})

t.test('a value cut at any byte is malformed, whatever follows', async (t) => {
  let cuts = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const before = random.below(4)
      const value = new RandomMsgpack(random).value(3)
      const bytes = concat(random.bytes(before), value, random.bytes(8))
      const step = value.length > 2000 ? 97 : 1
      for (let cut = 0; cut < value.length; cut += step) {
        const answer = skipUnderPoison(bytes, before, before + cut)
        if (answer !== -Code.MALFORMED) throw new Error(`cut at ${cut} of ${value.length}: ${answer}`)
        cuts++
      }
      const whole = skipUnderPoison(bytes, before, before + value.length)
      if (whole !== before + value.length) throw new Error(`whole: ${whole}`)
    }),
    { numRuns: 2000 },
  )
  t.ok(cuts > 10_000, `${cuts} cuts`)
})

t.test('lengths that lie are malformed', async (t) => {
  for (const lie of ['c6 ffffffff', 'db ffffffff', 'dd ffffffff', 'df ffffffff', 'dc ffff', 'de ffff', 'df 80000000']) {
    t.equal(skip(hex(lie)), -Code.MALFORMED, lie)
    t.equal(skip(hex(`${lie} 00 00 00 00`)), -Code.MALFORMED, `${lie} and four bytes`)
  }
  t.equal(skip(hex('92 c6 ffffffff 00')), -Code.MALFORMED, 'within an array')
})

t.test('what the protocol does not use is refused', async (t) => {
  t.equal(skip(hex('c1')), -Code.MALFORMED)
  for (const ext of [
    'c7 00 01',
    'c8 0000 01',
    'c9 00000000 01',
    'd4 01 00',
    'd5 01 0000',
    'd6 ff 00000000',
    'd7 ff',
    'd8',
  ]) {
    t.equal(skip(hex(ext)), -Code.BAD_ARGUMENTS, ext)
    t.equal(skip(hex(`91 ${ext}`)), -Code.BAD_ARGUMENTS, `${ext} in an array`)
  }
})

t.test('nesting', async (t) => {
  const nested = (lead: number[], levels: number) => [...Array.from({ length: levels }, () => lead).flat(), 0xc0]
  for (const lead of [
    [0x91],
    [0xdc, 0, 1],
    [0xdd, 0, 0, 0, 1],
    [0x81, 0x01],
    [0xde, 0, 1, 0x01],
    [0xdf, 0, 0, 0, 1, 1],
  ]) {
    const deepest = Uint8Array.from(nested(lead, NESTING_MAX))
    t.equal(skip(deepest), deepest.length, `${NESTING_MAX} levels of ${lead}`)
    t.equal(skip(Uint8Array.from(nested(lead, NESTING_MAX + 1))), -Code.TOO_DEEP, 'one more')
  }
  t.equal(skip(new Uint8Array(65536).fill(0x91)), -Code.TOO_DEEP, 'a bomb')
  t.equal(skip(concat(hex('dd 0000ffff'), new Uint8Array(65535).fill(0x90))), 65540, 'wide is not deep')
  t.equal(
    skip(concat(new Uint8Array(NESTING_MAX).fill(0x91), hex('90'))),
    NESTING_MAX + 1,
    'an empty one opens no level',
  )
})
