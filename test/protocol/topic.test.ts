import fc from 'fast-check'
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { TOPIC_BYTES_MAX, TOPIC_TOKENS_MAX } from '../../src/protocol/limits.js'
import { checkPattern, checkTopic, isLiteral, isSystemTopic, topicMatches } from '../../src/protocol/topic.js'
import { concat, SeededRandom } from '../helpers/msgpack-random.js'

const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const topicCode = (text: string) => {
  const bytes = encoder.encode(text)
  return checkTopic(bytes, 0, bytes.length)
}
const patternCode = (text: string) => {
  const bytes = encoder.encode(text)
  return checkPattern(bytes, 0, bytes.length)
}

t.test('topics', async (t) => {
  const bytes255 = 'x'.repeat(TOPIC_BYTES_MAX)
  const tokens16 = Array(TOPIC_TOKENS_MAX).fill('t').join('.')
  for (const good of [
    'a',
    'orders.eu.created',
    '$sys',
    '$sys.a',
    'a-b_c/d:e',
    'é.中.😀',
    bytes255,
    tokens16,
    '$',
    'a$sys',
  ]) {
    t.equal(topicCode(good), 0, JSON.stringify(good))
    t.equal(patternCode(good), 0, `${JSON.stringify(good)} is a pattern too`)
  }
  for (const bad of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'a\t',
    '\u0000',
    'a\u007f',
    'a\n',
    '*',
    '>',
    'a.*',
    'a.>',
    'a*',
    'a>b',
  ]) {
    t.equal(topicCode(bad), Code.BAD_TOPIC, JSON.stringify(bad))
  }
  t.equal(topicCode(`${bytes255}x`), Code.TOPIC_TOO_LONG)
  t.equal(topicCode(`${tokens16}.t`), Code.TOPIC_TOO_LONG)
  t.equal(topicCode('é'.repeat(128)), Code.TOPIC_TOO_LONG, 'bytes count, not characters')
})

t.test('patterns', async (t) => {
  for (const good of ['*', '>', '*.*', 'a.*.c', 'a.>', '*.>', '$sys.>', '$sys.*']) t.equal(patternCode(good), 0, good)
  for (const bad of ['', '>.a', 'a.>.b', '>>', '**', 'a*', '*a', 'a.b>', 'a.>b', '>.', '*.', '.*', 'a.*b.c', '>.>']) {
    t.equal(patternCode(bad), Code.BAD_PATTERN, bad)
  }
  t.equal(
    patternCode(
      Array(TOPIC_TOKENS_MAX + 1)
        .fill('*')
        .join('.'),
    ),
    Code.TOPIC_TOO_LONG,
  )
})

/** The grammar again, on text and with no regard to speed. Null: too long, whatever else. */
function isGood(bytes: Uint8Array, wildcards: boolean): boolean | null {
  if (bytes.length > TOPIC_BYTES_MAX) return null
  let text: string
  try {
    text = strict.decode(bytes)
  } catch {
    return false
  }
  const tokens = text.split('.')
  if (tokens.length > TOPIC_TOKENS_MAX) return null
  return tokens.every((token, i) => {
    if (wildcards && (token === '*' || (token === '>' && i === tokens.length - 1))) return true
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    return /^[^\u0000-\u0020\u007f.*>]+$/u.test(token)
  })
}

const PIECES = ['a', 'bc', '.', '.', '*', '>', ' ', '\u0001', '\u007f', 'é', '€', '😀', '$sys', '\ufeff'].map((piece) =>
  encoder.encode(piece),
)

function randomTopicBytes(random: SeededRandom): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = random.below(random.oneIn(20) ? 60 : 8); i >= 0; i--) {
    if (random.oneIn(6)) parts.push(random.bytes(1 + random.below(3)))
    else parts.push(random.pick(PIECES.slice(0, random.oneIn(2) ? 4 : PIECES.length)))
  }
  return concat(...parts)
}

t.test('checkTopic and checkPattern agree with the grammar, UTF-8 as TextDecoder has it', async (t) => {
  let good = 0
  let bad = 0
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      for (let i = 0; i < 100; i++) {
        const bytes = randomTopicBytes(random)
        const before = random.below(4)
        const framed = concat(random.bytes(before), bytes, random.bytes(4))
        for (const [check, wildcards, code] of [
          [checkTopic, false, Code.BAD_TOPIC],
          [checkPattern, true, Code.BAD_PATTERN],
        ] as const) {
          const expected = isGood(bytes, wildcards)
          const actual = check(framed, before, before + bytes.length)
          const agrees =
            expected === null
              ? actual !== 0
              : expected
                ? actual === 0
                : actual === code || actual === Code.TOPIC_TOO_LONG
          if (!agrees) throw new Error(`${Buffer.from(bytes).toString('hex')}: ${actual}, expected ${expected}`)
          if (actual === 0) good++
          else bad++
        }
      }
    }),
    { numRuns: 500 },
  )
  t.ok(good > 10_000 && bad > 10_000, `${good} good, ${bad} bad`)
})

t.test(
  'every sequence of two bytes, and of three and four at the borders, is UTF-8 as TextDecoder has it',
  async (t) => {
    const borders = [
      0x00, 0x21, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
    ]
    borders.push(0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff)
    const disagreements: string[] = []
    const compare = (bytes: number[]) => {
      const array = Uint8Array.from(bytes)
      if (isGood(array, false) !== (checkTopic(array, 0, array.length) === 0)) disagreements.push(String(bytes))
    }
    for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) compare([a, b])
    for (const a of borders)
      for (const b of borders)
        for (const c of borders) {
          compare([a, b, c])
          for (const d of borders) compare([a, b, c, d])
        }
    t.same(disagreements, [])
  },
)

function* sequences(alphabet: readonly string[], longest: number): Generator<string[]> {
  let level: string[][] = [[]]
  for (let length = 1; length <= longest; length++) {
    level = level.flatMap((head) => alphabet.map((token) => [...head, token]))
    yield* level
  }
}

t.test('topicMatches agrees with regular expressions, all patterns and topics of up to four tokens', async (t) => {
  const topics = [...sequences(['a', 'b', '$sys'], 4)]
  let checked = 0
  const disagreements: string[] = []
  for (const pattern of sequences(['a', 'b', '*', '>', '$sys'], 4)) {
    if (pattern.slice(0, -1).includes('>')) continue
    const source = pattern.map((token) => (token === '*' ? '[^.]+' : token === '>' ? '.+' : token.replace('$', '\\$')))
    const regex = new RegExp(`^${source.join('\\.')}$`)
    const fromWildcard = pattern[0] === '*' || pattern[0] === '>'
    for (const topic of topics) {
      const name = topic.join('.')
      const expected = regex.test(name) && !(topic[0] === '$sys' && fromWildcard)
      if (topicMatches(pattern.join('.'), name) !== expected) disagreements.push(`${pattern.join('.')} ${name}`)
      checked++
    }
  }
  t.same(disagreements, [])
  t.ok(checked > 40_000, `${checked} pairs`)
})

t.test('system topics and literals', async (t) => {
  const isSystem = (text: string) => isSystemTopic(encoder.encode(`..${text}..`), 2, 2 + encoder.encode(text).length)
  t.ok(isSystem('$sys'))
  t.ok(isSystem('$sys.a.b'))
  for (const other of ['', '$', '$sy', '$system', '$sys2.a', 'a.$sys', 'x']) t.notOk(isSystem(other), other)
  for (const literal of ['a', 'a.b', 'a*b', '$sys']) t.ok(isLiteral(literal), literal)
  for (const wild of ['*', '>', 'a.*', 'a.>', '*.a', 'a.*.b']) t.notOk(isLiteral(wild), wild)
})
