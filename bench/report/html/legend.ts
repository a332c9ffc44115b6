import { element, escaped } from './markup.js'

export interface Key {
  name: string
  /** Of its colour. */
  class: string
}

const ROW_HEIGHT = 18
const SWATCH_WIDTH = 22
const GAP = 16
/** A letter of the plots' text, on average and as large as it is on a phone, in px. */
const LETTER_WIDTH = 7.4

/** About, and rather too much: nothing is measured where plots are drawn. In px. */
export function textWidth(text: string): number {
  return text.length * LETTER_WIDTH
}

/** Names beside their colours, in as many rows as they need. @returns markup and its height in px */
export function legend(keys: readonly Key[], width: number): { markup: string; height: number } {
  let [x, y] = [0, 0]
  const parts = keys.map(({ name, class: colour }) => {
    const itemWidth = SWATCH_WIDTH + textWidth(name)
    if (x > 0 && x + itemWidth > width) [x, y] = [0, y + ROW_HEIGHT]
    const swatch = element('rect', { class: 'mark', x, y: y + 5, width: 14, height: 4, rx: 2 })
    const text = element('text', { class: 'name', x: x + SWATCH_WIDTH - 2, y: y + 11 }, escaped(name))
    x += itemWidth + GAP
    return element('g', { class: colour }, swatch + text)
  })
  return { markup: parts.join(''), height: keys.length === 0 ? 0 : y + ROW_HEIGHT + 6 }
}
