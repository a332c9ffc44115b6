import { nearest } from '../../config/nearest.js'
import { AdminProblem } from '../thread/routes.js'

/** Rows of one page. */
export const PAGE_ROWS_MAX = 1000
export const PAGE_ROWS_DEFAULT = 100
const TEXT_CHARS_MAX = 256
/** Of what an operator gave, so much is repeated to them. */
const SHOWN_CHARS_MAX = 64

/** The parameters of one request. Everything wrong is an AdminProblem with 400 that says what would be right. */
export class Parameters {
  /** @param known all that the page takes */
  constructor(
    private readonly query: URLSearchParams,
    known: readonly string[],
  ) {
    for (const name of new Set(query.keys())) {
      if (!known.includes(name)) {
        const meant = nearest(name, known)
        const takes = known.length === 0 ? 'none' : known.join(', ')
        throw bad(
          `there is no parameter ${shown(name)}${meant === null ? '' : `; is ${meant} meant?`} (it takes ${takes})`,
        )
      }
      if (query.getAll(name).length > 1) throw bad(`${name}: given more than once`)
    }
  }

  text(name: string): string {
    const given = this.query.get(name) ?? ''
    if (given.length > TEXT_CHARS_MAX) throw bad(`${name}: at most ${TEXT_CHARS_MAX} characters`)
    return given
  }

  choice<C extends string>(name: string, choices: readonly C[], otherwise: C | ''): C | '' {
    const given = this.query.get(name)
    if (given === null) return otherwise
    if (choices.includes(given as C)) return given as C
    throw bad(`${name}: ${shown(given)} is none of ${choices.join(', ')}`)
  }

  /** A switch: present without a value, or as true, false, 1, 0. */
  flag(name: string): boolean {
    const given = this.query.get(name)
    if (given === null || given === 'false' || given === '0') return false
    if (given === '' || given === 'true' || given === '1') return true
    throw bad(`${name}: ${shown(given)} is neither true nor false`)
  }

  /** Of the page: `limit`. */
  limit(max = PAGE_ROWS_MAX): number {
    const given = this.query.get('limit')
    if (given === null) return Math.min(PAGE_ROWS_DEFAULT, max)
    const value = wholeNumber(given)
    if (value === null || value < 1 || value > max) {
      throw bad(`limit: ${shown(given)} is not a whole number from 1 to ${max}`)
    }
    return value
  }

  /** Where the page begins: `cursor`, as the page before has given it; null at the start. */
  cursor<C>(read: (text: string) => C | null): C | null {
    const given = this.query.get('cursor')
    if (given === null || given === '') return null
    const read_ = read(given)
    if (read_ === null) throw bad(`cursor: ${shown(given)} is not what a page before this one has given as its next`)
    return read_
  }
}

/** A number of a session in a path. */
export function sessionOf(text: string): number {
  const session = wholeNumber(text)
  if (session === null) throw bad(`${shown(text)} is not the number of a session`)
  return session
}

/** From 0 on, in decimal digits; null for anything else. */
export function wholeNumber(text: string): number | null {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : null
}

/** An object of JSON, with these members at most; an empty body is one without members. */
export function bodyObject(body: Buffer, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    throw bad(`the body is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('the body is not a JSON object')
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    throw bad(
      `there is no member ${shown(name)}${meant === null ? '' : `; is ${meant} meant?`} (the body has ${known.join(', ')})`,
    )
  }
  return value as Record<string, unknown>
}

export function bad(sentence: string): AdminProblem {
  return new AdminProblem(400, sentence)
}

export function shown(given: string): string {
  return JSON.stringify(given.length > SHOWN_CHARS_MAX ? `${given.slice(0, SHOWN_CHARS_MAX)}…` : given)
}
