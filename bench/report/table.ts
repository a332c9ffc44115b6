import { FIGURE_UNITS, type FigureName, type Scenario } from '../scenarios/scenario.js'
import { SUBJECTS } from '../subjects/index.js'
import type { Verdict } from './floors.js'
import { count, quantity } from './quantity.js'
import type { Row } from './row.js'

/** A scenario's rows and verdicts as text. */
export function scenarioText(scenario: Scenario, rows: readonly Row[], verdicts: readonly Verdict[]): string {
  const lines = ['', `${scenario.name}: ${scenario.title}`]
  const raised = Object.entries(scenario.need).filter(([, value]) => value > 0)
  if (raised.length > 0)
    lines.push(`  raised above the defaults: ${raised.map(([name, value]) => `${name} ${value}`).join(', ')}`)
  const names = figureNames(rows)
  const header = [
    '',
    ...names.map(headerOf),
    'in',
    'out',
    'batch',
    'payload',
    'lost',
    'doubled',
    'reordered',
    'cpu',
    'generator',
  ]
  lines.push(...aligned([header, ...rows.map((row) => cells(row, names))]))
  for (const row of rows) for (const note of [...row.notes, ...row.errors]) lines.push(`  ! ${title(row)}: ${note}`)
  for (const { what, measured, pass } of verdicts) {
    lines.push(`  ${outcome(pass, measured)} ${what}: ${measured}`)
  }
  return lines.join('\n')
}

function outcome(pass: boolean | null, measured: string): string {
  if (pass === null) return measured.startsWith('void') ? 'void ' : 'n/a  '
  return pass ? 'PASS ' : 'SHORT'
}

function cells(row: Row, names: readonly FigureName[]): string[] {
  const flows = row.eventsIn > 0
  const delivers = row.deliveriesOut > 0
  const figure = (name: FigureName) => {
    const known = row.figures[name]
    return known === undefined ? '–' : quantity(known.median, FIGURE_UNITS[name])
  }
  const bound = row.generatorBound ? ' GENERATOR-BOUND' : ''
  return [
    title(row),
    ...names.map(figure),
    flows ? count(row.eventsIn) : '–',
    delivers ? count(row.deliveriesOut) : '–',
    row.batch > 0 ? String(row.batch) : '–',
    row.payloadBytes > 0 ? `${row.payloadBytes} B` : '–',
    delivers ? String(row.lost) : '–',
    delivers ? String(row.doubled) : '–',
    delivers ? String(row.reordered) : '–',
    row.subjectCpuPercent > 0 ? `${row.subjectCpuPercent.toFixed(0)} %` : '–',
    row.generatorCpuPercent > 0 ? `${row.generatorCpuPercent.toFixed(0)} %${bound}` : '–',
  ]
}

function title(row: Row): string {
  const { label } = SUBJECTS[row.subject]
  return row.variant === '' ? label : `${label}, ${row.variant}`
}

const HEADERS: { readonly [name in FigureName]?: string } = {
  rate: 'deliveries',
  cpuEach: 'cpu each',
  bytesEach: 'memory each',
}

function headerOf(name: FigureName): string {
  return HEADERS[name] ?? name
}

function figureNames(rows: readonly Row[]): FigureName[] {
  const order = Object.keys(FIGURE_UNITS) as FigureName[]
  return order.filter((name) => rows.some((row) => row.figures[name] !== undefined))
}

function aligned(table: readonly string[][]): string[] {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  return table.map((row) => {
    const padded = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    return `  ${padded.join('  ')}`.trimEnd()
  })
}
