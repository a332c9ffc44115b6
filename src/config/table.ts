import type { Literal, Reload } from './option.js'
import type { Options } from './section.js'

/** An array of tables, `[[slo]]`: as many as somebody writes, none by default. In the file only: a list of tables is no text for a variable or a flag. */
export interface Table<O extends Options = Options, R extends keyof O & string = keyof O & string> {
  /** What one of them is, in a line or two. */
  readonly describe: string
  /** Of all of them together: one more, one less, or one that has changed. */
  readonly reload: Reload
  readonly options: O
  /** Keys that each must have; the default of these is an example and nothing more. `name` is always one, and unique. */
  readonly required: readonly R[]
  /** One that could be somebody's, for the file: comments there show it. */
  readonly example: { readonly [Key in keyof O & string]: Literal }
  readonly countMax: number
}

/** Keeps the exact types of the options, of which Config is made. */
export function table<const O extends Options, const R extends keyof O & string>(definition: Table<O, R>): Table<O, R> {
  return definition
}

/** Names end up in topics ($sys.slo.{name}), labels of metrics and file names. */
export const NAME_PATTERN = /^[a-z0-9_-]{1,64}$/
export const NAME_EXPECTS = '1 to 64 of a-z, 0-9, "_" and "-"'
