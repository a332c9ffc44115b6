import { type Plot, plotsOf } from '../html/plots.js'
import type { Report, ReportedScenario } from '../report.js'
import { goalsPart } from './goals.js'
import { historyPart, historyPlot } from './history.js'
import { latestPart } from './latest.js'
import { filled } from './markdown.js'
import type { Milestone } from './milestone.js'
import { pictureFile } from './picture-file.js'

/** Folder of the plots, beside the page. */
export const PLOTS = 'performance'
const WIDTH = 640
/** The lines of the plot over the milestones. */
const HISTORY_SHOWN = ['one-to-one-64', 'one-to-one-1', 'fan-out', 'fan-in', 'streams-1']
const NOTHING = 'No milestone has been measured yet: `npm run bench -- --milestone NAME`, then `npm run bench:page`.'

export interface Page {
  markdown: string
  /** Name of a file in the folder of the plots → what it contains. */
  plots: Map<string, string>
}

/** The page of the milestones: what is generated of it is made anew, its words stay. */
export function performancePage(page: string, milestones: readonly Milestone[]): Page {
  const plots = new Map<string, string>()
  const latest = milestones.at(-1)
  if (latest === undefined) {
    const parts = { goals: NOTHING, latest: NOTHING, plots: NOTHING, history: NOTHING }
    return { markdown: filled(page, parts), plots }
  }
  const history = historyPlot(milestones, WIDTH, HISTORY_SHOWN)
  if (history !== null) plots.set('history.svg', pictureFile('Events a second at each milestone', history))
  const image = history === null ? '' : `\n\n${reference('Events a second at each milestone', 'history.svg')}`
  const parts = {
    goals: goalsPart(latest.report),
    latest: latestPart(latest),
    plots: plotsPart(latest.report, plots),
    history: `${historyPart(milestones)}${image}`,
  }
  return { markdown: filled(page, parts), plots }
}

/** A plot for each scenario, folded away by group. */
function plotsPart(report: Report, plots: Map<string, string>): string {
  const groups = [...new Set(report.scenarios.map(({ group }) => group))]
  const sections = groups.map((group) => {
    const images = report.scenarios
      .filter((scenario) => scenario.group === group)
      .flatMap((scenario) => {
        const plot = tellingPlot(report, scenario)
        if (plot === undefined) return []
        const file = `${scenario.name}.svg`
        const title = `${scenario.title}: ${plot.title}`
        plots.set(file, pictureFile(`${scenario.name}: ${plot.title}`, plot.svg))
        return [`${title}\n\n${reference(title, file)}`]
      })
    return `<details><summary>${group}</summary>\n\n${images.join('\n\n')}\n\n</details>`
  })
  return sections.join('\n\n')
}

/** Percentiles say more than bars of one of them. */
function tellingPlot(report: Report, scenario: ReportedScenario): Plot | undefined {
  const plots = plotsOf(report, scenario, WIDTH).filter(({ isDetail }) => !isDetail)
  return (
    plots.find(({ title }) => title.includes('percentile')) ?? plots.find(({ title }) => title === 'p99') ?? plots[0]
  )
}

function reference(text: string, file: string): string {
  return `![${text.replaceAll(/[[\]]/g, '')}](${PLOTS}/${file})`
}
