import { isOurs } from '../subjects/index.js'
import type { Floor, Verdict } from './floors.js'
import { quantity } from './quantity.js'
import type { Row } from './row.js'
import { memoryDrift, tailShift } from './soak-series.js'

/** Resident memory grows by at most so much, once warm. No verdict where the run was too short to tell. */
export function flatMemory(mibPerHourMax: number): Floor {
  const what = `memory grows by at most ${mibPerHourMax} MiB/h`
  return ofSoak(what, (row) => {
    const drift = memoryDrift(row.series ?? [])
    if (drift === null) return null
    const { slope, low, high } = drift
    const measured = `${signed(slope)} MiB/h (95 %: ${signed(low)} to ${signed(high)})`
    if (high <= mibPerHourMax) return { measured, pass: true }
    return low <= mibPerHourMax ? { measured: `${measured}: too short to tell`, pass: null } : { measured, pass: false }
  })
}

/** The p99.9 of the last third of the run is higher than that of the first by at most this share, or by no more than the scatter within both explains. */
export function flatTail(share: number): Floor {
  const what = `p99.9 of the last third at most ${share * 100} % above the first, or within noise`
  return ofSoak(what, (row) => {
    const shift = tailShift(row.series ?? [])
    if (shift === null) return null
    const { first, last, noise } = shift
    const measured = `${quantity(first, 'µs')}, then ${quantity(last, 'µs')}; noise ${(noise * 100).toFixed(0)} %`
    return { measured, pass: shift.share <= Math.max(share, noise) }
  })
}

function ofSoak(what: string, check: (row: Row) => Pick<Verdict, 'measured' | 'pass'> | null): Floor {
  return {
    check(rows) {
      const row = rows.find(({ subject, errors }) => isOurs(subject) && errors.length === 0)
      const found = row === undefined ? null : check(row)
      return { what, ...(found ?? { measured: 'not measured', pass: null }) }
    },
  }
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(1)}`
}
