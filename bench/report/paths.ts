import { join } from 'node:path'

/** Not in the repository: what somebody measured in passing. */
const REPORTS = join('build', 'bench-report')
/** In the repository: what docs/performance.md is made of. */
export const RESULTS = join('bench', 'results')
const NAME = /^[a-z0-9][a-z0-9.-]*$/

/** Where a report goes that is given no name. */
export function outputPaths(now: Date): { json: string; html: string } {
  const moment = now.toISOString().slice(0, 19).replaceAll(':', '-')
  const path = join(REPORTS, moment)
  return { json: `${path}.json`, html: `${path}.html` }
}

/** Throws when the name is none for a file. */
export function milestonePath(name: string, now: Date): string {
  if (!NAME.test(name))
    throw new Error(`--milestone: ${name} is no name of lower-case letters, digits, dots and dashes`)
  return join(RESULTS, `${now.toISOString().slice(0, 10)}-${name}.json`)
}
