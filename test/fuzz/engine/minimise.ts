import { loadInstrumented } from './load.js'

/** Larger ones are left out of what is kept in the project: each is read by everybody who clones it. */
const KEPT_BYTES_MAX = 8192

/** Of these inputs the fewest and smallest that together reach all the code that all of them reach. */
export function minimise(bundle: string, root: string, inputs: readonly Buffer[]): Buffer[] {
  const { target, coverage } = loadInstrumented(bundle, root)
  return [...inputs]
    .filter(({ length }) => length <= KEPT_BYTES_MAX)
    .sort((a, b) => a.length - b.length || a.compare(b))
    .filter((input) => {
      try {
        target.fuzz(Buffer.from(input))
      } catch {
        // A finding is kept among the findings.
        coverage.hasNews(false)
        return false
      }
      return coverage.hasNews(false)
    })
}
