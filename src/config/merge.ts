import { CHECKS } from './checks.js'
import { type Config, camel, ENTRIES, type Entry, TABLE_ENTRIES } from './config.js'
import { digestOf } from './digest.js'
import type { NamedTopics } from './topic-classes.js'

/** What comes of a configuration that is given while another one runs. */
export interface Merged {
  /** What is to run: options that take effect on reload as they are given, the others as they were. */
  readonly config: Config
  readonly digest: string
  /** Dotted names of what differs from what has run; of tables the name of each, such as `slo.orders`. */
  readonly changed: readonly string[]
  /** Likewise of what is given and needs a restart. */
  readonly pending: readonly string[]
}

type Values = { readonly [property: string]: unknown }
type Draft = { [section: string]: { [property: string]: unknown } }
type Row = Values & { readonly name: string }

/**
 * Takes of a configuration what can take effect while the daemon runs.
 * @param classes topics that are timed apart since the start: an objective on others has to wait for the next one
 * @returns a sentence when what is left of it is nothing that a daemon could run on
 */
export function mergeLive(running: Config, given: Config, classes: readonly NamedTopics[]): Merged | string {
  const draft: Draft = {}
  const changed = new Set<string>()
  const pending = new Set<string>()
  for (const entry of ENTRIES.values()) {
    const { section, property, dotted, reload } = entry
    draft[section] ??= {}
    const isSame = isEqual(settingOf(running, entry), settingOf(given, entry))
    draft[section][property] = settingOf(reload === 'live' ? given : running, entry)
    if (!isSame) (reload === 'live' ? changed : pending).add(dotted)
  }
  for (const [name, { reload }] of TABLE_ENTRIES) {
    const [before, wanted] = [rowsOf(running, name), rowsOf(given, name)]
    const rows = reload === 'restart' ? before : name === 'slo' ? timed(before, wanted, classes) : wanted
    ;(draft as unknown as { [table: string]: readonly Row[] })[camel(name)] = rows
    for (const key of differing(before, rows)) changed.add(`${name}.${key}`)
    for (const key of differing(wanted, rows)) pending.add(`${name}.${key}`)
  }
  const config = draft as unknown as Config
  const broken = settle(config, running, changed, pending)
  if (broken !== null) return broken
  return { config, digest: digestOf(config), changed: [...changed], pending: [...pending] }
}

/** An option that does not go together with one that has to wait for a restart waits for it, too. */
function settle(config: Config, running: Config, changed: Set<string>, pending: Set<string>): string | null {
  for (;;) {
    const check = CHECKS.find(({ keys, broken }) => broken(config, keys[0]) !== null)
    if (check === undefined) return null
    const movable = check.keys.filter((key) => changed.has(key))
    if (movable.length === 0) return `${check.keys[0]}: ${check.broken(config, check.keys[0])}`
    for (const key of movable) {
      const entry = ENTRIES.get(key) as Entry
      ;(config as unknown as Draft)[entry.section][entry.property] = settingOf(running, entry)
      changed.delete(key)
      pending.add(key)
    }
  }
}

/** Objectives on topics that are timed are taken as they are given; of the others, those that were there before stay what they were. */
function timed(before: readonly Row[], given: readonly Row[], classes: readonly NamedTopics[]): readonly Row[] {
  return given.flatMap((row) => {
    if (classes.some(({ topics }) => topics === row.topics)) return [row]
    return before.filter(({ name }) => name === row.name)
  })
}

/** Names of rows that are not the same in both. */
function differing(one: readonly Row[], other: readonly Row[]): string[] {
  const names = new Set([...one, ...other].map(({ name }) => name))
  const find = (rows: readonly Row[], name: string) => rows.find((row) => row.name === name)
  return [...names].filter((name) => !isEqual(find(one, name), find(other, name)))
}

function rowsOf(config: Config, name: string): readonly Row[] {
  return (config as unknown as { [table: string]: readonly Row[] })[camel(name)]
}

function settingOf(config: Config, { section, property }: Entry): unknown {
  return (config as unknown as { [section: string]: Values })[section][property]
}

/** Values are plain data whose keys come in one order. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
