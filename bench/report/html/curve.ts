import { count, quantity, tickText } from '../quantity.js'
import { type Axes, framed, frameFor } from './frame.js'
import { type Key, legend } from './legend.js'
import { element, escaped } from './markup.js'
import { linearScale, logScale, measuredScale } from './scale.js'

export interface Curve extends Key {
  points: readonly { x: number; y: number; isVoid: boolean }[]
}

export interface CurvePlot {
  label: string
  width: number
  curves: readonly Curve[]
  xLabel: string
  isLogarithmic: boolean
  unit: string
  /** Latencies are, and what covers more than this many decades. */
  isLogY: boolean
}

const RADIUS = 3.5
/** Finger and mouse find a point within this. */
const HIT_RADIUS = 12
/** Of more than these the line alone is drawn. */
const DOTS_MAX = 40

/** Lines over an axis. A void point is hollow. */
export function curvePlot({ label, width, curves, xLabel, isLogarithmic, unit, isLogY }: CurvePlot): string {
  const keys = curves.length > 1 ? curves : []
  const frame = frameFor(width, legend(keys, width).height)
  const points = curves.flatMap((curve) => curve.points)
  const values = points.map(({ y }) => y)
  const x = measuredScale(
    points.map((point) => point.x),
    isLogarithmic,
    frame.left + RADIUS * 2,
    frame.right - RADIUS * 2,
  )
  const scale = isLogY ? logScale : linearScale
  const y = scale(values, frame.bottom, frame.top)
  const axes: Axes = { x, y, xText: count, yText: (value) => tickText(value, unit), xLabel }
  const marks = curves.map((curve) => {
    const path = curve.points.map(
      (point, i) => `${i === 0 ? 'M' : 'L'}${place(x.place(point.x))} ${place(y.place(point.y))}`,
    )
    const line = element('path', { class: 'curve', d: path.join('') })
    const dots = (curve.points.length > DOTS_MAX ? [] : curve.points).map((point) => {
      const at = { cx: x.place(point.x), cy: y.place(point.y) }
      const words = `${curve.name}, ${xLabel} ${count(point.x)}: ${quantity(point.y, unit)}${point.isVoid ? ', void' : ''}`
      const dot = element('circle', { class: point.isVoid ? 'void' : 'mark', ...at, r: RADIUS })
      return dot + element('circle', { class: 'hit', ...at, r: HIT_RADIUS }, `<title>${escaped(words)}</title>`)
    })
    return element('g', { class: curve.class }, line + dots.join(''))
  })
  return framed(label, width, keys, axes, frame, marks.join(''))
}

function place(value: number): number {
  return Math.round(value * 10) / 10
}
