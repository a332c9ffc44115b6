import type { Position } from './locate.js'
import type { Option, Scalar } from './option.js'
import { type Problem, show } from './problem.js'

/** What is told of a value that its option does not take. */
export function refusal(
  option: Option,
  key: string,
  { raw, source, position }: { readonly raw: unknown; readonly source: string; readonly position?: Position },
): Problem {
  const given = show(raw)
  const guesses = isGuessable(raw) ? option.guesses(raw) : []
  const guess = guesses.find((candidate) => option.schema.safeParse(candidate).success)
  const meant = guess === undefined ? null : show(guess)
  return {
    source,
    ...position,
    key,
    message: `expected ${option.expects}, given ${given}${meant === null ? '' : `; did you mean ${meant}?`}`,
    given,
    expected: option.expects,
    ...(meant !== null && { meant }),
  }
}

/** Tables and dates are meant for nothing else, and a parsed table has no prototype to make a text of. */
function isGuessable(raw: unknown): raw is Scalar | Scalar[] {
  return Array.isArray(raw) ? raw.every((member) => typeof member !== 'object') : typeof raw !== 'object'
}
