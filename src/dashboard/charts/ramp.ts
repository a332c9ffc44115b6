/** Colours from few to many: the more, the further from the background, whichever that is. Perceptually even, and readable without red and green. */
const LIGHT = ['#f1f6f8', '#cfe6ef', '#93cbe0', '#4aa6c9', '#2166a8', '#3b2f7f', '#2a0f45']
const DARK = ['#161d27', '#173047', '#1b5170', '#1f7f8c', '#43b283', '#b5d653', '#fdf3a0']

export const RAMP_STEPS = 64

/** RAMP_STEPS colours as the 32 bits that ImageData has; the first is transparent: none at all. */
export function ramp(isDark: boolean): Uint32Array {
  const stops = (isDark ? DARK : LIGHT).map(rgb)
  const colors = new Uint32Array(RAMP_STEPS)
  for (let i = 1; i < RAMP_STEPS; i++) {
    const at = (i / (RAMP_STEPS - 1)) * (stops.length - 1)
    const low = Math.min(stops.length - 2, Math.floor(at))
    const mixed = stops[low].map((part, k) => Math.round(part + (stops[low + 1][k] - part) * (at - low)))
    colors[i] = ((255 << 24) | (mixed[2] << 16) | (mixed[1] << 8) | mixed[0]) >>> 0
  }
  return colors
}

export function rampGradient(isDark: boolean): string {
  return `linear-gradient(to right, ${(isDark ? DARK : LIGHT).join(', ')})`
}

function rgb(hex: string): number[] {
  return [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16))
}
