import { figureOf, headerOf, headline, isVoid, timesBetter } from '../figures.js'
import { glanceAt } from '../glance.js'
import { quantity } from '../quantity.js'
import type { Report, ReportedScenario } from '../report.js'
import type { Row } from '../row.js'
import { plain, table } from './markdown.js'
import type { Milestone } from './milestone.js'

/** Events a second that the project set out to reach. */
const AIM_PER_SECOND = 1.8e6
/** A scenario of more cases is told by its best and its worst, and drawn. */
const CASES_MAX = 6

/** Where it was measured, and a table of what came of it. */
export function latestPart({ name, report }: Milestone): string {
  const { machine, pinning, at } = report
  const pinned =
    pinning.problem ?? `daemon and peers on core ${pinning.subjectCore}, generators on core ${pinning.generatorCore}`
  const noise = report.noise.flatMap(({ cores }) => cores.map(({ p99Us }) => p99Us))
  const words = [
    `\`${name}\`, ${at.slice(0, 10)}: ${plain(machine.processor)}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}, commit \`${machine.commit.slice(0, 12)}\`; ${pinned}.`,
    ...(noise.length > 0
      ? [
          `A process that only spins was kept from its core for p99 ${quantity(Math.min(...noise), 'µs')} to ${quantity(Math.max(...noise), 'µs')}.`,
        ]
      : []),
  ]
  const rows = report.scenarios.flatMap((scenario) => scenarioRows(report, scenario))
  const head = ['scenario', 'case', '', 'Sluice', 'of 1.8 M/s', 'times better than']
  return `${words.join(' ')}\n\n${table(head, rows)}`
}

function scenarioRows(report: Report, scenario: ReportedScenario): string[][] {
  const rows = report.rows.filter((row) => row.scenario === scenario.name)
  const variants = [...new Set(rows.map(({ variant }) => variant))]
  if (variants.length > CASES_MAX) return [glanceRow(report, scenario)]
  const isOurs = ourNames(report)
  const ours = rows.filter(({ subject }) => isOurs.has(subject))
  const many = new Set(ours.map(({ subject }) => subject)).size > 1
  return ours.flatMap((row, i) => {
    const alike = rows.filter(({ variant }) => variant === row.variant)
    // A case may be about something else than its scenario.
    const figure = headline(alike, report.units, scenario.headline) ?? ''
    const value = figureOf(row, figure)
    if (value === null) return []
    const unit = report.units[figure] ?? ''
    const what = [...(many ? [labelOf(report, row.subject)] : []), ...(row.variant === '' ? [] : [row.variant])].join(
      ', ',
    )
    return [
      [
        i === 0 ? `\`${scenario.name}\`` : '',
        plain(what),
        headerOf(figure),
        `**${quantity(value, unit)}**${isVoid(row) ? ' (void)' : ''}`,
        ofAim(figure, value),
        besidePeers(report, row, alike, figure),
      ],
    ]
  })
}

function glanceRow(report: Report, scenario: ReportedScenario): string[] {
  const { figure, unit, ours, peer } = glanceAt(report, scenario.name)
  if (figure === null || ours === null) return [`\`${scenario.name}\``, '', '', 'not measured', '', '']
  const value = (row: Row) => figureOf(row, figure) ?? 0
  const [best, worst] = [ours.best, ours.worst]
  return [
    `\`${scenario.name}\``,
    plain(`${best.variant} … ${worst.variant}`),
    headerOf(figure),
    `**${quantity(value(best), unit)}** … ${quantity(value(worst), unit)}`,
    ofAim(figure, value(best)),
    peer === null ? '' : `${peer.times.toFixed(2)} × ${peer.subject.label}, in the middle`,
  ]
}

function besidePeers(report: Report, row: Row, alike: readonly Row[], figure: string): string {
  const isOurs = ourNames(report)
  const parts = alike.flatMap((other) => {
    const times = isOurs.has(other.subject)
      ? null
      : timesBetter(figureOf(row, figure), figureOf(other, figure), report.units[figure])
    if (times === null) return []
    return [`${times.toFixed(2)} × ${labelOf(report, other.subject)}${isVoid(other) ? ' (void)' : ''}`]
  })
  return parts.join('; ')
}

function ofAim(figure: string, value: number): string {
  return figure === 'rate' ? `${(value / AIM_PER_SECOND).toFixed(1)} ×` : ''
}

export function ourNames({ subjects }: Report): Set<string> {
  return new Set(subjects.filter(({ isOurs }) => isOurs).map(({ name }) => name))
}

function labelOf({ subjects }: Report, name: string): string {
  return subjects.find((subject) => subject.name === name)?.label ?? name
}
