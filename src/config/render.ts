import { z } from 'zod'
import { ENTRIES, TABLE_ENTRIES } from './config.js'
import type { Literal, Option, Reload } from './option.js'
import type { Section } from './section.js'
import { SECTIONS } from './sections/index.js'
import type { Table } from './table.js'

export const TOML_NAME = 'sluice.toml'
export const SCHEMA_NAME = 'sluice.schema.json'

const COMMENT_COLUMNS = 110

const sections: { readonly [name: string]: Section } = SECTIONS

const WHEN: { readonly [R in Reload]: string } = { live: 'takes effect on reload', restart: 'needs a restart' }

const HEAD = `Sluice: every option, at its default. A line left out has its default too.
Over this file goes the environment (each option names its variable), over that a flag: --listen.port 7500.
Sizes: "64KiB", "1MiB", "1GiB", or a plain number of bytes. Times: "500ms", "10s", "2m", "1h", "1d".
What says "live" is in force as soon as the file is read again (SIGHUP, or sluice reload); all else needs a restart.
Lines that begin with # and no space after it are examples of what may stand there any number of times.
"sluice check config/sluice.toml" tells what is wrong with a file, and where.
Generated from src/config/sections: change defaults and words there.`

/** config/sluice.toml: what the options' table says, as a file to copy and edit. */
export function renderToml(): string {
  const blocks = Object.entries(sections).map(([name, { describe, options }]) => {
    const entries = Object.entries(options).map(([key, option]) => renderOption(`${name}.${key}`, key, option))
    return [comment(describe), `[${name}]`, '', entries.join('\n\n')].join('\n')
  })
  for (const [name, table] of TABLE_ENTRIES) blocks.push(renderTable(name, table))
  return `#:schema ./${SCHEMA_NAME}\n\n${HEAD.split('\n')
    .map((line) => `# ${line}`)
    .join('\n')}\n\n${blocks.join('\n\n\n')}\n`
}

/** config/sluice.schema.json: what editors complete and underline. Draft 7, which all of them know. */
export function renderSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Sluice configuration',
    type: 'object',
    properties: {
      ...mapValues(sections, ({ describe, options, reload }) => ({
        description: describe,
        type: 'object',
        properties: mapValues(options, (option) => optionSchema(option, option.reload ?? reload)),
        additionalProperties: false,
      })),
      ...mapValues(Object.fromEntries(TABLE_ENTRIES), tableSchema),
    },
    additionalProperties: false,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function tableSchema({ describe, options, required, countMax, reload }: Table): object {
  return {
    description: `${describe} (${WHEN[reload]})`,
    type: 'array',
    maxItems: countMax,
    items: {
      type: 'object',
      properties: mapValues(options, (option, key) => {
        const { default: _, ...schema } = optionSchema(option, null) as { default: unknown }
        return required.includes(key)
          ? { ...schema, description: `${option.describe} (${range(option)})` }
          : optionSchema(option, null)
      }),
      required,
      additionalProperties: false,
    },
  }
}

/** zod leaves out the default of what is transformed (sizes and times), so both are set here. */
function optionSchema(option: Option, reload: Reload | null): object {
  const { $schema: _, ...schema } = z.toJSONSchema(option.schema, { io: 'input', target: 'draft-7' })
  const when = reload === null ? '' : `; ${WHEN[reload]}`
  const description = `${option.describe} ${option.reason} (${facts(option)}${when})`
  return { description, default: option.default, ...schema }
}

function mapValues<T, U>(from: { readonly [key: string]: T }, map: (value: T, key: string) => U): { [key: string]: U } {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, map(value, key)]))
}

function renderOption(dotted: string, key: string, option: Option): string {
  const entry = ENTRIES.get(dotted)!
  const lines = [
    comment(option.describe),
    comment(`Why: ${option.reason}`),
    comment(`${facts(option)}; ${entry.variable}${entry.reload === 'live' ? '; live' : ''}`),
  ]
  return `${lines.join('\n')}\n${key} = ${literal(option.default)}`
}

/** One that could be somebody's, as comments: there is none until somebody takes the # away. */
function renderTable(name: string, { describe, options, required, example, countMax, reload }: Table): string {
  const keys = Object.entries(options).map(([key, option]) => {
    const isRequired = required.includes(key)
    const why = isRequired ? [] : [comment(`Why: ${option.reason}`)]
    const about = isRequired ? `${range(option)}; needed` : facts(option)
    return [comment(option.describe), ...why, comment(about), `#${key} = ${literal(example[key])}`].join('\n')
  })
  return [
    comment(`${describe} None by default, at most ${countMax}; in a file only${reload === 'live' ? '; live' : ''}.`),
    `#[[${name}]]`,
    '',
    keys.join('\n\n'),
  ].join('\n')
}

/** Unit, range and default, which stay true in a copy whose values were changed. */
function facts(option: Option): string {
  return `${range(option)}; default ${literal(option.default)}`
}

function range({ unit, range }: Option): string {
  return unit === '' ? range : `${unit}: ${range}`
}

function literal(value: Literal): string {
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(', ')}]` : JSON.stringify(value)
}

function comment(text: string): string {
  const lines: string[] = []
  let line = '#'
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > COMMENT_COLUMNS) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line].join('\n')
}
