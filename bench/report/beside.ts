import type { FigureName } from '../scenarios/scenario.js'
import type { OurName } from '../subjects/subject.js'
import type { Floor } from './floors.js'
import { median } from './row.js'

/**
 * What is there beside it changes a figure by at most this share: upwards, or of a rate downwards. The runs of both cases follow each other, and the median of
 * the ratios is what counts: what else the machine does falls on both.
 */
export function unmovedBy(of: OurName, figure: FigureName, alone: string, beside: string, share: number): Floor {
  return {
    check(rows) {
      const isRate = figure === 'rate'
      const what = `${of}, ${beside}: ${figure} at ${isRate ? 'least' : 'most'} ${isRate ? 1 - share : 1 + share} × that of ${alone}`
      const both = [beside, alone].map((variant) => rows.find((row) => row.subject === of && row.variant === variant))
      const [paid, free] = both.map((row) => row?.figures[figure]?.runs ?? [])
      if (paid.length === 0 || paid.length !== free.length) return { what, measured: 'not measured', pass: null }
      // A rate that the generator set is alike in both; a latency that it made says nothing.
      if (both.some((row) => row?.isVoid === true || (!isRate && row?.generatorBound === true)))
        return { what, measured: 'void: the generator was not fast enough', pass: null }
      const ratio = median(paid.map((value, run) => value / free[run]))
      return {
        what,
        measured: `${ratio.toFixed(2)} ×`,
        pass: isRate ? ratio >= 1 - share : ratio <= 1 + share,
      }
    },
  }
}
