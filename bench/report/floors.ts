import type { FigureName } from '../scenarios/scenario.js'
import { FIGURE_UNITS } from '../scenarios/scenario.js'
import type { SubjectName } from '../subjects/subject.js'
import { quantity } from './quantity.js'
import type { Row } from './row.js'

/** Something that a scenario has to show of our daemon. */
export interface Floor {
  check(rows: readonly Row[]): Verdict
}

export interface Verdict {
  what: string
  measured: string
  /** Null: not measured, as the peer is absent or a run failed. */
  pass: boolean | null
}

const UNMEASURED = { measured: 'not measured', pass: null }

export function atLeast(figure: FigureName, floor: number, variant = ''): Floor {
  return bound(figure, variant, `at least ${quantity(floor, FIGURE_UNITS[figure])}`, (value) => value >= floor)
}

export function atMost(figure: FigureName, limit: number, variant = ''): Floor {
  return bound(figure, variant, `at most ${quantity(limit, FIGURE_UNITS[figure])}`, (value) => value <= limit)
}

/** At least `times` what a peer reached in the same runs. */
export function timesPeer(figure: FigureName, peer: SubjectName, times: number): Floor {
  const what = `${figure} at least ${times} × ${peer}`
  return ratio(what, times, (rows) => [value(rows, figure, '', 'sluice'), value(rows, figure, '', peer)])
}

/** At least this share of another variant's figure. */
export function shareOf(figure: FigureName, variant: string, baseline: string, share: number): Floor {
  const what = `${variant}: ${figure} at least ${share} × ${baseline}`
  return ratio(what, share, (rows) => [value(rows, figure, variant, 'sluice'), value(rows, figure, baseline, 'sluice')])
}

/** A latency no higher than a peer's in the same runs. */
export function noWorse(figure: FigureName, peer: SubjectName): Floor {
  return {
    check(rows) {
      const what = `${figure} no worse than ${peer}`
      const [ours, theirs] = [value(rows, figure, '', 'sluice'), value(rows, figure, '', peer)]
      if (ours === null || theirs === null) return { what, ...UNMEASURED }
      const unit = FIGURE_UNITS[figure]
      return { what, measured: `${quantity(ours, unit)} against ${quantity(theirs, unit)}`, pass: ours <= theirs }
    },
  }
}

/** Nothing lost, doubled or reordered in any run of ours. */
export function unlost(): Floor {
  return {
    check(rows) {
      const what = 'lost, doubled, reordered: 0'
      const ours = rows.filter((row) => row.subject === 'sluice')
      if (ours.length === 0 || ours.some((row) => row.errors.length > 0)) return { what, ...UNMEASURED }
      const sums = (['lost', 'doubled', 'reordered'] as const).map((key) =>
        ours.reduce((sum, row) => sum + row[key], 0),
      )
      return { what, measured: sums.join(', '), pass: sums.every((sum) => sum === 0) }
    },
  }
}

function bound(figure: FigureName, variant: string, limit: string, holds: (value: number) => boolean): Floor {
  return {
    check(rows) {
      const what = `${variant === '' ? '' : `${variant}: `}${figure} ${limit}`
      const measured = value(rows, figure, variant, 'sluice')
      if (measured === null) return { what, ...UNMEASURED }
      return { what, measured: quantity(measured, FIGURE_UNITS[figure]), pass: holds(measured) }
    },
  }
}

function ratio(what: string, floor: number, pair: (rows: readonly Row[]) => [number | null, number | null]): Floor {
  return {
    check(rows) {
      const [ours, theirs] = pair(rows)
      if (ours === null || theirs === null || theirs === 0) return { what, ...UNMEASURED }
      return { what, measured: `${(ours / theirs).toFixed(2)} ×`, pass: ours / theirs >= floor }
    },
  }
}

function value(rows: readonly Row[], figure: FigureName, variant: string, subject: SubjectName): number | null {
  const row = rows.find((each) => each.subject === subject && each.variant === variant)
  return row?.figures[figure]?.median ?? null
}
