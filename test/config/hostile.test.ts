import fc from 'fast-check'
import { stringify } from 'smol-toml'
import t from 'tap'
import { ENTRIES, formatProblem, loadConfig } from '../../src/config/index.js'

/** Loads, and demands an answer that can be used: a configuration, or problems that say where they are on one line each. */
function answer(text: string, env: Record<string, string> = {}, flags: Record<string, string> = {}): boolean {
  const loaded = loadConfig({ file: 'c.toml', text, env, flags })
  if (loaded.ok) return true
  if (loaded.problems.length === 0) throw new Error('refused without a reason')
  const lines = text.split('\n')
  for (const problem of loaded.problems) {
    const shown = formatProblem(problem)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through
    if (/[\u0000-\u001f]/.test(shown)) throw new Error(`not fit for a terminal: ${JSON.stringify(shown)}`)
    if (problem.source !== 'c.toml') continue
    if (problem.line === undefined || problem.line < 1 || problem.line > lines.length) throw new Error(shown)
    if (problem.column! < 1 || problem.column! > lines[problem.line - 1]!.length + 1) throw new Error(shown)
  }
  return false
}

const sections = [
  ...new Set([...ENTRIES.values()].map(({ section }) => section)),
  'lisen',
  '__proto__',
  'constructor',
  '',
]
const keys = [...[...ENTRIES.values()].map(({ key }) => key), 'prot', '__proto__', 'toString', 'a.b', '\u001b', '']

t.test('any text gets an answer', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      answer(text)
    }),
    { numRuns: 2000 },
  )
  t.pass('no text threw')
  t.end()
})

t.test('any sequence of what TOML is made of gets an answer', (t) => {
  const token = fc.constantFrom(
    ...[
      '[',
      ']',
      '[[',
      ']]',
      '{',
      '}',
      '=',
      ' = ',
      '.',
      ',',
      '"',
      "'",
      '"""',
      "'''",
      '\\',
      '\n',
      '\r\n',
      '\r',
      '#',
      ' ',
    ],
    ...['1', '-', '0x', '1e9', 'inf', 'nan', 'true', '1979-05-27', '\\u0000', '\ufeff', '\0', '\ud800', 'é', '"1MiB"'],
    ...['listen', 'port', 'router', 'lane_weights', 'log', 'level', '__proto__', 'constructor'],
    ...['\n[listen]\n', '\nport = ', '\n[router]\nlane_weights = [', '\nlisten = {', '\n[[log]]\n'],
  )
  let accepted = 0
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
      if (answer(tokens.join(''))) accepted++
    }),
    { numRuns: 10_000 },
  )
  t.ok(accepted > 0, `${accepted} were configurations`)
  t.end()
})

t.test('any document gets an answer', (t) => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      fc.boolean(),
      fc.string({ unit: 'binary' }),
      fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
      fc.array(tie('value'), { maxLength: 8 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
    ),
  }))
  const document = fc.dictionary(
    fc.constantFrom(...sections),
    fc.oneof({ weight: 5, arbitrary: fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }) }, value),
    { maxKeys: 5 },
  )
  let refused = 0
  fc.assert(
    fc.property(document, (table) => {
      if (!answer(stringify(table))) refused++
    }),
    { numRuns: 1500 },
  )
  t.ok(refused > 500, `${refused} were refused`)
  t.end()
})

t.test('any variables and flags get an answer', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '0', '1', '-1', '1e9', '[', '[]', ',', 'true', '1MiB', '10s'),
  )
  const variable = fc.oneof(
    fc.constantFrom(...[...ENTRIES.values()].map((entry) => entry.variable)),
    fc.string({ unit: 'binary' }).map((name) => `SLUICE_LOG_${name}`),
    fc.string().map((name) => `SLUICE_${name}`),
  )
  const flag = fc.oneof(fc.constantFrom(...ENTRIES.keys()), fc.string({ unit: 'binary' }))
  let refused = 0
  fc.assert(
    fc.property(fc.dictionary(variable, text), fc.dictionary(flag, text), (env, flags) => {
      if (!answer('', env, flags)) refused++
    }),
    { numRuns: 1500 },
  )
  t.ok(refused > 500, `${refused} were refused`)
  t.end()
})

t.test('large and deep documents get an answer', (t) => {
  const depth = 50_000
  const documents = [
    `a = ${'['.repeat(depth)}${']'.repeat(depth)}`,
    `a = ${'{ a = '.repeat(depth)}1${' }'.repeat(depth)}`,
    `listen.port = [{ ${'a.'.repeat(depth)}a = 1 }]`,
    `[${'listen.'.repeat(depth)}a]`,
    `${'x'.repeat(500_000)} = 1`,
    `[log]\n${'x'.repeat(500_000)} = 1`,
    `[log]\nlevel = "${'x'.repeat(500_000)}"`,
    `[router]\nlane_weights = [${'1,'.repeat(100_000)}]`,
    Array.from({ length: 2000 }, (_, i) => `k${i} = 1`).join('\n'),
    Array.from({ length: 2000 }, () => '[[listen]]').join('\n'),
  ]
  for (const text of documents) t.notOk(answer(text), `${text.slice(0, 30)}…`)
  t.end()
})
