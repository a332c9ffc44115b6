import type { CoreNoise } from '../../noise.js'
import { quantity } from '../quantity.js'
import type { Report, ReportedScenario, ReportedVerdict } from '../report.js'
import { escaped } from './markup.js'
import { type Plot, plotsOf } from './plots.js'
import { rowsTable } from './table.js'

/** Of a plot's own measure; the page makes it as wide as there is room. */
const PLOT_WIDTH = 460
/** More of them are folded away. */
const NOTES_SHOWN_MAX = 4
const VERDICTS_SHOWN_MAX = 8

/** All about one scenario. */
export function section(report: Report, scenario: ReportedScenario): string {
  const { name, title, need, timing } = scenario
  const rows = report.rows.filter((row) => row.scenario === name)
  const plots = plotsOf(report, scenario, PLOT_WIDTH)
  const raised = Object.entries(need).map(([limit, value]) => `${limit} ${value.toLocaleString('en')}`)
  const noise = report.noise.find((each) => each.scenario === name)?.cores ?? []
  const labels = new Map(report.subjects.map((subject) => [subject.name, subject.label]))
  const notes = rows.flatMap((row) =>
    [...row.notes, ...row.errors].map((note) => {
      const who = labels.get(row.subject) ?? row.subject
      return `<li>${escaped(row.variant === '' ? who : `${who}, ${row.variant}`)}: ${escaped(note)}</li>`
    }),
  )
  const small = [
    `Median of ${timing.runs} ${timing.runs === 1 ? 'run' : 'runs'} of ${timing.measureMs / 1000} s, after ${timing.warmupMs / 1000} s of warm-up.`,
    ...(raised.length > 0 ? [`Raised above the defaults: ${raised.join(', ')}.`] : []),
    ...(noise.length > 0 ? [`Noise of the cores just before: ${noise.map(noiseText).join('; ')}.`] : []),
    ...(scenario.commit === report.machine.commit ? [] : [`Measured at ${scenario.at}, commit ${scenario.commit}.`]),
  ]
  return [
    `<section class="card" id="${escaped(name)}" aria-labelledby="${escaped(name)}-title">`,
    `<div class="heading"><h2 id="${escaped(name)}-title">${escaped(title)}</h2><code class="muted">${escaped(name)}</code></div>`,
    verdicts(report.verdicts.filter((verdict) => verdict.scenario === name)),
    figures(plots.filter(({ isDetail }) => !isDetail)),
    rowsTable(report, scenario, rows, `Figures of ${name}`),
    folded('More plots', figures(plots.filter(({ isDetail }) => isDetail))),
    notesList(notes),
    `<p class="muted">${escaped(small.join(' '))}</p>`,
    '</section>',
  ].join('\n')
}

function notesList(notes: readonly string[]): string {
  if (notes.length === 0) return ''
  const list = `<ul class="notes">${notes.join('')}</ul>`
  return notes.length > NOTES_SHOWN_MAX ? folded(`${notes.length} notes`, list) : list
}

/** PASS, SHORT, or void: what has no verdict, and why. */
export function outcomeOf({ pass, measured }: Pick<ReportedVerdict, 'pass' | 'measured'>): {
  word: string
  class: string
} {
  if (pass === null) return { word: measured.startsWith('void') ? '– void' : '– n/a', class: 'none' }
  return pass ? { word: '✓ PASS', class: 'pass' } : { word: '✗ SHORT', class: 'short' }
}

/** What is missed is seen at once; of many the rest is folded away. */
function verdicts(all: readonly ReportedVerdict[]): string {
  if (all.length <= VERDICTS_SHOWN_MAX) return verdictList(all)
  const of = (pass: boolean | null) => all.filter((verdict) => verdict.pass === pass)
  return [
    verdictList(of(false)),
    folded(`${of(null).length} without a verdict`, verdictList(of(null))),
    folded(`${of(true).length} met`, verdictList(of(true))),
  ].join('')
}

function verdictList(all: readonly ReportedVerdict[]): string {
  if (all.length === 0) return ''
  const items = all.map((verdict) => {
    const { word, class: colour } = outcomeOf(verdict)
    const text = `${escaped(verdict.what)}: <strong>${escaped(verdict.measured)}</strong>`
    return `<li><span class="chip ${colour}">${word}</span><span>${text}</span></li>`
  })
  return `<ul class="verdicts" aria-label="Floors">${items.join('')}</ul>`
}

function figures(plots: readonly Plot[]): string {
  if (plots.length === 0) return ''
  const all = plots.map(({ title, svg }) => `<figure><figcaption>${escaped(title)}</figcaption>${svg}</figure>`)
  return `<div class="plots${plots.length === 1 ? ' single' : ''}">${all.join('\n')}</div>`
}

function folded(summary: string, markup: string): string {
  return markup === '' ? '' : `<details><summary>${summary}</summary>${markup}</details>`
}

function noiseText({ core, p99Us, p999Us }: CoreNoise): string {
  return `core ${core} p99 ${quantity(p99Us, 'µs')}, p99.9 ${quantity(p999Us, 'µs')}`
}
