import { BURN_WINDOWS, type BurnWindow, type SloStats } from '../stats.js'
import type { Count } from './history.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Windows that alerts look at: those that are shown, and one of days, for what burns slowly. */
export const ALERT_WINDOWS = [...BURN_WINDOWS, '3d'] as const
export type AlertWindow = (typeof ALERT_WINDOWS)[number]

export const WINDOW_MS: Readonly<Record<AlertWindow, number>> = {
  '5m': 5 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '3d': 72 * HOUR_MS,
}

/** The budget burns faster than `factor` times what is allowed over both windows: the long one shows that it matters, the short one that it still goes on. */
export interface BurnRule {
  readonly severity: 'page' | 'ticket'
  readonly long: AlertWindow
  readonly short: BurnWindow
  readonly factor: number
}

/**
 * Multi-window, multi-burn-rate alerts, as in chapter 5 of Google's Site Reliability Workbook (table 5-8): of a budget for 30 days, 2 % in an hour or 5 % in
 * six hours wake somebody, 10 % in three days make work for the next morning.
 */
export const BURN_RULES: readonly BurnRule[] = [
  { severity: 'page', long: '1h', short: '5m', factor: 14.4 },
  { severity: 'page', long: '6h', short: '30m', factor: 6 },
  { severity: 'ticket', long: '3d', short: '6h', factor: 1 },
]

/** So many events must have been bad in the long window: one slow event at night, or the first few after a start, are no reason to wake anybody. */
export const BAD_EVENTS_MIN = 10

/** How many times faster than allowed errors come: 1 spends exactly the budget. 0 where nothing was counted. */
export function burnRate({ good, total }: Count, objective: number): number {
  return total === 0 ? 0 : (total - good) / total / (1 - objective)
}

/** Share of the budget that is left after what was counted over the whole window; below 0 when it is overspent. */
export function budgetLeft(count: Count, objective: number): number {
  return 1 - burnRate(count, objective)
}

/** The worst that any rule finds. */
export function judge(over: (window: AlertWindow) => Count, objective: number): SloStats['state'] {
  let state: SloStats['state'] = 'ok'
  for (const rule of BURN_RULES) {
    if (!burns(rule, over, objective)) continue
    if (rule.severity === 'page') return 'page'
    state = 'ticket'
  }
  return state
}

function burns({ long, short, factor }: BurnRule, over: (window: AlertWindow) => Count, objective: number): boolean {
  const counted = over(long)
  return (
    counted.total - counted.good >= BAD_EVENTS_MIN &&
    burnRate(counted, objective) > factor &&
    burnRate(over(short), objective) > factor
  )
}
