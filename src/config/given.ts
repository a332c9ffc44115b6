import type { Entry } from './config.js'
import type { Position } from './locate.js'
import type { Problem } from './problem.js'

/** What somebody said about one option, before it is known to be valid. */
export interface Given {
  readonly entry: Entry
  /** As TOML would give it. */
  readonly raw: unknown
  /** The file as it was named, the variable, or the flag. */
  readonly source: string
  /** Of the value; in files only. */
  readonly position?: Position
}

/** All that one source said: what can be used, and what cannot be understood. */
export interface Said {
  readonly given: readonly Given[]
  readonly problems: readonly Problem[]
  /** Values of arrays of tables by name, each by key: those that are valid. In files only. */
  readonly tables?: ReadonlyMap<string, readonly ReadonlyMap<string, unknown>[]>
  /** Nothing of it could be read, so rules between options would be judged on half of the facts. */
  readonly isUnread?: boolean
}
