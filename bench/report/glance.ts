import { figureOf, headline, isVoid, timesBetter } from './figures.js'
import type { Report, ReportedSubject } from './report.js'
import { median, type Row } from './row.js'

/** A scenario in a line. */
export interface Glance {
  /** What it is about; null when nothing was measured. */
  figure: string | null
  unit: string
  /** Ours, the best of our ports in each case: the best and the worst case of the scenario, one and the same where there is one case only. */
  ours: { best: Row; worst: Row } | null
  /** The peer that comes nearest to us or is ahead, by how many times we are better, the median of the cases that both took part in. */
  peer: { subject: ReportedSubject; times: number; isVoid: boolean; only: Row | null } | null
}

export function glanceAt(report: Report, name: string): Glance {
  const said = report.scenarios.find((scenario) => scenario.name === name)?.headline
  const rows = report.rows.filter((row) => row.scenario === name)
  const figure = headline(rows, report.units, said)
  if (figure === null) return { figure, unit: '', ours: null, peer: null }
  const unit = report.units[figure] ?? ''
  const measuredOf = (row: Row) => figureOf(row, figure)
  const measured = rows.filter((row) => measuredOf(row) !== null)
  const better = (a: Row, b: Row) => (timesBetter(measuredOf(b), measuredOf(a), unit) ?? 1) - 1
  const isOurs = new Map(report.subjects.map((subject) => [subject.name as string, subject.isOurs]))
  const bestByVariant = new Map<string, Row>()
  for (const row of measured.filter(({ subject }) => isOurs.get(subject) === true).sort(better)) {
    if (!bestByVariant.has(row.variant)) bestByVariant.set(row.variant, row)
  }
  const best = [...bestByVariant.values()]
  const peers = report.subjects.flatMap((subject) => {
    if (subject.isOurs || subject.isLimit === true) return []
    const pairs = measured.flatMap((row) => {
      const our = row.subject === subject.name ? bestByVariant.get(row.variant) : undefined
      const times = our === undefined ? null : timesBetter(measuredOf(our), measuredOf(row), unit)
      return times === null ? [] : [{ row, times }]
    })
    if (pairs.length === 0) return []
    const only = pairs.length === 1 ? pairs[0].row : null
    return [
      {
        subject,
        times: median(pairs.map(({ times }) => times)),
        isVoid: pairs.some(({ row }) => isVoid(row)),
        only,
      },
    ]
  })
  return {
    figure,
    unit,
    ours: best.length === 0 ? null : { best: best[0], worst: best[best.length - 1] },
    peer: peers.sort((a, b) => a.times - b.times)[0] ?? null,
  }
}
