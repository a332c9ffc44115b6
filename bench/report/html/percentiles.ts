import type { Histogram } from 'hdr-histogram-js'
import { quantity, tickText } from '../quantity.js'
import { type Axes, framed, frameFor } from './frame.js'
import { type Key, legend } from './legend.js'
import { element, escaped } from './markup.js'
import { logScale, type Scale } from './scale.js'

export interface Distribution extends Key {
  /** In ns. */
  histogram: Histogram
  isVoid: boolean
}

const NS_PER_US = 1000
/** As many of them are beyond the last percentile that is drawn: less is chance. */
const EVENTS_BEYOND_MIN = 5
const POINTS_PER_DECADE = 24
/** Nines that are named. */
const NAMED = [0, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999]

/** Latency at each percentile, on a scale where every nine has the same width. */
export function percentilePlot(label: string, width: number, distributions: readonly Distribution[]): string {
  const keys = distributions.length > 1 ? distributions : []
  const frame = frameFor(width, legend(keys, width).height)
  const curves = distributions.map((each) => ({ ...each, points: pointsOf(each.histogram) }))
  const beyond = Math.max(10, ...curves.flatMap(({ points }) => points.map(({ rarity }) => rarity)))
  const decades = Math.log10(beyond)
  const x: Scale = {
    place: (rarity) => frame.left + (Math.log10(rarity) / decades) * (frame.right - frame.left),
    ticks: NAMED.map((share) => 1 / (1 - share)).filter((rarity) => rarity <= beyond * 1.001),
  }
  const y = logScale(
    curves.flatMap(({ points }) => points.map(({ us }) => us)),
    frame.bottom,
    frame.top,
  )
  const axes: Axes = { x, y, xText: percentile, yText: (us) => tickText(us, 'µs'), xLabel: 'percentile of events' }
  const marks = curves.map(({ name, class: colour, points, isVoid, histogram }) => {
    const path = points.map(
      ({ rarity, us }, i) => `${i === 0 ? 'M' : 'L'}${place(x.place(rarity))} ${place(y.place(us))}`,
    )
    const dashes = isVoid ? { 'stroke-dasharray': '5 5' } : {}
    const hits = x.ticks.slice(1).map((rarity) => {
      const us = histogram.getValueAtPercentile(100 - 100 / rarity) / NS_PER_US
      const at = { cx: x.place(rarity), cy: y.place(us) }
      const words = `<title>${escaped(`${name}, p${percentile(rarity).slice(0, -2)}: ${quantity(us, 'µs')}`)}</title>`
      return (
        element('circle', { class: 'mark', ...at, r: 3 }) + element('circle', { class: 'hit', ...at, r: 12 }, words)
      )
    })
    return element(
      'g',
      { class: colour },
      element('path', { class: 'curve', d: path.join(''), ...dashes }) + hits.join(''),
    )
  })
  return framed(label, width, keys, axes, frame, marks.join(''))
}

/** Rarity of a percentile is how many events there are for one beyond it: 100 for the 99th. */
function pointsOf(histogram: Histogram): { rarity: number; us: number }[] {
  const rarest = Math.max(10, histogram.totalCount / EVENTS_BEYOND_MIN)
  const steps = Math.ceil(Math.log10(rarest) * POINTS_PER_DECADE)
  return Array.from({ length: steps + 1 }, (_, i) => {
    const rarity = rarest ** (i / steps)
    return { rarity, us: Math.max(0.1, histogram.getValueAtPercentile(100 - 100 / rarity) / NS_PER_US) }
  })
}

function percentile(rarity: number): string {
  return `${Number((100 - 100 / rarity).toFixed(6))} %`
}

function place(value: number): number {
  return Math.round(value * 10) / 10
}
