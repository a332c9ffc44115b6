import { figureOf, headerOf } from '../figures.js'
import { glanceAt } from '../glance.js'
import { quantity } from '../quantity.js'
import type { Report, ReportedScenario, ReportedVerdict } from '../report.js'
import { median, type Row } from '../row.js'
import { escaped } from './markup.js'
import { outcomeOf, section } from './section.js'
import { PAGE_STYLE } from './theme.js'

const GIB = 1024 ** 3

/** A report as one page that needs nothing else. */
export function pageOf(report: Report): string {
  const { machine, pinning, scenarios } = report
  const day = report.at.slice(0, 10)
  const body = [
    '<a class="skip" href="#scenarios">To the scenarios</a>',
    '<header>',
    '<h1>Sluice benchmark</h1>',
    `<p class="soft">${escaped(day)}, commit <code>${escaped(machine.commit.slice(0, 12))}${machine.commit.includes(' ') ? ' with changes' : ''}</code>: ${counts(report)}</p>`,
    '</header>',
    '<main>',
    ...(report.isCut ? [warning('The benchmark was interrupted. What was measured until then is here.')] : []),
    ...(pinning.problem === null
      ? []
      : [warning(`Not pinned, so the figures are not comparable: ${pinning.problem}.`)]),
    machineCard(report),
    summaryCard(report),
    '<div id="scenarios">',
    ...scenarios.map((scenario) => section(report, scenario)),
    '</div>',
    selfCard(report),
    subjectsCard(report),
    '</main>',
    '<footer>Every delivery of every run was compared with the bytes that were published. Figures are medians of runs, in which the systems took turns; the thin line in a bar goes from the lowest run to the highest. Where the generator was the limit a bar is hatched and a point hollow: it shows what was reached, not what the system can do.</footer>',
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice benchmark, ${escaped(day)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${body.filter((part) => part !== '').join('\n')}
</body>
</html>
`
}

function counts({ scenarios, verdicts }: Report): string {
  const of = (pass: boolean | null) => verdicts.filter((verdict) => verdict.pass === pass).length
  const parts = [
    `${scenarios.length} ${scenarios.length === 1 ? 'scenario' : 'scenarios'}`,
    `<span class="pass">${of(true)} floors met</span>`,
    ...(of(false) > 0 ? [`<span class="short">${of(false)} missed</span>`] : []),
    ...(of(null) > 0 ? [`${of(null)} without a verdict`] : []),
  ]
  return parts.join(', ')
}

function warning(text: string): string {
  return `<p class="card warn" role="alert">${escaped(text)}</p>`
}

function machineCard({ machine, pinning, noise, at }: Report): string {
  const cores = [...new Set(noise.flatMap((each) => each.cores.map(({ core }) => core)))]
  const noiseOf = cores.map((core) => {
    const all = noise.flatMap((each) => each.cores.filter((one) => one.core === core))
    const [p99, p999] = [median(all.map((each) => each.p99Us)), median(all.map((each) => each.p999Us))]
    return `core ${core}: p99 ${quantity(p99, 'µs')}, p99.9 ${quantity(p999, 'µs')}`
  })
  const facts: [string, string][] = [
    ['Processor', `${machine.processor}, ${machine.cores} cores`],
    ['Memory', `${(machine.memoryBytes / GIB).toFixed(1)} GiB`],
    ['Kernel', `Linux ${machine.kernel}`],
    ['Node', machine.node],
    ['Commit', machine.commit],
    ['Measured', at.slice(0, 16).replace('T', ' ').concat(' UTC')],
    [
      'Pinning',
      pinning.problem === null
        ? `daemon and peers on core ${pinning.subjectCore}, generators on core ${pinning.generatorCore}`
        : 'none',
    ],
    ['A process that only spins waits for its core', noiseOf.join('; ')],
  ]
  const items = facts.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`)
  return `<section class="card" aria-label="Where it was measured"><dl class="facts">${items.join('')}</dl></section>`
}

/** A line for each scenario: ours, the best of the peers, and how the floors stand. */
function summaryCard(report: Report): string {
  const lines = report.scenarios.map((scenario) => summaryRow(report, scenario))
  return `<section class="card" aria-labelledby="summary"><h2 id="summary">At a glance</h2>
<div class="scroll" role="region" tabindex="0" aria-label="Summary"><table><thead><tr><th scope="col" class="left">scenario</th><th scope="col">figure</th><th scope="col">ours, at best</th><th scope="col">nearest peer</th><th scope="col">times better</th><th scope="col">floors</th></tr></thead><tbody>${lines.join('\n')}</tbody></table></div></section>`
}

function summaryRow(report: Report, scenario: ReportedScenario): string {
  const { name, title } = scenario
  const { figure, ours, peer, unit } = glanceAt(report, name)
  const value = (row: Row) => escaped(quantity(figureOf(row, figure ?? '') ?? 0, unit))
  const cells = [
    `<th scope="row" class="left wrap"><a href="#${escaped(name)}">${escaped(title)}</a></th>`,
    `<td>${figure === null ? '–' : escaped(headerOf(figure))}</td>`,
    `<td>${ours === null ? '–' : `${value(ours.best)}${ours.best === ours.worst ? '' : `<span class="spread">worst case ${value(ours.worst)}</span>`}`}</td>`,
    `<td>${peer === null ? '–' : `${peer.only === null ? '' : value(peer.only)}<span class="spread">${escaped(peer.subject.label)}</span>`}</td>`,
    `<td>${peer === null ? '–' : `${peer.times.toFixed(2)} ×${peer.isVoid ? '<span class="spread">void</span>' : ''}`}</td>`,
    `<td>${tally(report.verdicts.filter((verdict) => verdict.scenario === name))}</td>`,
  ]
  return `<tr>${cells.join('')}</tr>`
}

const OUTCOMES = [
  ['pass', '✓', 'met'],
  ['short', '✗', 'missed'],
  ['none', '–', 'without a verdict'],
] as const

function tally(verdicts: readonly ReportedVerdict[]): string {
  const parts = OUTCOMES.flatMap(([kind, sign, words]) => {
    const some = verdicts.filter((verdict) => outcomeOf(verdict).class === kind).length
    return some === 0
      ? []
      : [
          `<span class="chip ${kind}" title="${some} ${words}" aria-label="${some} ${words}" role="img">${sign} ${some}</span>`,
        ]
  })
  return parts.join(' ')
}

/** A against A: below it no difference can be told. */
function selfCard({ aa }: Report): string {
  if (aa.length === 0) return ''
  const percent = (share: number) => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`
  const rows = aa.map(({ scenario, variant, figure, differences }) => {
    const [least, most] = [Math.min(...differences), Math.max(...differences)]
    return `<tr><th scope="row" class="left">${escaped(variant === '' ? scenario : `${scenario}, ${variant}`)}</th><td>${escaped(headerOf(figure))}</td><td>${percent(median(differences))}</td><td>${percent(least)} … ${percent(most)}</td><td>${differences.length}</td></tr>`
  })
  return `<section class="card" aria-labelledby="aa"><h2 id="aa">The same daemon against itself</h2>
<p class="soft">Two daemons that are alike, in turns: what differs here differs by chance, and a smaller difference elsewhere says nothing.</p>
<div class="scroll" role="region" tabindex="0" aria-label="The daemon against itself"><table><thead><tr><th scope="col" class="left">case</th><th scope="col">figure</th><th scope="col">difference, median</th><th scope="col">from … to</th><th scope="col">pairs of runs</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`
}

function subjectsCard({ subjects }: Report): string {
  const rows = subjects.map(
    ({ label, settings, version, absent }) =>
      `<tr><th scope="row" class="left">${escaped(label)}</th><td class="left wrap">${escaped(version ?? `not measured: ${absent ?? ''}`)}</td><td class="left wrap">${escaped(settings)}</td></tr>`,
  )
  return `<section class="card" aria-labelledby="subjects"><h2 id="subjects">What was measured, and how it was started</h2>
<div class="scroll" role="region" tabindex="0" aria-label="Systems"><table><thead><tr><th scope="col" class="left">system</th><th scope="col" class="left">version</th><th scope="col" class="left">settings</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`
}
