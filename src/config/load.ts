import { CHECKS } from './checks.js'
import { buildConfig, type Config } from './config.js'
import { digestOf } from './digest.js'
import { fromFile } from './from-file.js'
import { fromEnvironment, fromFlags } from './from-names.js'
import type { Given, Said } from './given.js'
import type { Problem } from './problem.js'
import { readConfigFile } from './read-file.js'
import { refusal } from './refusal.js'

export interface LoadOptions {
  /** Path of a TOML file; without one (and without `text`) the defaults are where it starts. */
  readonly file?: string
  /** The file's content, when the caller has it already; `file` is then only its name. */
  readonly text?: string
  readonly env: { readonly [name: string]: string | undefined }
  /** By dotted name: `{ 'listen.port': '7500' }`. */
  readonly flags: { readonly [dotted: string]: string }
}

export type Loaded =
  | {
      readonly ok: true
      readonly config: Config
      /** 16 hexadecimal digits that tell one effective configuration from another, in logs and after a reload. */
      readonly digest: string
      /** What had a part in it, weakest first: the file, then variables, then flags. */
      readonly sources: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Where a configuration has come from, and may be read from again. */
export interface ConfigSource {
  /** Of what was read first. */
  readonly digest: string
  read(): Loaded
}

/**
 * The configuration from defaults, file, environment and flags, each over the one before. Tells everything that is wrong, not only the
 * first: values that a stronger source replaces are checked too. Never throws for what was given.
 */
export function loadConfig(options: LoadOptions): Loaded {
  const said = [saidByFile(options), fromEnvironment(options.env), fromFlags(options.flags)]
  const problems: Problem[] = []
  const values = new Map<string, unknown>()
  const strongest = new Map<string, Given>()
  const refused = new Set<string>()

  for (const source of said) {
    const found = [...source.problems]
    for (const given of source.given) {
      const { dotted, option } = given.entry
      const parsed = option.schema.safeParse(given.raw)
      if (parsed.success) {
        values.set(dotted, parsed.data)
        strongest.set(dotted, given)
      } else {
        refused.add(dotted)
        found.push(refusal(option, dotted, given))
      }
    }
    problems.push(...found.sort(byPlace))
  }

  const config = buildConfig(values, said[0].tables)
  if (!said.some(({ isUnread }) => isUnread)) {
    for (const { keys, broken } of CHECKS) {
      const at = keys.some((key) => refused.has(key)) ? null : lastSet(keys, strongest, said)
      const message = at && broken(config, at.key)
      if (message !== null) problems.push({ ...at!, message })
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, config, digest: digestOf(config), sources: sourcesOf(said) }
}

function saidByFile({ file, text }: LoadOptions): Said {
  if (text !== undefined) return fromFile(text, file ?? '<text>')
  if (file === undefined) return { given: [], problems: [] }
  const read = readConfigFile(file)
  return 'text' in read
    ? fromFile(read.text, file)
    : { given: [], problems: [{ source: file, key: '', message: read.error }], isUnread: true }
}

/** Where the last word about one of the keys was spoken: that is where somebody will want to change something. */
function lastSet(
  keys: readonly string[],
  strongest: ReadonlyMap<string, Given>,
  said: readonly Said[],
): Omit<Problem, 'message'> | null {
  const rank = (given: Given) => said.findIndex((source) => source.given.includes(given))
  const set = keys.flatMap((key) => strongest.get(key) ?? [])
  if (set.length === 0) return null
  const last = set.reduce((best, given) => (rank(given) > rank(best) ? given : best))
  return { source: last.source, ...last.position, key: last.entry.dotted }
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}

function sourcesOf(said: readonly Said[]): string[] {
  return [...new Set(said.flatMap(({ given }) => given.map(({ source }) => source)))]
}
