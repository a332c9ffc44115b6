import { assert } from '../base/assert.js'
import type { Kind, Option } from './option.js'
import type { Section } from './section.js'
import { SECTIONS } from './sections/index.js'

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

type SectionConfig<S> =
  S extends Section<infer O>
    ? { readonly [Key in keyof O & string as Named<Key, KindOf<O[Key]>>]: ValueOf<O[Key]> }
    : never

/** What the daemon runs on: `config.listen.idleTimeoutMs`, `config.memory.budgetBytes`. Frozen; sizes in bytes, times in milliseconds. */
export type Config = { readonly [S in keyof typeof SECTIONS]: SectionConfig<(typeof SECTIONS)[S]> }

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
}

export const VARIABLE_PREFIX = 'SLUICE_'

/** Every option, in the order of the file, by its dotted name. */
export const ENTRIES: ReadonlyMap<string, Entry> = new Map(
  Object.entries(SECTIONS as { readonly [name: string]: Section }).flatMap(([section, { options }]) =>
    Object.entries(options).map(([key, option]): [string, Entry] => {
      const dotted = `${section}.${key}`
      const variable = `${VARIABLE_PREFIX}${section}_${key}`.toUpperCase()
      return [dotted, { section, key, dotted, variable, property: propertyName(key, option.kind), option }]
    }),
  ),
)

/** @param values by dotted name; what is missing has its default. */
export function buildConfig(values: ReadonlyMap<string, unknown>): Config {
  const config: Record<string, Record<string, unknown>> = {}
  for (const [dotted, { section, property, option }] of ENTRIES) {
    config[section] ??= {}
    config[section][property] = values.has(dotted) ? values.get(dotted) : defaultOf(option)
  }
  return deepFreeze(config) as unknown as Config
}

function defaultOf(option: Option): unknown {
  const parsed = option.schema.safeParse(option.default)
  assert(parsed.success, 'the default of an option is valid')
  return parsed.data
}

/** The run-time twin of `Named`. */
function propertyName(key: string, kind: Kind): string {
  const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  if (kind === 'duration') return `${camel}Ms`
  return kind === 'size' && !key.includes('bytes') ? `${camel}Bytes` : camel
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
