import fc from 'fast-check'
import t from 'tap'
import { LineSplitter, TOO_LONG } from '../../src/cli/lines.js'

function split(chunks: readonly Buffer[], bytesMax = 1000): string[] {
  const splitter = new LineSplitter(bytesMax)
  const lines: string[] = []
  for (const chunk of chunks) for (const line of splitter.push(chunk)) lines.push(shown(line))
  for (const line of splitter.end()) lines.push(shown(line))
  return lines
}

function shown(line: Buffer | typeof TOO_LONG): string {
  return line === TOO_LONG ? '(too long)' : line.toString('latin1')
}

t.test('LF and CRLF end a line; the last needs none', async (t) => {
  t.same(split([Buffer.from('a\nb\r\n\nc')]), ['a', 'b', '', 'c'])
  t.same(split([Buffer.from('a\n')]), ['a'], 'no empty line after the last end')
  t.same(split([]), [])
  t.same(split([Buffer.from('a\rb\n\r\n')]), ['a\rb', ''], 'a CR within a line is part of it')
})

t.test('wherever the stream is cut, the lines are the same', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'bc', '\n', '\r\n', '\u00e9'), { maxLength: 30 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      (pieces, cuts) => {
        const whole = Buffer.from(pieces.join(''), 'latin1')
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end))
        t.same(split(chunks), split([whole]))
      },
    ),
    { numRuns: 300 },
  )
})

t.test('a line over the limit is left out, once, and the next is whole', async (t) => {
  t.same(split([Buffer.from('123456\nab\n')], 5), ['(too long)', 'ab'])
  t.same(
    split(
      ['123', '456', '789', '0\nab'].map((text) => Buffer.from(text)),
      5,
    ),
    ['(too long)', 'ab'],
  )
  t.same(split([Buffer.from('12345\n')], 5), ['12345'])
  t.same(
    split(
      ['12345', '67'].map((text) => Buffer.from(text)),
      5,
    ),
    ['(too long)'],
    'at the end of the stream too',
  )
})
