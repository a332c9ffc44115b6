import type { Style } from '../style.js'
import { columnsOf } from './text.js'

export type Tone = 'plain' | keyof Style

/** Text of one tone. */
export interface Span {
  readonly text: string
  readonly tone: Tone
}

/** A line of the picture, not wider than it was asked for. */
export type Line = readonly Span[]

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0)
}

/** The line with spaces up to a width. */
export function padded(line: Line, width: number): Line {
  const missing = width - widthOf(line)
  return missing > 0 ? [...line, span(' '.repeat(missing))] : line
}

export function rightAligned(line: Line, width: number): Line {
  const missing = width - widthOf(line)
  return missing > 0 ? [span(' '.repeat(missing)), ...line] : line
}

/** As many of the parts as fit, the first ones first, never a piece of one; with so many spaces between them. */
export function fitting(parts: readonly Line[], width: number, gap = 2): Line {
  const fitted: Span[] = []
  let left = width
  for (const part of parts) {
    const own = widthOf(part)
    if (own === 0) continue
    const needed = own + (fitted.length > 0 ? gap : 0)
    if (needed > left) continue
    if (fitted.length > 0) fitted.push(span(' '.repeat(gap)))
    fitted.push(...part)
    left -= needed
  }
  return fitted
}

/** Parts from the left, and one at the right edge, which has room before the last of them. */
export function spread(parts: readonly Line[], right: Line, width: number, gap = 2): Line {
  const reserved = widthOf(right)
  if (reserved > width) return fitting(parts, width, gap)
  const left = fitting(parts, width - reserved - gap, gap)
  return [...padded(left, width - reserved), ...right]
}

/** What is sent to the terminal. */
export function painted(line: Line, style: Style): string {
  return line.map(({ text, tone }) => (tone === 'plain' ? text : style[tone](text))).join('')
}

/** The line without its tones. */
export function plainText(line: Line): string {
  return line.map(({ text }) => text).join('')
}
