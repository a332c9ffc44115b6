/** Ranges and ticks of vertical axes, computed here so that they hold still while figures change a little. */

/** 1, 2 or 5 times a power of ten that is not below the value. */
export function niceAbove(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const factor of [1, 2, 3, 5, 8, 10]) if (factor * power >= value * 0.9999) return factor * power
  return 10 * power
}

/** The same for bytes, in powers of two. */
export function niceBytesAbove(value: number): number {
  if (!(value > 1)) return 1
  const power = 2 ** Math.floor(Math.log2(value))
  return value <= power ? power : value <= power * 1.5 ? power * 1.5 : power * 2
}

export type Points = readonly (number | null)[]

export function largest(lines: readonly Points[]): number {
  let max = 0
  for (const line of lines) for (const value of line) if (value !== null && value > max) max = value
  return max
}

export function smallestAboveZero(lines: readonly Points[]): number {
  let min = Number.POSITIVE_INFINITY
  for (const line of lines) for (const value of line) if (value !== null && value > 0 && value < min) min = value
  return min
}

/** From a 1, 2 or 5 of a decade to another, two decades at least apart. */
export function logRange(lines: readonly Points[], fallback: readonly [number, number]): [number, number] {
  const min = smallestAboveZero(lines)
  if (min === Number.POSITIVE_INFINITY) return [...fallback]
  const low = 10 ** Math.floor(Math.log10(min))
  const high = niceAbove(largest(lines) * 1.05)
  return [low, Math.max(high, low * 100)]
}

/** Powers of ten within a range; with 2 and 5 of each where there is room. */
export function logTicks(min: number, max: number, ticksMax: number): number[] {
  const ticks: number[] = []
  const decades = Math.log10(max / min)
  const factors = decades * 3 <= ticksMax ? [1, 2, 5] : [1]
  for (let exponent = Math.floor(Math.log10(min)); exponent <= Math.ceil(Math.log10(max)); exponent++) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** exponent).toPrecision(3))
      if (tick >= min * 0.999 && tick <= max * 1.001) ticks.push(tick)
    }
  }
  return ticks
}

/** Equal steps from 0, whose size is given by the largest. */
export function evenTicks(max: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => (max * i) / steps)
}
