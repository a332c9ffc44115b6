import { nearest } from '../../config/nearest.js'
import { Code } from '../../protocol/codes.js'
import { Problem } from './problem.js'

/** Of what a request says, this much is repeated in an error. */
const QUOTED_CHARS_MAX = 64

/** What one endpoint takes in its query. */
export interface ParameterNames {
  /** Names that may be given once. */
  readonly single: readonly string[]
  /** Names that may be given several times. */
  readonly repeated: readonly string[]
}

/** The query of a request. Every name in it is one that the endpoint knows. */
export class Parameters {
  private readonly values = new Map<string, string[]>()

  add(name: string, value: string): void {
    const values = this.values.get(name)
    if (values === undefined) this.values.set(name, [value])
    else values.push(value)
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? []
  }

  /** Null when absent. */
  one(name: string): string | null {
    return this.values.get(name)?.[0] ?? null
  }

  /** A decimal number of digits alone; null when absent. */
  integer(name: string, min: number, max: number): number | null | Problem {
    const text = this.one(name)
    if (text === null) return null
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    return badParameter(name, `is an integer from ${min} to ${max}, not ${quoted(text)}`)
  }

  /** One of a few words; null when absent. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | null | Problem {
    const text = this.one(name)
    if (text === null) return null
    const word = words.find((candidate) => candidate === text)
    return word ?? badParameter(name, `is one of ${words.join(', ')}, not ${quoted(text)}${didYouMean(text, words)}`)
  }
}

/** @param query without the question mark, as `application/x-www-form-urlencoded`: a plus is a space */
export function readParameters(query: string, names: ParameterNames): Parameters | Problem {
  const parameters = new Parameters()
  if (query === '') return parameters
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = percentDecoded(equals < 0 ? pair : pair.slice(0, equals), true)
    const value = percentDecoded(equals < 0 ? '' : pair.slice(equals + 1), true)
    if (name === null || value === null) {
      return new Problem(Code.BAD_PARAMETER, `the query is not percent-encoded UTF-8 at ${quoted(pair)}`)
    }
    if (names.repeated.includes(name)) parameters.add(name, value)
    else if (!names.single.includes(name)) return unknownParameter(name, [...names.single, ...names.repeated])
    else if (parameters.one(name) !== null) return badParameter(name, 'may be given once only')
    else parameters.add(name, value)
  }
  return parameters
}

/** `kind` is what the names are, for people. */
export function unknownParameter(name: string, known: readonly string[], kind = 'parameter'): Problem {
  const list = known.length === 0 ? `there is no ${kind} here` : `known are ${known.join(', ')}`
  const suggestion = nearest(name, known)
  return new Problem(
    Code.UNKNOWN_PARAMETER,
    `there is no ${kind} ${quoted(name)}${didYouMean(name, known)}; ${list}`,
    suggestion === null ? {} : { nearest: suggestion },
  )
}

/** @param expects what the parameter is, as a sentence that its name begins */
export function badParameter(name: string, expects: string): Problem {
  const parameter = shortened(name)
  return new Problem(Code.BAD_PARAMETER, `${parameter} ${expects}`, { parameter })
}

function didYouMean(given: string, known: readonly string[]): string {
  const name = nearest(given, known)
  return name === null ? '' : `, did you mean ${name}?`
}

/** What a request said, for an error: shortened, and as JSON so that nothing in it can be taken for something else. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text))
}

function shortened(text: string): string {
  return text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}…` : text
}

/** Null where a percent sign is not followed by two digits, or the bytes are not UTF-8, or a character should have been encoded. */
export function percentDecoded(text: string, plusIsSpace: boolean): string | null {
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    // The transports differ in what they make of bytes that are not ASCII.
    if (char <= 0x20 || char >= 0x7f) return null
  }
  const plain = plusIsSpace ? text.replaceAll('+', ' ') : text
  if (!plain.includes('%')) return plain
  try {
    return decodeURIComponent(plain)
  } catch {
    return null
  }
}
