import { HEAT_FIRST_MS } from '../../../observe/stats.js'
import { columns } from '../bars.js'
import type { Block, Step } from '../block.js'
import { age, count, time } from '../figures.js'
import type { Point } from '../history.js'
import { Rank } from '../rank.js'
import { type Line, span, type Tone } from '../spans.js'
import type { Seen } from '../view.js'

/** What stands before a chart, and before a line: its name, and what its highest column stands for. */
const CHART_LABEL_WIDTH = 13
const LINE_LABEL_WIDTH = 21
/** Its title. */
const SPREAD_TITLE = 'deliveries of the last second by their time'
const SPREAD_WIDTH_MIN = SPREAD_TITLE.length
const CHART_HEIGHT_MAX = 8

interface Curve {
  readonly name: string
  readonly tone: Tone
  value(point: Point): number | null
  says(top: number): string
}

const CURVES: readonly Curve[] = [
  { name: 'in', tone: 'cyan', value: ({ accepted }) => accepted, says: (top) => `${count(top)}/s` },
  { name: 'out', tone: 'green', value: ({ delivered }) => delivered, says: (top) => `${count(top)}/s` },
  { name: 'routing p99', tone: 'blue', value: ({ routingP99Ms }) => routingP99Ms, says: time },
  { name: 'delivery p99', tone: 'yellow', value: ({ deliveryP99Ms }) => deliveryP99Ms, says: time },
]
/** The order in which they get a line: p99 of what is promised to receivers tells more than a second rate. */
const FIRST = [0, 3, 1, 2]

/** Rates and p99 of the last minutes, a second a column: one line each, or charts where there is room. */
export function past({ history }: Seen, width: number): Block {
  const draw = (height: number): Line[] => {
    const room = Math.max(1, Math.floor(height / CURVES.length))
    const shown = height >= CURVES.length ? CURVES : CURVES.filter((_, index) => FIRST.indexOf(index) < height)
    return shown.flatMap((curve) => chart(curve, history.points, width, room))
  }
  // A single second is no past.
  if (history.points.length < 2) return { steps: [], draw }
  const charts = Array.from(
    { length: CHART_HEIGHT_MAX - 1 },
    (_, index): Step => [CURVES.length * (index + 2), Rank.CHARTS],
  )
  return { steps: [[2, Rank.PAST], [CURVES.length, Rank.PAST_ALL], ...charts], draw }
}

function chart(
  { name, tone, value, says }: Curve,
  points: readonly (Point | null)[],
  width: number,
  height: number,
): Line[] {
  const labelWidth = height === 1 ? LINE_LABEL_WIDTH : CHART_LABEL_WIDTH
  if (width <= labelWidth) return []
  const shown = points.slice(labelWidth - width)
  const values = shown.map((point) => (point === null ? null : value(point)))
  const top = Math.max(0, ...values.map((each) => each ?? 0))
  const said = top === 0 ? '–' : says(top)
  const labels = height === 1 ? [`${name} ≤${said}`] : [name, `to ${said}`, `of ${age(shown.length)}`]
  return columns(values, width - labelWidth, height, top).map(
    (cells, row): Line => [span((labels[row] ?? '').padEnd(labelWidth), 'dim'), span(cells, tone)],
  )
}

/** How the deliveries of the last second are spread, from fast to slow. */
export function spreadOfDeliveries({ stats }: Seen, width: number): Block {
  const { heat } = stats
  const least = heat.findIndex((each) => each > 0)
  const most = heat.findLastIndex((each) => each > 0)
  const draw = (height: number): Line[] => {
    if (least < 0) return []
    const wide = Math.max(1, Math.min(4, Math.floor(width / (most - least + 1))))
    const shown = heat.slice(least, most + 1)
    // Few are slow, and those are what is looked for: the square root keeps them in sight.
    const values = shown.flatMap((each) => Array<number>(wide).fill(Math.sqrt(each)))
    const rows = columns(values.slice(0, width), Math.min(width, values.length), height - 2, Math.max(...values))
    const end = (bucket: number): string => time(HEAT_FIRST_MS * 2 ** (bucket / 2))
    const [first, last] = [end(least), end(most)]
    const between = Math.max(1, Math.min(width, values.length) - first.length - last.length)
    return [
      [span(SPREAD_TITLE, 'dim')],
      ...rows.map((row): Line => [span(row, 'cyan')]),
      [span(`${first}${' '.repeat(between)}${last}`, 'dim')],
    ]
  }
  if (least < 0 || width < SPREAD_WIDTH_MIN) return { steps: [], draw }
  return {
    steps: [
      [4, Rank.SPREAD],
      [7, Rank.CHARTS],
    ],
    draw,
  }
}
