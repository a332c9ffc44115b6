import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import t from 'tap'
import { z } from 'zod'
import { DEFAULTS, ENTRIES, loadConfig } from '../../src/config/index.js'
import { renderSchema, renderToml } from '../../src/config/render.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const checkedIn = (name: string) => readFileSync(join(root, 'config', name), 'utf8')
const stale = 'run the build, then node dist/config/write-files.js'

interface Properties {
  properties: { [key: string]: { description: string; default: unknown } }
}
interface Schema {
  properties: { [name: string]: Properties | { type: 'array'; items: Properties & { required: string[] } } }
}

t.test('the checked-in files are what the options say', (t) => {
  t.equal(checkedIn('sluice.toml'), renderToml(), stale)
  t.equal(checkedIn('sluice.schema.json'), renderSchema(), stale)
  t.end()
})

t.test('the command writes them', (t) => {
  const dir = t.testdir()
  execFileSync(process.execPath, [fileURLToPath(new URL('../../src/config/write-files.js', import.meta.url)), dir])
  t.equal(readFileSync(join(dir, 'sluice.toml'), 'utf8'), renderToml())
  t.equal(readFileSync(join(dir, 'sluice.schema.json'), 'utf8'), renderSchema())
  t.end()
})

t.test('the default file says every option, at its default, and is the defaults', (t) => {
  const raw = parse(renderToml()) as { [section: string]: { [key: string]: unknown } }
  const said = Object.entries(raw).flatMap(([name, table]) => Object.keys(table).map((key) => `${name}.${key}`))
  t.same(said, [...ENTRIES.keys()])
  const loaded = loadConfig({ file: join(root, 'config', 'sluice.toml'), env: {}, flags: {} })
  t.match(loaded, { ok: true })
  if (loaded.ok) t.same(loaded.config, DEFAULTS)
  // Comments are wrapped.
  const text = renderToml().replaceAll('\n# ', ' ')
  for (const { variable, reload } of ENTRIES.values()) {
    t.match(text, new RegExp(`\\b${variable}${reload === 'live' ? '; live' : ''}\\n`), variable)
  }
  t.match(renderToml(), /^#:schema \.\/sluice\.schema\.json\n/)
  t.end()
})

t.test('every option has its words and names of its own', (t) => {
  for (const { dotted, option } of ENTRIES.values()) {
    t.match(option.describe, /^[A-Z0-9].*\.$/, `${dotted} is described in sentences`)
    t.match(option.reason, /^[A-Z0-9].*\.$/, `${dotted} has a reason in sentences`)
    t.ok(option.schema.safeParse(option.default).success, `${dotted} accepts its default`)
  }
  const variables = new Set([...ENTRIES.values()].map(({ variable }) => variable))
  t.equal(variables.size, ENTRIES.size, 'no two options share a variable')
  const properties = new Set([...ENTRIES.values()].map(({ section, property }) => `${section}.${property}`))
  t.equal(properties.size, ENTRIES.size, 'no two options share a property')
  t.end()
})

t.test('the schema has every option with words and default, and knows no others', (t) => {
  const schema = JSON.parse(renderSchema()) as Schema
  const options = Object.entries(schema.properties).flatMap(([name, table]) =>
    'items' in table
      ? []
      : Object.entries(table.properties).map(([key, option]) => ({ dotted: `${name}.${key}`, ...option })),
  )
  t.same(
    options.map(({ dotted }) => dotted),
    [...ENTRIES.keys()],
  )
  for (const option of options) {
    t.same(option.default, ENTRIES.get(option.dotted)!.option.default, option.dotted)
    t.ok(option.description.length > 0, option.dotted)
  }
  const validator = z.fromJSONSchema(JSON.parse(renderSchema()))
  t.ok(validator.safeParse(parse(renderToml())).success, 'the default file is valid by it')
  const refused = [
    { lisen: {} },
    { listen: { prot: 1 } },
    { listen: { port: '7400' } },
    { listen: { port: 65_536 } },
    { listen: { idle_timeout: 30 } },
    { listen: { message_bytes_max: '64KB' } },
    { outbox: { policy: 'drop' } },
    { router: { lane_weights: [1] } },
    { slo: { name: 'a' } },
    { slo: [{ name: 'a', topics: '>', threshold: '1ms' }] },
    { slo: [{ name: 'a', topics: '>', threshold: '1ms', objective: 0.9, topic: '>' }] },
    { topic_class: [{ name: 'A', topics: '>' }] },
  ]
  for (const document of refused) t.notOk(validator.safeParse(document).success, JSON.stringify(document))
  t.end()
})

t.test('what the loader accepts, the schema accepts', (t) => {
  const validator = z.fromJSONSchema(JSON.parse(renderSchema()))
  const entry = fc.constantFrom(...ENTRIES.values())
  const value = fc.oneof(
    fc.integer({ min: -1, max: 100_000 }),
    fc.double({ min: 0, max: 1 }),
    fc.boolean(),
    fc.string(),
    fc.constantFrom('auto', 'warn', 'conflate', '::1', 'localhost'),
    fc
      .tuple(fc.integer({ min: 0, max: 4096 }), fc.constantFrom('B', 'KiB', 'MiB', 'KB', 'ms', 's', 'm', 'd', ''))
      .map(([n, unit]) => `${n}${unit}`),
    fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 6, maxLength: 8 }),
  )
  let accepted = 0
  fc.assert(
    fc.property(entry, value, ({ section, key, option }, given) => {
      if (!option.schema.safeParse(given).success) return
      accepted++
      const document = parse(stringify({ [section]: { [key]: given } }))
      if (!validator.safeParse(document).success) throw new Error(`${section}.${key} = ${JSON.stringify(given)}`)
    }),
    { numRuns: 5000 },
  )
  t.ok(accepted > 200, `${accepted} values accepted by both`)
  t.end()
})
