import type { FigureName } from '../scenarios/scenario.js'
import type { OurName } from '../subjects/subject.js'
import type { Floor } from './floors.js'
import { median, type Row } from './row.js'

/**
 * What is there beside it changes a figure by at most this share: upwards, or of a rate downwards. The runs of both cases follow each other, and the median of
 * the ratios is what counts: what else the machine does falls on both.
 */
export function unmovedBy(of: OurName, figure: FigureName, alone: string, beside: string, share: number): Floor {
  return {
    check(rows) {
      const isRate = figure === 'rate'
      const what = `${of}, ${beside}: ${figure} at ${isRate ? 'least' : 'most'} ${isRate ? 1 - share : 1 + share} × that of ${alone}`
      const [paid, free] = [beside, alone].map((variant) => runsOf(rows, of, variant, figure))
      if (paid.length === 0 || paid.length !== free.length) return { what, measured: 'not measured', pass: null }
      const ratio = median(paid.map((value, run) => value / free[run]))
      return {
        what,
        measured: `${ratio.toFixed(2)} ×`,
        pass: isRate ? ratio >= 1 - share : ratio <= 1 + share,
      }
    },
  }
}

function runsOf(rows: readonly Row[], of: OurName, variant: string, figure: FigureName): readonly number[] {
  return rows.find((row) => row.subject === of && row.variant === variant)?.figures[figure]?.runs ?? []
}
