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

/**
 * A scenario may have fewer runs than usual, and runs of another length, which are never longer when it is to be quick. More than usual is done where it
 * is asked for; less than usual is the most there is, so that asking for less never takes longer.
 */
export function timingOf(
  { runsMax = Infinity, measureMs }: Pick<Scenario, 'runsMax' | 'measureMs'>,
  wish: TimingWish,
): Timing {
  const usual = wish.isQuick ? QUICK : FULL
  const ownRuns = Math.min(runsMax, usual.runs)
  const ownMs = wish.isQuick ? Math.min(measureMs ?? Infinity, usual.measureMs) : (measureMs ?? usual.measureMs)
  return {
    runs: asked(wish.runs, usual.runs, ownRuns),
    warmupMs: wish.warmupMs ?? usual.warmupMs,
    measureMs: asked(wish.measureMs, usual.measureMs, ownMs),
  }
}

function asked(wished: number | null, usual: number, own: number): number {
  if (wished === null) return own
  return wished < usual ? Math.min(wished, own) : wished
}
