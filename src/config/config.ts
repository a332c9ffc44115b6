import { assert } from '../base/assert.js'
import type { Kind, Option, Reload } from './option.js'
import type { Section } from './section.js'
import { SECTIONS } from './sections/index.js'
import type { Table } from './table.js'
import { TABLES } from './tables/index.js'

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

/** Durations end in Ms; sizes say Bytes somewhere, at the end if the name does not. */
type Named<Key extends string, K extends Kind> = K extends 'duration'
  ? `${Camel<Key>}Ms`
  : K extends 'size'
    ? Key extends `${string}bytes${string}`
      ? Camel<Key>
      : `${Camel<Key>}Bytes`
    : Camel<Key>

type KindOf<O> = O extends Option<infer _T, infer K> ? K : never
type ValueOf<O> = O extends Option<infer T, Kind> ? T : never

type OptionsConfig<O> = { readonly [Key in keyof O & string as Named<Key, KindOf<O[Key]>>]: ValueOf<O[Key]> }
type SectionConfig<S> = S extends Section<infer O> ? OptionsConfig<O> : never
type TableConfig<T> = T extends { readonly options: infer O } ? OptionsConfig<O> : never

/**
 * What the daemon runs on: `config.listen.idleTimeoutMs`, `config.memory.budgetBytes`, `config.slo[0].thresholdMs`. Frozen; sizes in bytes, times in
 * milliseconds.
 */
export type Config = { readonly [S in keyof typeof SECTIONS]: SectionConfig<(typeof SECTIONS)[S]> } & {
  readonly [T in keyof typeof TABLES as Camel<T>]: readonly TableConfig<(typeof TABLES)[T]>[]
}

/** One option with its names everywhere. */
export interface Entry {
  readonly section: string
  /** As in the file. */
  readonly key: string
  /** `listen.port`: in problems and, behind two dashes, as a flag. */
  readonly dotted: string
  /** `SLUICE_LISTEN_PORT` */
  readonly variable: string
  /** `idleTimeoutMs`: in Config. */
  readonly property: string
  readonly option: Option
  readonly reload: Reload
}

export const VARIABLE_PREFIX = 'SLUICE_'

/** Every option, in the order of the file, by its dotted name. */
export const ENTRIES: ReadonlyMap<string, Entry> = new Map(
  Object.entries(SECTIONS as { readonly [name: string]: Section }).flatMap(([section, { options, reload }]) =>
    Object.entries(options).map(([key, option]): [string, Entry] => {
      const dotted = `${section}.${key}`
      const variable = `${VARIABLE_PREFIX}${section}_${key}`.toUpperCase()
      return [
        dotted,
        {
          section,
          key,
          dotted,
          variable,
          property: propertyName(key, option.kind),
          option,
          reload: option.reload ?? reload,
        },
      ]
    }),
  ),
)

export const TABLE_ENTRIES: ReadonlyMap<string, Table> = new Map(
  Object.entries(TABLES as { readonly [name: string]: Table }),
)

/**
 * @param values by dotted name; what is missing has its default.
 * @param tables by name, each with values by key; likewise.
 */
export function buildConfig(
  values: ReadonlyMap<string, unknown>,
  tables: ReadonlyMap<string, readonly ReadonlyMap<string, unknown>[]> = new Map(),
): Config {
  const sections: Record<string, Record<string, unknown>> = {}
  for (const [dotted, { section, property, option }] of ENTRIES) {
    sections[section] ??= {}
    sections[section][property] = values.has(dotted) ? values.get(dotted) : defaultOf(option)
  }
  const config: Record<string, unknown> = sections
  for (const [name, { options }] of TABLE_ENTRIES) {
    config[camel(name)] = (tables.get(name) ?? []).map((given) =>
      Object.fromEntries(
        Object.entries(options).map(([key, option]) => [
          propertyName(key, option.kind),
          given.has(key) ? given.get(key) : defaultOf(option),
        ]),
      ),
    )
  }
  return deepFreeze(config) as unknown as Config
}

function defaultOf(option: Option): unknown {
  const parsed = option.schema.safeParse(option.default)
  assert(parsed.success, 'the default of an option is valid')
  return parsed.data
}

/** The run-time twin of `Named`. */
export function propertyName(key: string, kind: Kind): string {
  if (kind === 'duration') return `${camel(key)}Ms`
  return kind === 'size' && !key.includes('bytes') ? `${camel(key)}Bytes` : camel(key)
}

/** The run-time twin of `Camel`. */
export function camel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}

/** The daemon without a file, a variable or a flag. */
export const DEFAULTS: Config = buildConfig(new Map())
