import { figureNames, figureOf, figuresOf, headerOf, headline, isVoid, timesBetter } from '../figures.js'
import { count, quantity } from '../quantity.js'
import type { Report, ReportedScenario } from '../report.js'
import type { Row } from '../row.js'
import { escaped } from './markup.js'

/** A longer table is folded under the plots. */
const ROWS_SHOWN_MAX = 16

/** What a scenario gave, as a table: a row for each case and subject. */
export function rowsTable(report: Report, scenario: ReportedScenario, rows: readonly Row[], label: string): string {
  const { units } = report
  const names = figureNames(rows, units)
  const main = headline(rows, units, scenario.headline)
  const subjects = new Map(report.subjects.map((subject) => [subject.name, subject]))
  const isOurs = (row: Row) => subjects.get(row.subject)?.isOurs === true
  const labelOf = (row: Row) => subjects.get(row.subject)?.label ?? row.subject
  const hasPeers = main !== null && rows.some((row) => !isOurs(row))
  const hasVariants = rows.some(({ variant }) => variant !== '')
  const delivers = rows.some(({ eventsIn }) => eventsIn > 0)
  const ours = rows.filter(isOurs)
  const many = new Set(ours.map(({ subject }) => subject)).size > 1

  const ratio = (row: Row): string => {
    if (main === null || isOurs(row)) return '–'
    const beside = ours.filter(({ variant }) => variant === row.variant)
    const ratios = beside.flatMap((our) => {
      const times = timesBetter(figureOf(our, main), figureOf(row, main), units[main])
      return times === null ? [] : [`${many ? `${labelOf(our)} ` : ''}${times.toFixed(2)} ×`]
    })
    if (ratios.length === 0) return '–'
    return ratios.map(escaped).join('<br>') + (isVoid(row) ? '<span class="spread">void</span>' : '')
  }
  const figure = (row: Row, name: string): string => {
    const known = figuresOf(row)[name]
    if (known === undefined) return '–'
    const [least, most] = [Math.min(...known.runs), Math.max(...known.runs)].map((run) =>
      quantity(run, units[name] ?? ''),
    )
    const spread = known.runs.length > 1 ? `<span class="spread">${escaped(`${least} … ${most}`)}</span>` : ''
    return escaped(quantity(known.median, units[name] ?? '')) + spread
  }
  const percent = (value: number) => (value > 0 ? `${value.toFixed(0)} %` : '–')

  const head = [
    ...(hasVariants ? ['<th scope="col" class="left">case</th>'] : []),
    '<th scope="col" class="left">system</th>',
    ...names.map((name) => `<th scope="col">${escaped(headerOf(name))}</th>`),
    ...(hasPeers ? [`<th scope="col">times better</th>`] : []),
    ...(delivers
      ? ['<th scope="col">in</th><th scope="col">out</th><th scope="col">lost, doubled, reordered</th>']
      : []),
    '<th scope="col">cpu</th><th scope="col">generator</th>',
  ]
  let previous: string | null = null
  const body = byVariant(rows).map((row) => {
    const isFirst = hasVariants && row.variant !== previous
    previous = row.variant
    const classes = [...(isFirst ? ['first'] : []), ...(isOurs(row) ? ['us'] : [])].join(' ')
    const cells = [
      ...(hasVariants ? [`<td class="left">${isFirst ? escaped(row.variant) : ''}</td>`] : []),
      `<th scope="row" class="left">${escaped(labelOf(row))}</th>`,
      ...names.map((name) => `<td>${figure(row, name)}</td>`),
      ...(hasPeers ? [`<td>${ratio(row)}</td>`] : []),
      ...(delivers
        ? [
            `<td>${count(row.eventsIn)}</td><td>${count(row.deliveriesOut)}</td><td>${row.lost}, ${row.doubled}, ${row.reordered}</td>`,
          ]
        : []),
      `<td>${percent(row.subjectCpuPercent)}</td><td>${percent(row.generatorCpuPercent)}${row.generatorBound ? '<span class="spread">the bottleneck</span>' : ''}</td>`,
    ]
    return `<tr class="${classes}">${cells.join('')}</tr>`
  })
  const markup = `<div class="scroll" role="region" tabindex="0" aria-label="${escaped(label)}"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
  return rows.length > ROWS_SHOWN_MAX
    ? `<details><summary>All ${rows.length} rows</summary>${markup}</details>`
    : markup
}

/** Who took part in a case stands together. */
function byVariant(rows: readonly Row[]): Row[] {
  const variants = [...new Set(rows.map(({ variant }) => variant))]
  return variants.flatMap((variant) => rows.filter((row) => row.variant === variant))
}
