/** From values to places on a plot. */
export interface Scale {
  place(value: number): number
  /** Values that lines of the grid are drawn at. */
  readonly ticks: readonly number[]
}

/** Of 1, 2, 5 and their powers of ten, the step that gives about so many. */
const STEPS = [1, 2, 5, 10]

/** From zero, or below it, up to a round number at or above the highest value. */
export function linearScale(values: readonly number[], from: number, to: number, ticksMax = 5): Scale {
  const least = Math.min(0, ...values)
  const most = Math.max(0, ...values)
  const span = most - least || 1
  const magnitude = 10 ** Math.floor(Math.log10(span / ticksMax))
  const step = magnitude * (STEPS.find((each) => span / (each * magnitude) <= ticksMax) ?? 10)
  const low = Math.floor(least / step) * step
  const high = Math.max(low + step, Math.ceil(most / step - 1e-9) * step)
  const count = Math.round((high - low) / step)
  return {
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: count + 1 }, (_, i) => low + i * step),
  }
}

/** Whole decades are marked, or 1, 2, 5 where there are few. What is not above zero has no place, and is put at the low end. */
export function logScale(values: readonly number[], from: number, to: number, decadesToMark = 2): Scale {
  const positive = values.filter((value) => value > 0)
  const [least, most] = positive.length === 0 ? [1, 10] : [Math.min(...positive), Math.max(...positive)]
  const candidates = marks(least, most, Math.log10(most / least) >= decadesToMark ? [1] : [1, 2, 5])
  const low = candidates.findLast((mark) => mark <= least * (1 + 1e-9)) ?? least
  const above = candidates.find((mark) => mark >= most * (1 - 1e-9)) ?? most
  const high = above > low ? above : low * 10
  const width = Math.log(high / low)
  return {
    place: (value) => from + (Math.log(Math.max(low, value) / low) / width) * (to - from),
    ticks: candidates.filter((mark) => mark >= low * (1 - 1e-9) && mark <= high * (1 + 1e-9)),
  }
}

/** With more places than these, round numbers are marked instead. */
const MEASURED_TICKS_MAX = 16

/** The places of an axis that were measured: marks where they are, as many as fit. */
export function measuredScale(values: readonly number[], isLogarithmic: boolean, from: number, to: number): Scale {
  const sorted = [...new Set(values)].sort((a, b) => a - b)
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 1]
  const isLog = isLogarithmic && low > 0
  const along = (value: number) => (isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low))
  const ticks = sorted.length <= MEASURED_TICKS_MAX || isLog ? sorted : linearScale(sorted, from, to).ticks
  return {
    place: (value) => (high === low ? (from + to) / 2 : from + along(value) * (to - from)),
    ticks: ticks.filter((tick) => tick >= low && tick <= high),
  }
}

function marks(least: number, most: number, digits: readonly number[]): number[] {
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const decades = Array.from({ length: last - first + 2 }, (_, i) => first + i)
  return decades.flatMap((decade) => digits.map((digit) => digit * 10 ** decade))
}
