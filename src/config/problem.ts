/** One thing wrong with the configuration, where it is and what to do. */
export interface Problem {
  /** The file as it was named, `SLUICE_…` for a variable, `--section.key` for a flag. */
  readonly source: string
  /** In files only; both count from 1, columns in UTF-16 units. */
  readonly line?: number
  readonly column?: number
  /** Dotted, as in `router.lane_weights`; empty when the whole file is meant. */
  readonly key: string
  /** A sentence that contains what follows. */
  readonly message: string
  readonly given?: string
  readonly expected?: string
  readonly meant?: string
}

/** Tells what was given without repeating a whole file: values are cut to this many characters. */
const SHOWN_CHARS_MAX = 60

/** `config/sluice.toml:12:1 router.lane_weigths: unknown key; did you mean router.lane_weights?` */
export function formatProblem(problem: Problem): string {
  const at = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`
  const isTold = problem.key === '' || problem.source === `--${problem.key}`
  const key = isTold ? '' : ` ${problem.key}`
  return `${problem.source}${at}${key}: ${problem.message}`
}

/** A value as TOML would write it, short and on one line. Never throws, whatever was parsed. */
export function show(value: unknown): string {
  return short(literal(value))
}

/** A dotted key; parts that TOML would want quoted are quoted, which also keeps control characters off the terminal. */
export function showKey(path: readonly string[]): string {
  return path.map((part) => short(/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part))).join('.')
}

function literal(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Number.isNaN(value)) return 'nan'
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Array.isArray(value)) return `[${value.slice(0, SHOWN_CHARS_MAX).map(item).join(', ')}]`
  if (value instanceof Date) return 'a date'
  if (typeof value === 'object' && value !== null) return 'a table'
  return String(value)
}

function item(value: unknown): string {
  return Array.isArray(value) ? '[…]' : literal(value)
}

function short(text: string): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX - 1)}…` : text
}
