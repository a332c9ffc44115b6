import type { Report } from './report.js'

/** What has to be alike for figures to stand beside each other. */
const SAME = ['processor', 'cores', 'kernel', 'node'] as const

/** Two reports as one, where scenarios of the later replace those of the former. Throws when they are of different machines. */
export function merged(former: Report, later: Report): Report {
  for (const key of SAME) {
    const [before, now] = [former.machine[key], later.machine[key]]
    if (before !== now) throw new Error(`measured on different machines: ${key} ${before} and ${now}`)
  }
  const replaced = new Set(later.scenarios.map(({ name }) => name))
  const both = <T>(old: readonly T[], fresh: readonly T[], scenarioOf: (each: T) => string): T[] => [
    ...old.filter((each) => !replaced.has(scenarioOf(each))),
    ...fresh,
  ]
  const known = new Set(later.subjects.map(({ name }) => name))
  return {
    ...later,
    at: [former.at, later.at].sort()[0],
    isCut: former.isCut || later.isCut,
    subjects: [...former.subjects.filter(({ name }) => !known.has(name)), ...later.subjects],
    units: { ...former.units, ...later.units },
    scenarios: both(former.scenarios, later.scenarios, ({ name }) => name),
    rows: both(former.rows, later.rows, ({ scenario }) => scenario),
    verdicts: both(former.verdicts, later.verdicts, ({ scenario }) => scenario),
    noise: both(former.noise, later.noise, ({ scenario }) => scenario),
    aa: both(former.aa, later.aa, ({ scenario }) => scenario),
  }
}
