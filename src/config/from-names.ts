import { ENTRIES, type Entry, TABLE_ENTRIES, VARIABLE_PREFIX } from './config.js'
import type { Given, Said } from './given.js'
import { editDistance, nearest } from './nearest.js'
import { type Problem, showKey } from './problem.js'
import { SECTIONS } from './sections/index.js'

const byVariable: ReadonlyMap<string, Entry> = new Map([...ENTRIES.values()].map((entry) => [entry.variable, entry]))
const sectionPrefixes = Object.keys(SECTIONS).map((name) => `${VARIABLE_PREFIX}${name.toUpperCase()}_`)

/** So many letters wrong in the name of a section still count as meant for us. */
const TYPO_DISTANCE_MAX = 2

/**
 * `SLUICE_LISTEN_PORT=7500`. Variables that begin like those of a section must be options. Others that begin with `SLUICE_` may be
 * somebody else's (a client's, or what Kubernetes sets for a service called sluice), so they are refused only when nearly an option's.
 */
export function fromEnvironment(env: { readonly [name: string]: string | undefined }): Said {
  const given: Given[] = []
  const problems: Problem[] = []
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(VARIABLE_PREFIX)) continue
    const entry = byVariable.get(name)
    if (entry !== undefined) given.push({ entry, raw: entry.option.fromText(text), source: name })
    else if (sectionPrefixes.some((prefix) => name.startsWith(prefix)) || isTypo(name)) {
      const meant = nearest(withoutPrefix(name), [...byVariable.keys()].map(withoutPrefix))
      problems.push(unknown('variable', showKey([name]), meant === null ? null : VARIABLE_PREFIX + meant))
    }
  }
  return { given, problems }
}

/** @param flags by dotted name: `{ 'listen.port': '7500' }` for `--listen.port 7500`. */
export function fromFlags(flags: { readonly [dotted: string]: string }): Said {
  const given: Given[] = []
  const problems: Problem[] = []
  for (const [name, text] of Object.entries(flags)) {
    const entry = ENTRIES.get(name)
    if (entry !== undefined) given.push({ entry, raw: entry.option.fromText(text), source: `--${name}` })
    else if (TABLE_ENTRIES.has(name.split('.')[0])) {
      const source = `--${showKey(name.split('.'))}`
      problems.push({ source, key: '', message: `[[${name.split('.')[0]}]] can be given in a configuration file only` })
    } else {
      const meant = nearest(name, ENTRIES.keys())
      problems.push(unknown('flag', `--${showKey(name.split('.'))}`, meant === null ? null : `--${meant}`))
    }
  }
  return { given, problems }
}

function isTypo(name: string): boolean {
  return [...byVariable.keys()].some(
    (variable) =>
      Math.abs(variable.length - name.length) <= TYPO_DISTANCE_MAX && editDistance(variable, name) <= TYPO_DISTANCE_MAX,
  )
}

function withoutPrefix(name: string): string {
  return name.slice(VARIABLE_PREFIX.length)
}

function unknown(what: 'variable' | 'flag', source: string, meant: string | null): Problem {
  if (meant === null) return { source, key: '', message: `unknown ${what}; config/sluice.toml lists every option` }
  return { source, key: '', message: `unknown ${what}; did you mean ${meant}?`, meant }
}
