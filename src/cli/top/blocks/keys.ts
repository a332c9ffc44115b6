import type { Block } from '../block.js'
import { Rank } from '../rank.js'
import { fitting, type Line, span, widthOf } from '../spans.js'
import { inLines } from '../text.js'
import type { View } from '../view.js'

const INDENT = 10
const LINES_MAX = 4

export const KEYS: readonly (readonly [key: string, short: string, says: string])[] = [
  ['q', 'quit', 'quit (Ctrl-C too)'],
  ['?', 'help', 'this list, and back'],
  ['space', 'freeze', 'freeze the picture, and go on; what happens meanwhile is in the history'],
  ['s', 'sort', 'sort the slowest subscribers by the next column'],
  ['S', 'reverse', 'reverse their order'],
  ['l', 'lanes', 'every percentile of every lane, and back'],
]

/** The last line: what keys there are. */
export function keys(view: View, width: number): Block {
  const line = fitting(
    KEYS.map(([key, short]): Line => [span(key, 'bold'), span(` ${short}`, 'dim')]),
    width,
  )
  return { steps: view.hasKeys ? [[1, Rank.KEYS]] : [], draw: () => [line] }
}

const WORDS: readonly (readonly [word: string, says: string])[] = [
  ['lane', '0 is the most urgent, 3 the default, 7 the least'],
  ['waiting', 'runs of events that wait in the lane'],
  ['routing', 'from accepted to written to the link, or parked for a receiver that does not read'],
  ['delivery', 'from accepted to out of our buffers: what the receiver is to answer for as well'],
  ['burn', 'how many times faster than allowed the budget is being spent'],
  ['limit', 'what keeps the daemon from doing more, how much of what there is it takes, and since when'],
]

/** In place of the picture. */
export function help(width: number): Block {
  const entries = [
    ...KEYS.map(([key, , says]) => [key, says] as const),
    ['', ''] as const,
    ...WORDS,
    ['', ''] as const,
    ['', 'All of it: docs/operations.md'] as const,
  ]
  const lines = entries.flatMap(([word, says]) =>
    inLines(says, Math.max(1, width - INDENT), LINES_MAX).map((text, index): Line => {
      const line = [span(index === 0 ? word.padEnd(INDENT) : ' '.repeat(INDENT), 'bold'), span(text)]
      return widthOf(line) <= width ? line : []
    }),
  )
  return {
    steps: lines.map((_, index) => [index + 1, Rank.LANES]),
    draw: (height) => lines.slice(0, height),
  }
}
