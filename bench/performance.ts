import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RESULTS } from './report/paths.js'
import { readMilestones } from './report/performance/milestone.js'
import { PLOTS, performancePage } from './report/performance/page.js'
import { writeText } from './report/store.js'

const DOCS = 'docs'
const PAGE = join(DOCS, 'performance.md')
const FOLDER = join(DOCS, PLOTS)

/** `npm run bench:page`: writes docs/performance.md and its plots anew from bench/results. */
const milestones = readMilestones(RESULTS)
const { markdown, plots } = performancePage(readFileSync(PAGE, 'utf8'), milestones)
mkdirSync(FOLDER, { recursive: true })
for (const name of readdirSync(FOLDER)) if (name.endsWith('.svg') && !plots.has(name)) rmSync(join(FOLDER, name))
for (const [name, svg] of plots) writeText(join(FOLDER, name), svg)
writeText(PAGE, markdown)
console.log(`${PAGE}: ${milestones.length} milestones, ${plots.size} plots`)
