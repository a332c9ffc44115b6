import { quantity } from '../quantity.js'
import { picture } from './frame.js'
import { textWidth } from './legend.js'
import { element, escaped } from './markup.js'

export interface Bar {
  name: string
  /** Of its colour. */
  class: string
  value: number
  /** Of the single runs; the value is their median. */
  runs: readonly number[]
  /** The generator set it: it is hatched, and says so. */
  isVoid: boolean
}

export interface BarGroup {
  /** Empty where there is one only. */
  title: string
  bars: readonly Bar[]
}

const TEXT_HEIGHT = 17
const BAR_HEIGHT = 11
const BAR_GAP = 9
const HEAD_HEIGHT = 24
const GROUP_GAP = 8
const VOID = 'void'

/**
 * Bars from zero, one below the other, each under its name and its figure, so that no name is too long.
 * @param id of this plot, unlike any other's on the page
 */
export function barPlot(id: string, label: string, width: number, unit: string, groups: readonly BarGroup[]): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.flatMap(({ value, runs }) => [value, ...runs])), 1e-9)
  const parts = [hatch(id)]
  let y = 0
  for (const { title, bars } of groups) {
    if (title !== '') {
      parts.push(element('text', { class: 'head', x: 0, y: y + 15 }, escaped(title)))
      y += HEAD_HEIGHT
    }
    for (const bar of bars) {
      parts.push(barAt(id, bar, y, width, most, unit))
      y += TEXT_HEIGHT + BAR_HEIGHT + BAR_GAP
    }
    y += GROUP_GAP
  }
  return picture(label, width, y - GROUP_GAP, parts.join(''))
}

function barAt(id: string, bar: Bar, y: number, width: number, most: number, unit: string): string {
  const { name, value, runs, isVoid } = bar
  const length = Math.max(2, (value / most) * width)
  const shape = { x: 0, y: y + TEXT_HEIGHT, width: length, height: BAR_HEIGHT, rx: 3 }
  const figure = quantity(value, unit)
  const words = `${name}: ${figure}${isVoid ? `, ${VOID}` : ''}${runs.length > 1 ? `; runs: ${runs.map((run) => quantity(run, unit)).join(', ')}` : ''}`
  const parts = [
    element('rect', { class: 'track', ...shape, width }),
    element('rect', { class: 'mark', ...shape }, `<title>${escaped(words)}</title>`),
    ...(isVoid ? [element('rect', { fill: `url(#${id}-hatch)`, ...shape })] : []),
    ...spread(runs, y + TEXT_HEIGHT + BAR_HEIGHT / 2, width / most),
    element('text', { class: 'name', x: 0, y: y + 12 }, escaped(name)),
    element('text', { class: 'value', x: width, y: y + 12, 'text-anchor': 'end' }, escaped(figure)),
  ]
  if (isVoid) {
    const x = width - textWidth(figure) - 12
    parts.push(element('text', { class: 'small', x, y: y + 12, 'text-anchor': 'end' }, VOID))
  }
  return element('g', { class: bar.class }, parts.join(''))
}

/** From the least to the most of the runs. */
function spread(runs: readonly number[], y: number, scale: number): string[] {
  if (runs.length < 2) return []
  const [least, most] = [Math.min(...runs) * scale, Math.max(...runs) * scale]
  const cap = (x: number) => element('line', { class: 'spread', x1: x, x2: x, y1: y - 3, y2: y + 3 })
  return [element('line', { class: 'spread', x1: least, x2: most, y1: y, y2: y }), cap(least), cap(most)]
}

function hatch(id: string): string {
  const pattern = {
    id: `${id}-hatch`,
    width: 8,
    height: 8,
    patternUnits: 'userSpaceOnUse',
    patternTransform: 'rotate(45)',
  }
  return element(
    'defs',
    {},
    element('pattern', pattern, element('line', { class: 'hatch', x1: 0, x2: 0, y1: 0, y2: 8 })),
  )
}
