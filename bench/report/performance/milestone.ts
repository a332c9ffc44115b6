import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Report } from '../report.js'
import { readReport } from '../store.js'

/** What was measured at some point of the project, and kept. */
export interface Milestone {
  /** Date and name, as its file is called. */
  name: string
  report: Report
}

/** In the order in which they were measured. */
export function readMilestones(folder: string): Milestone[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const all = files.map((file) => ({ name: basename(file, '.json'), report: readReport(join(folder, file)) }))
  return all.sort((a, b) => (a.report.at < b.report.at ? -1 : 1))
}
