import { figureOf, headerOf } from '../figures.js'
import { glanceAt } from '../glance.js'
import { curvePlot } from '../html/curve.js'
import { quantity } from '../quantity.js'
import type { Report } from '../report.js'
import { table } from './markdown.js'
import type { Milestone } from './milestone.js'

/** Of the scenarios, by name, in the order in which they came. */
function scenarioNames(milestones: readonly Milestone[]): string[] {
  return [...new Set([...milestones].reverse().flatMap(({ report }) => report.scenarios.map(({ name }) => name)))]
}

interface Entry {
  figure: string
  unit: string
  value: number
}

/** The best of ours in a scenario, at one milestone; null when it was not measured. */
function entryOf(report: Report, name: string): Entry | null {
  const { figure, unit, ours } = glanceAt(report, name)
  const value = figure === null || ours === null ? null : figureOf(ours.best, figure)
  return figure === null || value === null ? null : { figure, unit, value }
}

/** A table of the scenarios over all milestones. */
export function historyPart(milestones: readonly Milestone[]): string {
  const rows = scenarioNames(milestones).map((name) => {
    const entries = milestones.map(({ report }) => entryOf(report, name))
    const figure = entries.findLast((entry) => entry !== null)?.figure
    const cells = entries.map((entry) => (entry === null ? '–' : quantity(entry.value, entry.unit)))
    return [`\`${name}\``, figure === undefined ? '' : headerOf(figure), ...cells]
  })
  const heads = milestones.map(({ name, report }, i) => `${i + 1}: ${name} (\`${report.machine.commit.slice(0, 7)}\`)`)
  return table(['scenario, best case', '', ...heads], rows)
}

/** The scenarios whose figure is a rate, in events a second over the milestones; null while there is nothing to compare. */
export function historyPlot(milestones: readonly Milestone[], width: number, shown: readonly string[]): string | null {
  if (milestones.length < 2) return null
  const curves = shown.flatMap((name, i) => {
    const points = milestones.flatMap(({ report }, at) => {
      const entry = entryOf(report, name)
      return entry?.unit === '/s' ? [{ x: at + 1, y: entry.value, isVoid: false }] : []
    })
    return points.length === 0 ? [] : [{ name, class: `c${i}`, points }]
  })
  if (curves.length === 0) return null
  const label = `Events a second at each milestone: ${curves.map(({ name }) => name).join(', ')}`
  return curvePlot({ label, width, curves, xLabel: 'milestone', isLogarithmic: false, unit: '/s', isLogY: true })
}
