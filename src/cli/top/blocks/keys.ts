import type { Block } from '../block.js'
import { fitting, type Line, span } from '../spans.js'
import type { View } from '../view.js'

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
  return { rank: 2.5, least: 1, most: view.hasKeys ? 1 : 0, draw: () => [line] }
}

/** In place of the picture. */
export function help(width: number): Block {
  const lines = [
    ...KEYS.map(([key, , says]) => `  ${key.padEnd(7)}${says}`),
    '',
    'lane         0 is the most urgent, 3 the default',
    'waiting      runs of events that wait in the lane',
    'routing      from accepted to written to the link, or parked for a receiver that does not read',
    'delivery     from accepted to out of our buffers: what the receiver is to answer for as well',
    'burn         how many times faster than allowed the budget is being spent; above 1 it will not last',
    'limit        what keeps the daemon from doing more, and for how long it has been that',
    '             All of it: docs/operations.md',
  ].map((text): Line => [span(text.length <= width ? text : '')])
  return { rank: 3, least: 1, most: lines.length, draw: (height) => lines.slice(0, height) }
}
