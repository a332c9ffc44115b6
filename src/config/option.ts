import { z } from 'zod'
import { assert } from '../base/assert.js'
import { checkPattern } from '../protocol/topic.js'
import { nearest } from './nearest.js'
import {
  DURATION_PATTERN,
  FINE_DURATION_PATTERN,
  guessDuration,
  guessSize,
  parseBytes,
  parseFineMs,
  parseMs,
  SIZE_PATTERN,
} from './units.js'

/** When a changed option takes effect: once the configuration is read again, or at the next start. */
export type Reload = 'live' | 'restart'

export type Kind = 'integer' | 'ratio' | 'boolean' | 'text' | 'choice' | 'size' | 'duration' | 'integers' | 'texts'

/** What a default may be, as TOML says it. */
export type Literal = string | number | boolean | readonly number[] | readonly string[]

/** What TOML gives where a single value stands, dates aside. */
export type Scalar = string | number | bigint | boolean

/**
 * One option, defined once: the loader, the types, config/sluice.toml and the JSON schema all come from this.
 * `T` is what the daemon sees: bytes and milliseconds as integers.
 */
export interface Option<T = unknown, K extends Kind = Kind> {
  readonly kind: K
  /** Takes what TOML gives, answers what the daemon sees. */
  readonly schema: z.ZodType<T>
  readonly default: Literal
  /** What one of the number is: 'bytes', 'frames'; empty where the value speaks for itself. */
  readonly unit: string
  /** One line: what it does. */
  readonly describe: string
  /** Why the default is what it is. */
  readonly reason: string
  /** As its section or table has it, unless it says so itself. */
  readonly reload?: Reload
  /** Completes "expected …". */
  readonly expects: string
  /** The bounds, or the choices, as the comment in the file states them. */
  readonly range: string
  /** The TOML value that the text of an environment variable or flag stands for; the text itself when it is none, for the schema to refuse. */
  readonly fromText: (text: string) => unknown
  /** What a refused value may have been meant to be, likeliest first. They need not be valid: the caller checks. */
  readonly guesses: (given: Scalar | readonly Scalar[]) => readonly Literal[]
}

interface About<D> {
  readonly default: D
  readonly describe: string
  readonly reason: string
  readonly reload?: Reload
}

interface Bounds<D> {
  readonly min: D
  readonly max: D
}

export function integer(about: About<number> & Bounds<number> & { unit: string }): Option<number, 'integer'> {
  const { min, max } = about
  return {
    ...about,
    kind: 'integer',
    schema: z.int().min(min).max(max),
    range: `${min} to ${max}`,
    expects: `an integer from ${min} to ${max}`,
    fromText: numberFromText,
    guesses: (given) => (typeof given === 'string' && given !== '' ? [Number(given.replace(/[\s,_]/g, ''))] : []),
  }
}

/** A share of something: a number between two others, both included. */
export function ratio(about: About<number> & Bounds<number>): Option<number, 'ratio'> {
  const { min, max } = about
  return {
    ...about,
    kind: 'ratio',
    unit: 'share of 1',
    schema: z.number().min(min).max(max),
    range: `${min} to ${max}`,
    expects: `a number from ${min} to ${max}`,
    fromText: numberFromText,
    guesses: (given) => {
      if (typeof given === 'number') return [percent(given)]
      if (typeof given !== 'string' || given === '') return []
      const number = Number(given.replace('%', ''))
      return [number, percent(number)]
    },
  }
}

/** 99.9 → 0.999, and not 0.9990000000000001. */
function percent(number: number): number {
  return Number((number / 100).toPrecision(12))
}

export function boolean(about: About<boolean>): Option<boolean, 'boolean'> {
  return {
    ...about,
    kind: 'boolean',
    unit: '',
    schema: z.boolean(),
    range: 'true or false',
    expects: 'true or false',
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    guesses: (given) => {
      if (/^(true|yes|on|1)$/i.test(String(given))) return [true]
      return /^(false|no|off|0)$/i.test(String(given)) ? [false] : []
    },
  }
}

export function text(about: About<string> & { pattern: RegExp; expects: string }): Option<string, 'text'> {
  return {
    ...about,
    kind: 'text',
    unit: '',
    schema: z.string().regex(about.pattern),
    range: about.expects,
    fromText: (given) => given,
    guesses: (given) => (typeof given === 'number' || typeof given === 'boolean' ? [String(given)] : []),
  }
}

/** @param about.meant what other spellings stand for, such as true for "always". */
export function choice<const V extends readonly string[]>(
  about: About<V[number]> & { values: V; meant?: { readonly [given: string]: V[number] } },
): Option<V[number], 'choice'> {
  const values = about.values.map((value) => JSON.stringify(value))
  return {
    ...about,
    kind: 'choice',
    unit: '',
    schema: z.enum(about.values as readonly string[]),
    range: values.join(', '),
    expects: `one of ${values.join(', ')}`,
    fromText: (given) => given,
    guesses: (given) => {
      const name = String(given)
      const alias = about.meant !== undefined && Object.hasOwn(about.meant, name) ? about.meant[name]! : null
      return [alias, nearest(name, about.values)].filter((value) => value !== null)
    },
  }
}

/** Bytes: "64KiB", "1MiB", or a plain integer. */
export function size(about: About<string> & Bounds<string>): Option<number, 'size'> {
  const min = bound(parseBytes(about.min))
  const max = bound(parseBytes(about.max))
  return {
    ...about,
    kind: 'size',
    unit: 'bytes',
    schema: z
      .union([z.int().min(min).max(max), z.string().regex(SIZE_PATTERN)])
      .transform(within(parseBytes, min, max)),
    range: `"${about.min}" to "${about.max}"`,
    expects: `a size from "${about.min}" to "${about.max}"`,
    fromText: (given) => given,
    guesses: (given) => [typeof given === 'string' ? guessSize(given) : null].filter((guess) => guess !== null),
  }
}

/** Time: "500ms", "10s", "2m", "1h", "1d". @param about.off whether 0 is accepted besides the range, and switches something off. */
export function duration(about: About<string> & Bounds<string> & { off?: boolean }): Option<number, 'duration'> {
  const min = bound(parseMs(about.min))
  const max = bound(parseMs(about.max))
  const zero = about.off === true ? '0 or ' : ''
  return {
    ...about,
    kind: 'duration',
    unit: 'time',
    schema: z
      .union([z.literal(0), z.string().regex(DURATION_PATTERN)])
      .transform(within(parseMs, min, max, about.off === true ? 0 : undefined)),
    range: `${zero}"${about.min}" to "${about.max}"`,
    expects: `${zero === '' ? '' : '0 (off) or '}a duration from "${about.min}" to "${about.max}"`,
    fromText: (given) => given,
    guesses: (given) => {
      const name = String(given)
      return [guessDuration(name), `${name}s`, `${name}ms`].filter((guess) => guess !== null)
    },
  }
}

/** Time that may be shorter than a millisecond: "250us", "1.5ms". Milliseconds, with fractions. */
export function fineDuration(about: About<string> & Bounds<string>): Option<number, 'duration'> {
  const min = bound(parseFineMs(about.min))
  const max = bound(parseFineMs(about.max))
  return {
    ...about,
    kind: 'duration',
    unit: 'time',
    schema: z
      .string()
      .regex(FINE_DURATION_PATTERN)
      .transform(within(parseFineMs, min, max)),
    range: `"${about.min}" to "${about.max}"`,
    expects: `a duration from "${about.min}" to "${about.max}"`,
    fromText: (given) => given,
    guesses: (given) => {
      const name = String(given)
      return [guessDuration(name), `${name}ms`, `${name}us`].filter((guess) => guess !== null)
    },
  }
}

/** A pattern of topics. */
export function pattern(about: About<string>): Option<string, 'text'> {
  return {
    ...about,
    kind: 'text',
    unit: '',
    schema: z.string().refine(isPattern),
    range: PATTERN_EXPECTS,
    expects: PATTERN_EXPECTS,
    fromText: (given) => given,
    guesses: (given) => [
      String(given)
        .replace(/\.{2,}/g, '.')
        .replace(/^\.|\.$/g, '')
        .replace(/\*\*$/, '>')
        .replace(/([^.])([*>])$/, '$1.$2'),
    ],
  }
}

const PATTERN_EXPECTS = 'a pattern such as "orders.>" or "orders.*.created"'

function isPattern(text: string): boolean {
  const bytes = new TextEncoder().encode(text)
  return checkPattern(bytes, 0, bytes.length) === 0
}

/** A list of so many integers. */
export function integers(
  about: About<readonly number[]> & Bounds<number> & { length: number; unit: string },
): Option<readonly number[], 'integers'> {
  const { min, max, length } = about
  return {
    ...about,
    kind: 'integers',
    schema: z.array(z.int().min(min).max(max)).length(length),
    range: `${length} integers, each ${min} to ${max}`,
    expects: `a list of ${length} integers from ${min} to ${max}`,
    fromText: (given) => listFromText(given),
    guesses: (given) => {
      const list = typeof given === 'string' ? listFromText(given) : given
      return Array.isArray(list) ? [list.map(Number)] : []
    },
  }
}

/** A list of texts, each of one form; empty where the default is. */
export function texts(
  about: About<readonly string[]> & { pattern: RegExp; expects: string; lengthMax: number },
): Option<readonly string[], 'texts'> {
  return {
    ...about,
    kind: 'texts',
    unit: '',
    schema: z.array(z.string().regex(about.pattern)).max(about.lengthMax),
    range: about.expects,
    fromText: (text) => itemsOf(text).filter((item) => item !== ''),
    guesses: (given) => (typeof given === 'string' ? [itemsOf(given)] : []),
  }
}

/** A list of some of so many words. */
export function choices<const V extends readonly string[]>(
  about: About<readonly V[number][]> & { values: V },
): Option<readonly V[number][], 'texts'> {
  const expects = `a list of some of ${about.values.map((value) => JSON.stringify(value)).join(', ')}`
  return {
    ...about,
    kind: 'texts',
    unit: '',
    schema: z.array(z.enum(about.values as readonly V[number][])).min(1),
    expects,
    range: expects,
    fromText: (text) => itemsOf(text).filter((item) => item !== ''),
    guesses: (given) => {
      const list = typeof given === 'string' ? itemsOf(given) : given
      return Array.isArray(list) ? [list.map((item) => nearest(String(item), about.values) ?? String(item))] : []
    },
  }
}

/** A list of patterns of topics; {user} may stand for a token. */
export function patterns(about: About<readonly string[]>): Option<readonly string[], 'texts'> {
  return {
    ...about,
    kind: 'texts',
    unit: '',
    schema: z.array(z.string().refine((text) => isPattern(text.replaceAll(USER_PLACE, 'user')))).max(PATTERNS_MAX),
    range: PATTERNS_EXPECTS,
    expects: PATTERNS_EXPECTS,
    fromText: (text) => itemsOf(text).filter((item) => item !== ''),
    guesses: (given) => (typeof given === 'string' ? [itemsOf(given)] : []),
  }
}

/** In a pattern of a role: the name of whoever has it. */
export const USER_PLACE = '{user}'
/** Of one list: each is looked at when it is decided about a topic. */
const PATTERNS_MAX = 256
const PATTERNS_EXPECTS = 'a list of patterns such as "orders.>" or "users.{user}.*"'

function within(parse: (text: string) => number | null, min: number, max: number, also?: number) {
  return (given: number | string, context: z.core.$RefinementCtx): number => {
    const value = typeof given === 'number' ? given : parse(given)
    if (value !== null && ((value >= min && value <= max) || value === also)) return value
    context.addIssue({ code: 'custom', message: 'out of range' })
    return z.NEVER
  }
}

function numberFromText(text: string): unknown {
  return /^[+-]?[0-9][0-9_]*(\.[0-9]+)?$/.test(text) ? Number(text.replaceAll('_', '')) : text
}

/** "64, 32" and "[64, 32]" are the same list. */
function listFromText(text: string): unknown {
  const numbers = itemsOf(text).map(numberFromText)
  return numbers.every((item) => typeof item === 'number') ? numbers : text
}

function itemsOf(text: string): string[] {
  return text
    .trim()
    .replace(/^\[(.*)\]$/s, '$1')
    .split(',')
    .map((item) => item.trim())
}

function bound(value: number | null): number {
  assert(value !== null, 'the bounds of an option are written in its own unit')
  return value
}
