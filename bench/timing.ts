import type { Scenario } from './scenarios/scenario.js'

/** How often and how long something is measured. */
export interface Timing {
  runs: number
  /** Before what is measured, with the same load. */
  warmupMs: number
  measureMs: number
}

/** What was asked for; null where nothing was. */
export interface TimingWish {
  isQuick: boolean
  runs: number | null
  warmupMs: number | null
  measureMs: number | null
}

export const FULL: Timing = { runs: 5, warmupMs: 600, measureMs: 2000 }
export const QUICK: Timing = { runs: 3, warmupMs: 300, measureMs: 700 }

/** What was asked for is done; otherwise a scenario may have fewer runs, and runs of another length, which are never longer when it is to be quick. */
export function timingOf(
  { runsMax = Infinity, measureMs }: Pick<Scenario, 'runsMax' | 'measureMs'>,
  wish: TimingWish,
): Timing {
  const usual = wish.isQuick ? QUICK : FULL
  const own = wish.isQuick ? Math.min(measureMs ?? Infinity, usual.measureMs) : (measureMs ?? usual.measureMs)
  return {
    runs: wish.runs ?? Math.min(runsMax, usual.runs),
    warmupMs: wish.warmupMs ?? usual.warmupMs,
    measureMs: wish.measureMs ?? own,
  }
}
