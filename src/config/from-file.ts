import { parse, TomlError } from 'smol-toml'
import { ENTRIES, TABLE_ENTRIES } from './config.js'
import { isTable, readTables } from './from-tables.js'
import type { Given, Said } from './given.js'
import { locate, type Path } from './locate.js'
import { nearest } from './nearest.js'
import { type Problem, show, showKey } from './problem.js'
import type { Section } from './section.js'
import { SECTIONS } from './sections/index.js'

/** Levels of arrays and inline tables: options have one. Bounds every walk over what was parsed. */
const NESTING_MAX = 16

const sections: { readonly [name: string]: Section } = SECTIONS

/** Takes a TOML text apart into options. Never throws; a syntax error is the only problem then, as nothing after it can be trusted. */
export function fromFile(toml: string, source: string): Said {
  let root: Record<string, unknown>
  try {
    // As bigint, an integer too large for a number reaches the option's own check instead of ending the parse.
    root = parse(toml, { integersAsBigInt: 'asNeeded', maxDepth: NESTING_MAX })
  } catch (error) {
    return { given: [], problems: [syntaxProblem(toml, source, error)], isUnread: true }
  }
  const place = locate(toml)
  const given: Given[] = []
  const problems: Problem[] = []
  const unknown = (path: string[], message: string, meant: string | null) => {
    problems.push({
      source,
      ...place(path).key,
      key: showKey(path),
      message,
      ...(meant !== null && { meant }),
    })
  }
  const isLocated = (path: Path) => ({ source, position: place(path).value })

  for (const [name, table] of Object.entries(root)) {
    if (TABLE_ENTRIES.has(name)) continue
    if (!Object.hasOwn(sections, name)) {
      unknown([name], ...unknownName(name, table))
    } else if (!isTable(table)) {
      const [shown, expected] = [show(table), `a table: [${name}] and its keys on lines of their own`]
      const message = `expected ${expected}, given ${shown}`
      problems.push({ source, ...place([name]).key, key: name, message, given: shown, expected })
    } else {
      for (const [key, raw] of Object.entries(table)) {
        const entry = ENTRIES.get(`${name}.${key}`)
        if (entry !== undefined) given.push({ entry, raw, ...isLocated([name, key]) })
        else unknown([name, key], ...unknownKey(name, key))
      }
    }
  }
  const read = readTables(root, { source, place })
  return { given, problems: [...problems, ...read.problems], tables: read.tables }
}

function unknownName(name: string, value: unknown): [string, string | null] {
  const headers = [...Object.keys(sections), ...TABLE_ENTRIES.keys()]
  const near = nearest(name, headers)
  const header = near === null ? null : TABLE_ENTRIES.has(near) ? `[[${near}]]` : `[${near}]`
  if (Array.isArray(value) && value.length > 0 && value.every(isTable)) {
    const known = [...TABLE_ENTRIES.keys()].map((table) => `[[${table}]]`).join(', ')
    if (header !== null) return [`unknown array of tables; did you mean ${header}?`, header]
    return [`unknown array of tables; there are ${known}`, null]
  }
  if (!isTable(value)) {
    const meant = nearestOption(name)
    if (meant !== null) return [`unknown key; did you mean ${meant}?`, meant]
    return ['unknown key; every option is in a section', null]
  }
  if (header !== null) return [`unknown section; did you mean ${header}?`, header]
  const inside = nearestOption(name)
  if (inside !== null) return [`unknown section; did you mean ${inside}?`, inside]
  return [`unknown section; there are ${headers.join(', ')}`, null]
}

function unknownKey(section: string, key: string): [string, string | null] {
  const keys = Object.keys(sections[section]!.options)
  const near = nearest(key, keys)
  const meant = near === null ? nearestOption(key) : `${section}.${near}`
  if (meant !== null) return [`unknown key; did you mean ${meant}?`, meant]
  return [`unknown key; [${section}] has ${keys.join(', ')}`, null]
}

/** For a key in the wrong section, or in none: the dotted name of an option called so. */
function nearestOption(key: string): string | null {
  const entries = [...ENTRIES.values()]
  const name = nearest(
    key,
    entries.map((entry) => entry.key),
  )
  return entries.find((entry) => entry.key === name)?.dotted ?? nearest(key, ENTRIES.keys())
}

function syntaxProblem(toml: string, source: string, error: unknown): Problem {
  const { message } = error as Error
  const why = message.split('\n', 1)[0]!.replace('Invalid TOML document: ', '').replace(/\.$/, '')
  if (!(error instanceof TomlError)) return { source, key: '', message: `not TOML: ${why}` }
  const { line, column } = error
  const meant = guessQuoted(toml.split('\n')[line - 1] ?? '')
  const hint = meant === null ? '' : `; did you mean ${meant}?`
  return {
    source,
    line,
    column,
    key: '',
    message: `not TOML: ${why}${hint}`,
    ...(meant !== null && { meant }),
  }
}

/** The commonest error in a configuration: `host = 127.0.0.1` and `idle_timeout = 30s` without quotes. */
function guessQuoted(line: string): string | null {
  const parts = /^\s*([A-Za-z0-9_.-]+)\s*=\s*([A-Za-z0-9][A-Za-z0-9_.:/%-]*)\s*(?:#.*)?$/.exec(line)
  if (parts === null) return null
  const [, key, value] = parts
  if (isToml(value!)) return null
  return /^(true|false)$/i.test(value!) ? `${key} = ${value!.toLowerCase()}` : `${key} = ${JSON.stringify(value)}`
}

function isToml(value: string): boolean {
  try {
    parse(`x = ${value}`)
    return true
  } catch {
    return false
  }
}
