import t from 'tap'
import { bar, columns } from '../../../src/cli/top/bars.js'
import { age, bytes, count, factor, objective, percent, short, time } from '../../../src/cli/top/figures.js'
import { fitting, plainText, span, widthOf } from '../../../src/cli/top/spans.js'
import { table } from '../../../src/cli/top/table.js'
import { clipped, columnsOf, inLines, visible } from '../../../src/cli/top/text.js'

t.test('figures have three digits and a unit', async (t) => {
  const cases: [string, string][] = [
    [count(0), '0'],
    [count(0.25), '0.3'],
    [count(7), '7'],
    [count(999), '999'],
    [count(999.7), '1.00k'],
    [count(12_345), '12.3k'],
    [count(999_999), '1.00M'],
    [count(1_234_567), '1.23M'],
    [count(98_765_432_100), '98.8G'],
    [count(Number.NaN), '–'],
    [bytes(512), '512B'],
    [bytes(1_047_552), '1023KiB'],
    [bytes(67_108_864), '64.0MiB'],
    [time(0.0214), '21µs'],
    [time(0.9996), '1.00ms'],
    [time(12.34), '12.3ms'],
    [time(999.6), '1.00s'],
    [time(125_000), '2m 05s'],
    [age(59.9), '59s'],
    [age(3_725), '1h 02m'],
    [age(273_600), '3d 04h'],
    [percent(0.685), '69%'],
    [percent(0.0042), '0.4%'],
    [percent(-0.31), '-31%'],
    [objective(0.9995), '99.95%'],
    [factor(0), '0'],
    [factor(0.001), '<.01'],
    [factor(0.12), '0.12'],
    [factor(4.44), '4.4'],
    [factor(22.4), '22'],
    [short('1.80M'), '1.8M'],
    [short('1.00ms'), '1ms'],
    [short('250µs'), '250µs'],
  ]
  for (const [figure, wanted] of cases) t.equal(figure, wanted)
})

t.test('text knows its columns', async (t) => {
  t.equal(columnsOf('abc'), 3)
  t.equal(columnsOf('日本'), 4)
  t.equal(columnsOf('e\u0301'), 1)
  t.equal(columnsOf('🚀x'), 3)
  t.equal(clipped('billing', 7), 'billing')
  t.equal(clipped('billing-archive', 8), 'billing…')
  t.equal(clipped('日本語', 4), '日…')
  t.equal(clipped('abc', 0), '')
  t.equal(visible('a\tb\u001b[31m\u202e'), 'a b\\x1b[31m\\u{202e}')
})

t.test('sentences are broken between words', async (t) => {
  t.same(inLines('one two three', 20, 2), ['one two three'])
  t.same(inLines('one two three', 8, 2), ['one two', 'three'])
  t.same(inLines('one two three four', 9, 1), ['one two …'])
  t.same(inLines('one two three four', 7, 1), ['one …'])
  t.same(inLines('incomprehensible', 8, 1), ['incompr…'])
})

t.test('parts are there whole or not at all, the first ones first', async (t) => {
  const parts = ['aaaa', 'bbbb', 'cc'].map((text) => [span(text)])
  t.equal(plainText(fitting(parts, 14)), 'aaaa  bbbb  cc')
  t.equal(plainText(fitting(parts, 9)), 'aaaa  cc')
  t.equal(plainText(fitting(parts, 3)), 'cc')
})

t.test('a table leaves out whole columns, those of the highest rank first', async (t) => {
  const rows = [{ name: 'a-long-name', x: '123', y: '4' }]
  const draw = (width: number): string[] =>
    table(
      [
        { title: 'name', align: 'left', rank: 0, most: 20, cell: ({ name }, own) => span(clipped(name, own)) },
        { title: 'p50', group: 'g', align: 'right', rank: 2, cell: ({ x }) => span(x) },
        { title: 'p99', group: 'g', align: 'right', rank: 1, cell: ({ y }) => span(y) },
      ],
      rows,
      width,
    ).map(plainText)
  t.same(draw(40), ['name          g p50  p99', 'a-long-name     123    4'])
  t.same(draw(17), ['name   g p50  p99', 'a-l…     123    4'])
  t.same(draw(15), ['name  g p50 p99', 'a-l…    123   4'])
  t.same(draw(12), ['name   g p99', 'a-l…       4'], 'the name of the group moves on')
  t.same(draw(4), ['name', 'a-l…'])
})

t.test('bars and columns', async (t) => {
  t.equal(plainText(bar(0.5, 8, 'red')), '████░░░░')
  t.equal(plainText(bar(0.55, 10, 'red')), '█████▌░░░░')
  t.equal(plainText(bar(7, 4, 'red')), '████')
  t.equal(plainText(bar(-1, 4, 'red')), '░░░░')
  t.equal(widthOf(bar(Number.NaN, 4, 'red')), 4)
  t.same(columns([0, null, 1, 50, 100], 6, 1, 100), ['   ▁▄█'])
  t.same(columns([25, 50, 100], 3, 2, 100), ['  █', '▄██'])
  t.same(columns([1, 2], 1, 1, 2), ['█'], 'the latest')
  t.same(columns([0, 0], 3, 1, 0), ['   '])
})
