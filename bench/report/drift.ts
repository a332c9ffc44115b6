import { median } from './row.js'

export type Point = readonly [x: number, y: number]

/** Change of y for each unit of x, and what it may as well be. */
export interface Slope {
  slope: number
  /** Bounds of the interval in which it is with a confidence of 95 %, if the points are independent of each other. */
  low: number
  high: number
}

/** Of the normal distribution, for 95 %. */
const Z = 1.96
/** More points than this are put together, as the number of pairs grows with the square. */
const POINTS_MAX = 400

/**
 * The median of the slopes of all pairs of points (Theil 1950), with Sen's interval (1968): some points far from the rest, such as a heap just before it is
 * collected, hardly move it. Null with fewer than three points.
 */
export function theilSen(all: readonly Point[]): Slope | null {
  const points = thinned(all)
  const n = points.length
  if (n < 3) return null
  const slopes: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const run = points[j][0] - points[i][0]
      if (run !== 0) slopes.push((points[j][1] - points[i][1]) / run)
    }
  }
  if (slopes.length === 0) return null
  slopes.sort((a, b) => a - b)
  const spread = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (place: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(place)))]
  return {
    slope: median(slopes),
    low: at((slopes.length - spread) / 2 - 1),
    high: at((slopes.length + spread) / 2),
  }
}

/** Neighbours put together by their medians, so that there are at most POINTS_MAX. */
function thinned(points: readonly Point[]): readonly Point[] {
  const together = Math.ceil(points.length / POINTS_MAX)
  if (together <= 1) return points
  const groups: Point[] = []
  for (let from = 0; from < points.length; from += together) {
    const group = points.slice(from, from + together)
    groups.push([median(group.map(([x]) => x)), median(group.map(([, y]) => y))])
  }
  return groups
}

/** How the end differs from the beginning. */
export interface Shift {
  first: number
  last: number
  /** last / first - 1 */
  share: number
  /** What such a share is when only the scatter within both thirds made it: three standard errors of the difference of the medians. */
  noise: number
}

/** 1.4826 × the median absolute deviation is the standard deviation of what is distributed normally; 1.2533 × that over √n the standard error of a median. */
const MAD_TO_DEVIATION = 1.4826
const MEDIAN_ERROR = 1.2533
const ERRORS = 3

/** The median of the last third against that of the first. Null with fewer than two points in each. */
export function shiftOf(values: readonly number[]): Shift | null {
  const third = Math.floor(values.length / 3)
  if (third < 2) return null
  const [one, other] = [values.slice(0, third), values.slice(-third)]
  const [first, last] = [median(one), median(other)]
  if (first === 0) return null
  const error = Math.hypot(medianError(one), medianError(other))
  return { first, last, share: last / first - 1, noise: (ERRORS * error) / first }
}

function medianError(values: readonly number[]): number {
  const middle = median(values)
  const deviation = MAD_TO_DEVIATION * median(values.map((value) => Math.abs(value - middle)))
  return (MEDIAN_ERROR * deviation) / Math.sqrt(values.length)
}
