import type { FigureName } from '../scenarios/scenario.js'
import type { SelfNoise } from './report.js'
import { median, type Row } from './row.js'

/** What is compared: of others nobody claims that one is better. */
const FIGURES: readonly FigureName[] = ['rate', 'p50', 'p99', 'p99.9']

/** By how much the same daemon differed from itself, run by run: the second process over the first, less one. */
export function selfNoiseIn(scenario: string, rows: readonly Row[]): SelfNoise[] {
  return rows
    .filter(({ subject }) => subject === 'sluice-again')
    .flatMap(({ variant, figures: again }) => {
      const first = rows.find((row) => row.subject === 'sluice' && row.variant === variant)?.figures ?? {}
      const isPaced = again.p99 !== undefined
      return FIGURES.flatMap((figure): SelfNoise[] => {
        const [before, after] = [first[figure]?.runs ?? [], again[figure]?.runs ?? []]
        // The rate of what is paced is what was asked for.
        if (before.length === 0 || before.length !== after.length || (isPaced && figure === 'rate')) return []
        return [{ scenario, variant, figure, differences: before.map((value, run) => after[run] / value - 1) }]
      })
    })
}

/** `rate: median +1.2 %, −3.0 to +4.1 %`. */
export function selfNoiseText({ variant, figure, differences }: SelfNoise): string {
  const percent = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)} %`
  const [least, most] = [Math.min(...differences), Math.max(...differences)].map(percent)
  return `${variant}, ${figure}: the same daemon differs from itself by ${percent(median(differences))} in the median of ${differences.length}, ${least} to ${most}`
}
