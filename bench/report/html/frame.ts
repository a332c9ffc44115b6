import { type Key, legend, textWidth } from './legend.js'
import { element, escaped } from './markup.js'
import type { Scale } from './scale.js'

export interface Frame {
  /** Inner edges, in px. */
  left: number
  right: number
  top: number
  bottom: number
}

const LEFT = 58
const RIGHT = 14
const HEIGHT = 220
const BELOW = 40
const TICK_GAP = 12

/** Where a plot with axes has its marks, under a legend. */
export function frameFor(width: number, legendHeight: number): Frame {
  return { left: LEFT, right: width - RIGHT, top: legendHeight + 8, bottom: legendHeight + 8 + HEIGHT }
}

export interface Axes {
  x: Scale
  y: Scale
  xText: (value: number) => string
  yText: (value: number) => string
  xLabel: string
}

/** The legend, the grid, its labels, and the marks on it, as one picture. */
export function framed(
  label: string,
  width: number,
  keys: readonly Key[],
  axes: Axes,
  frame: Frame,
  marks: string,
): string {
  const parts = [legend(keys, width).markup, ...horizontals(axes, frame), ...verticals(axes, frame), marks]
  return picture(label, width, frame.bottom + BELOW, parts.join(''))
}

/** @param label what there is to see, for who cannot see it */
export function picture(label: string, width: number, height: number, markup: string): string {
  const attributes = { class: 'plot', viewBox: `0 0 ${width} ${Math.ceil(height)}`, role: 'img', 'aria-label': label }
  return element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...attributes }, markup)
}

function horizontals({ y, yText }: Axes, { left, right, bottom }: Frame): string[] {
  return y.ticks.map((tick) => {
    const at = y.place(tick)
    const line = { class: Math.abs(at - bottom) < 0.5 ? 'axis' : 'grid', x1: left, x2: right, y1: at, y2: at }
    const text = { class: 'small', x: left - 8, y: at + 4, 'text-anchor': 'end' }
    return element('line', line) + element('text', text, escaped(yText(tick)))
  })
}

function verticals({ x, xText, xLabel }: Axes, { left, right, bottom }: Frame): string[] {
  const shown = fitting(x.ticks, x, xText)
  const ticks = shown.map((tick) => {
    const at = x.place(tick)
    const line = { class: 'axis', x1: at, x2: at, y1: bottom, y2: bottom + 4 }
    const text = { class: 'small', x: at, y: bottom + 17, 'text-anchor': 'middle' }
    return element('line', line) + element('text', text, escaped(xText(tick)))
  })
  const middle = { class: 'small', x: (left + right) / 2, y: bottom + 34, 'text-anchor': 'middle' }
  return [...ticks, element('text', middle, escaped(xLabel))]
}

/** The last is always named, and of the others those that have the room. */
function fitting(ticks: readonly number[], { place }: Scale, text: (value: number) => string): number[] {
  const kept: number[] = []
  let free = Infinity
  for (const tick of [...ticks].reverse()) {
    const half = textWidth(text(tick)) / 2
    if (place(tick) + half > free) continue
    kept.push(tick)
    free = place(tick) - half - TICK_GAP
  }
  return kept
}
