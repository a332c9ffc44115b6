import fc from 'fast-check'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { BROKEN_LINES_MAX, framesToText, TextReader } from '../../src/protocol/json.js'
import { Op } from '../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../src/protocol/scan.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

const reader = new TextReader()
const scanner = new EventScanner()

t.test('floods of bad lines: few answers, and an end', async (t) => {
  reader.read('x\n'.repeat(50_000))
  t.strictSame(
    reader.refused.map(({ code, count }) => [code, count]),
    [[Code.BAD_JSON, 50_000]],
  )
  reader.read(`${'[x]\n'.repeat(BROKEN_LINES_MAX)}["ping",1]`)
  t.equal(reader.refused.length, 1)
  t.not(reader.length, 0, 'so many are borne')
  reader.read(`${'[x]\n'.repeat(BROKEN_LINES_MAX + 1)}["ping",1]`)
  t.strictSame(
    reader.refused.map(({ count }) => count),
    [BROKEN_LINES_MAX + 1, 1],
  )
  t.match(reader.refused[1].message, /not read/)
  t.equal(reader.length, 0)
})

t.test('random text: never an exception, and what comes out is well formed', async (t) => {
  const templates = [
    '["event","a",3,{"b":[1,2.5,null,"x"]},{"type":"text/plain"}]',
    '["subscribe",1,"a.>",{"policy":"conflate"}]',
    '["ping",7]',
  ]
  let good = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      for (let i = 0; i < 50; i++) {
        const chars = [...random.pick(templates)]
        for (let n = random.below(3); n > 0; n--)
          chars[random.below(chars.length)] = random.pick([...'[]{}",:\\\n$e-1 u\ud800é'])
        reader.read(chars.join(''))
        let pos = 0
        while (pos < reader.length) {
          const end =
            reader.bytes[pos + 1] === Op.EVENT
              ? scanner.scan(reader.bytes, pos, reader.length)
              : frameEnd(reader.bytes, pos, reader.length)
          if (end <= pos) throw new Error(`${end} from ${chars.join('')}`)
          pos = end
          good++
        }
        framesToText(reader.bytes, 0, reader.length)
      }
    }),
    { numRuns: 400 },
  )
  t.ok(good > 1000, `${good} frames`)
})

t.test('half characters are refused wherever they stand', async (t) => {
  const cases: [line: string, code: number][] = [
    ['["event","\\ud800",3,1]', Code.BAD_TOPIC],
    ['["event","a",3,"\\ud800"]', Code.BAD_JSON],
    ['["event","a",3,{"\\udc00":1}]', Code.BAD_JSON],
    ['["event","a",3,1,{"id":"\\ud800"}]', Code.BAD_JSON],
    ['["subscribe",1,"\\ud800"]', Code.BAD_PATTERN],
    ['["hello",{"name":"\\ud800"}]', Code.BAD_JSON],
    ['["auth",1,{"token":"\\udfff"}]', Code.BAD_JSON],
    ['["auth",1,{"user":"a","password":"b\\ud800c"}]', Code.BAD_JSON],
  ]
  for (const [line, code] of cases) {
    reader.read(line)
    t.strictSame(
      reader.refused.map((refused) => refused.code),
      [code],
      line,
    )
  }
  reader.read('["hello",{"name":"\\ud83d\\ude00"}]')
  t.equal(reader.refused.length, 0, 'a pair is one character')
})

t.test('a number beyond all doubles is refused whatever the payload is', async (t) => {
  for (const metadata of ['', ',{"type":"application/json"}']) {
    for (const payload of ['1e999', '-1e999', '[{"a":1e400}]']) {
      reader.read(`["event","a",3,${payload}${metadata}]`)
      t.strictSame(
        reader.refused.map(({ code }) => code),
        [Code.BAD_JSON],
        payload,
      )
    }
  }
})
