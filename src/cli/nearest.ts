import { nearest } from '../config/nearest.js'

/** `; did you mean X?`, or nothing when no known name is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  const name = nearest(given, known)
  return name === null ? '' : `; did you mean ${name}?`
}
