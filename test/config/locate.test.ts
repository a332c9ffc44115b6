import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import t from 'tap'
import { locate, type Path } from '../../src/config/locate.js'

/** Places as "key value", each line:column. */
function at(toml: string, path: Path): string {
  const { key, value } = locate(toml)(path)
  return `${key.line}:${key.column} ${value.line}:${value.column}`
}

t.test('places', (t) => {
  const toml = `# a = 1
top = 1
[listen] # port = 9
  port = 7500
host.name = "a # b = 2"
"quoted \\u0041.key" = 'lit\\'
[ "router" . 'x' ]
weights = [
  64, # first
  [1, 2], { deep = 3 },
]
inline = { a = 1, b.c = """x " = y""""",
  d = [] }
long = '''
[listen]
port = 1
'''
when = 1979-05-27 07:32:00
last = true
[[lane]]
n = 0
[[lane]]
n = 1
[lane.sub]
m = 2
[[lane.more]]
[[lane.more]]
k = 3`
  parse(toml)
  const cases: [Path, string][] = [
    [['top'], '2:1 2:7'],
    [['listen'], '3:1 3:1'],
    [['listen', 'port'], '4:3 4:10'],
    [['listen', 'host'], '5:1 5:13'],
    [['listen', 'host', 'name'], '5:1 5:13'],
    [['listen', 'quoted A.key'], '6:1 6:23'],
    [['router', 'x'], '7:1 7:1'],
    [['router', 'x', 'weights', 0], '9:3 9:3'],
    [['router', 'x', 'weights', 1], '10:3 10:3'],
    [['router', 'x', 'weights', 1, 1], '10:7 10:7'],
    [['router', 'x', 'weights', 2, 'deep'], '10:13 10:20'],
    [['router', 'x', 'inline', 'b', 'c'], '12:19 12:25'],
    [['router', 'x', 'inline', 'd'], '13:3 13:7'],
    [['router', 'x', 'long'], '14:1 14:8'],
    [['router', 'x', 'last'], '19:1 19:8'],
    [['lane'], '20:1 20:1'],
    [['lane', 0, 'n'], '21:1 21:5'],
    [['lane', 1], '22:1 22:1'],
    [['lane', 1, 'n'], '23:1 23:5'],
    [['lane', 1, 'sub', 'm'], '25:1 25:5'],
    [['lane', 1, 'more', 1, 'k'], '28:1 28:5'],
    [['listen', 'absent'], '3:1 3:1'],
    [['absent'], '1:1 1:1'],
  ]
  for (const [path, places] of cases) t.equal(at(toml, path), places, path.join('.'))
  t.end()
})

t.test('a byte order mark and CRLF do not move lines', (t) => {
  const toml = '\ufeffa = 1\r\n\r\n[b]\r\nc = [1,\r\n2]\r\nd = "x"\r\n'
  parse(toml)
  t.equal(at(toml, ['b', 'c', 1]), '5:1 5:1')
  t.equal(at(toml, ['b', 'd']), '6:1 6:5')
  t.end()
})

t.test('every value of any document is found where its text is', (t) => {
  const key = fc.oneof(
    fc.constantFrom('a', 'b', 'c-d', 'e.f', '"', "'", '\\', '#', '[', '=', ' ', 'ä', '\u0007'),
    fc.string(),
  )
  const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constantFrom('"""', "'''", '\\"', '# no', '[x]'))
  const { table } = fc.letrec<{ table: Record<string, unknown>; value: unknown }>((tie) => ({
    table: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      tie('table'),
      fc.array(tie('table'), { maxLength: 3 }),
      fc.array(leaf, { maxLength: 3 }),
    ),
  }))
  let compared = 0
  fc.assert(
    fc.property(table, (document) => {
      const toml = stringify(document)
      const place = locate(toml)
      const lines = toml.split('\n')
      for (const [path, value] of leaves(parse(toml), [])) {
        if (path.length > 8) continue
        const { line, column } = place(path).value
        // One value is what a document of this key alone has in the same place: compare by parsing the rest of the line.
        const rest = lines
          .slice(line - 1)
          .join('\n')
          .slice(column - 1)
        const shown = typeof value === 'string' ? stringify({ x: value }).slice(4).trimEnd() : String(value)
        if (!rest.startsWith(shown)) throw new Error(`${JSON.stringify(path)} at ${line}:${column} in\n${toml}`)
        compared++
      }
    }),
    { numRuns: 2000 },
  )
  t.ok(compared > 1000, `${compared} places compared`)
  t.end()
})

t.test('a path of very many parts costs no more than its length', (t) => {
  const toml = `${'a.'.repeat(200_000)}a = 1\n[t]\nb = 2\n`
  t.equal(at(toml, ['t', 'b']), '3:1 3:5')
  t.end()
})

function* leaves(value: unknown, path: Path): Generator<[Path, unknown]> {
  if (Array.isArray(value)) for (const [i, member] of value.entries()) yield* leaves(member, [...path, i])
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) yield* leaves(member, [...path, key])
  } else yield [path, value]
}
