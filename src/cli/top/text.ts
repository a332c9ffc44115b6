import { harmless } from '../format.js'

/** Written by two columns on terminals (Unicode TR 11, the blocks that names are made of). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u
/** What most texts are made of: one column each. */
const PLAIN = /^[ -~µ–…─-▟]*$/
const COMBINING = /\p{M}/u
/** Steer the order or the joining of what is written, or end its line, without being seen. */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** What a client calls itself, as a terminal may show it: whatever is not seen, or would steer the terminal, is written as an escape. */
export function visible(text: string): string {
  return harmless(text.replaceAll('\t', ' ')).replace(
    UNSEEN,
    (unseen) => `\\u{${(unseen.codePointAt(0) as number).toString(16)}}`,
  )
}

/** Columns that a text takes on a terminal. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += columnsOfCharacter(character)
  return columns
}

function columnsOfCharacter(character: string): number {
  if (character < '\u0300') return 1
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The text if it fits, else its beginning and an ellipsis: for names, which have no shorter form. */
export function clipped(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const character of text) {
    left -= columnsOfCharacter(character)
    if (left < 0) break
    kept += character
  }
  return width < 1 ? '' : `${kept}…`
}

/** A sentence in lines of whole words; what does not fit into so many lines is an ellipsis in place of its last words. */
export function inLines(sentence: string, width: number, linesMax: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of sentence.split(' ').map((each) => clipped(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (columnsOf(longer) <= width) {
      line = longer
      continue
    }
    lines.push(line)
    line = word
  }
  lines.push(line)
  if (lines.length <= linesMax) return lines
  const kept = lines.slice(0, linesMax)
  if (kept.length > 0) kept[kept.length - 1] = ellipsis(kept[kept.length - 1], width)
  return kept
}

function ellipsis(line: string, width: number): string {
  let kept = line
  while (columnsOf(kept) + 2 > width && kept.includes(' ')) kept = kept.slice(0, kept.lastIndexOf(' '))
  return columnsOf(kept) + 2 <= width ? `${kept} …` : clipped(`${kept}……`, width)
}
