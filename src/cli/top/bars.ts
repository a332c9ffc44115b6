import { type Line, span, type Tone } from './spans.js'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** A share of one as a bar, to an eighth of a column. */
export function bar(share: number, width: number, tone: Tone): Line {
  const eighths = Math.round(Math.min(1, Math.max(0, share || 0)) * width * 8)
  const filled = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]
  return [span(filled, tone), span('░'.repeat(width - filled.length), 'dim')]
}

/**
 * Values as columns, the latest at the right, one a column; what nobody knows (null) is empty. A value above 0 is seen, however small.
 * @returns `height` lines, the upper ones first
 */
export function columns(values: readonly (number | null)[], width: number, height: number, top: number): string[] {
  const shown = values.slice(-width)
  const steps = LEVELS.length * height
  const heights = shown.map((value) =>
    value === null || value <= 0 || top <= 0 ? 0 : Math.max(1, Math.min(steps, Math.round((value / top) * steps))),
  )
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * LEVELS.length
    const cells = heights.map((each) => (each <= below ? ' ' : LEVELS[Math.min(LEVELS.length, each - below) - 1]))
    return cells.join('').padStart(width)
  })
}
