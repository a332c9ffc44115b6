import { existsSync } from 'node:fs'
import { Interruption } from './interruption.js'
import { HELP, listText, type Options, parseOptions } from './options.js'
import { endChildrenOnExit } from './pinned.js'
import { pageOf } from './report/html/page.js'
import { merged } from './report/merge.js'
import type { Report } from './report/report.js'
import { milestoneText, readReport, reportText, writeText } from './report/store.js'
import { SCENARIOS } from './scenarios/index.js'
import { Session } from './session.js'
import { isOurs } from './subjects/index.js'

/**
 * 0 all measured; 1 something failed, or our daemon lost, doubled or reordered events; 2 wrong arguments; 130 and 143 ended by a signal.
 * A missed floor is no failure.
 */
process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  let options: Options | null
  try {
    options = parseOptions(argv)
    if (options?.task === 'draw') return draw(options)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`)
    return 2
  }
  if (options === null) console.log(HELP)
  else if (options.task === 'list') console.log(listText(SCENARIOS))
  else return measure(options)
  return 0
}

async function measure(options: Options): Promise<number> {
  endChildrenOnExit()
  const interruption = new Interruption()
  const session = new Session(options)
  const { report } = session
  // After each scenario: what was measured outlives whatever happens next.
  await session.run(interruption.signal, () => write(report, options))
  if (report.isCut) console.log('\ninterrupted; what was measured is kept')
  finish(report, options)
  if (interruption.status !== null) return interruption.status
  const ours = report.rows.filter((row) => isOurs(row.subject))
  const sound = ours.every((row) => row.errors.length === 0 && row.lost + row.doubled + row.reordered === 0)
  return sound ? 0 : 1
}

function draw(options: Options): number {
  const report = options.from.map(readReport).reduce(merged)
  write(report, options)
  finish(report, options)
  return 0
}

function write(report: Report, { json, html }: Options): void {
  if (report.rows.length === 0) return
  writeText(json, reportText(report))
  try {
    writeText(html, pageOf(report))
  } catch (error) {
    // What is still to be measured matters more than a picture of it: the figures can be drawn later.
    console.error(`bench: the report could not be drawn (--from ${json} tries again): ${(error as Error).stack}`)
  }
}

function finish(report: Report, { json, html, milestone }: Options): void {
  if (report.rows.length === 0) return
  if (milestone !== null && !report.isCut) {
    writeText(milestone, milestoneText(report, existsSync(milestone) ? readReport(milestone) : null))
    console.log(`\nmilestone: ${milestone} (npm run bench:page writes docs/performance.md from it)`)
  }
  console.log(`\nreport: ${html}\nas JSON: ${json}`)
}
