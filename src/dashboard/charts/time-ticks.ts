/** Room for one time along the bottom. */
const TIME_TICK_PX = 84
const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]

/** Round times of day, as many as there is room for. */
export function timeTicks(fromS: number, toS: number, widthPx: number): number[] {
  const wanted = Math.max(2, Math.floor(widthPx / TIME_TICK_PX))
  const step = TIME_STEPS_S.find((size) => (toS - fromS) / size <= wanted) ?? 3600
  const ticks: number[] = []
  for (let at = Math.ceil(fromS / step) * step; at <= toS; at += step) ticks.push(at)
  return ticks
}

export function isWholeMinutes(ticks: readonly number[]): boolean {
  return ticks.every((at) => at % 60 === 0)
}
