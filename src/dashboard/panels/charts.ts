import { DROP_REASONS, LANES } from '../../protocol/ops.js'
import type { Crosshair } from '../charts/crosshair.js'
import { type ChartOptions, type Line, LineChart } from '../charts/line-chart.js'
import { evenTicks, largest, niceAbove, niceBytesAbove } from '../charts/scales.js'
import { find, setText } from '../dom.js'
import { bytes, count, latency, percent, rate } from '../format.js'
import { dropColumn, laneColumn } from '../history/columns.js'
import type { Palette } from '../page/theme.js'
import type { Moment, Panel } from './panel.js'

const TICKS = 4
const HEIGHT_PX = 170
/** The scale of the lag begins no lower, so that an idle loop looks idle. */
const LAG_TOP_MIN_MS = 5
const COUNT_TOP_MIN = 4
const RATE_TOP_MIN = 1

interface SmallChart {
  readonly section: string
  readonly options: ChartOptions
  readonly lines: readonly Line[]
  describe(moment: Moment): string
  /** Where the sentence beside the title goes, and what it is. */
  readonly note?: { readonly selector: string; text(moment: Moment): string }
}

const upTo = (topMin: number, nice: (value: number) => number): ChartOptions['range'] => {
  return (lines) => [0, nice(Math.max(topMin, largest(lines) * 1.05))]
}
const ticks = (_min: number, max: number): number[] => evenTicks(max, TICKS)

/** Colours of the reasons, those of lanes: there are not many colours that can be told apart. */
const REASON_COLORS = ['--lane0', '--lane2', '--lane5', '--lane4', '--lane6', '--lane7']

const CHARTS: readonly SmallChart[] = [
  {
    section: 'depths',
    options: { title: 'Lane depths', heightPx: HEIGHT_PX, format: count, range: upTo(COUNT_TOP_MIN, niceAbove), ticks },
    lines: Array.from({ length: LANES }, (_, lane) => ({
      label: `lane ${lane}`,
      column: laneColumn('waiting', lane),
      color: `--lane${lane}`,
    })),
    describe: ({ stats }) =>
      `${count(stats.pending.lanes)} events wait in lanes, ${count(stats.pending.outboxes)} in outboxes.`,
  },
  {
    section: 'drops',
    options: {
      title: 'Drops by reason',
      heightPx: HEIGHT_PX,
      format: rate,
      tick: count,
      range: upTo(RATE_TOP_MIN, niceAbove),
      ticks,
    },
    lines: [
      ...DROP_REASONS.map((reason, i) => ({
        label: reason,
        column: dropColumn(reason),
        color: REASON_COLORS[i % REASON_COLORS.length],
      })),
      { label: 'refused', column: 'refused', color: '--p999', isDashed: true },
    ],
    describe: ({ stats }) => `${rate(stats.rates.dropped)} now, ${count(stats.totals.dropped)} since the start.`,
    note: {
      selector: '#drops-says',
      text: ({ stats }) => {
        const told = stats.drops
          .filter(({ total }) => total > 0)
          .map(({ reason, total }) => `${count(total)} ${reason}`)
        return told.length === 0 ? 'none since the start' : `since the start: ${told.join(', ')}`
      },
    },
  },
  {
    section: 'memory',
    options: { title: 'Memory', heightPx: HEIGHT_PX, format: bytes, range: upTo(1, niceBytesAbove), ticks },
    lines: [
      { label: 'outboxes', column: 'memoryUsed', color: '--in', isFilled: true },
      { label: 'budget', column: 'memoryBudget', color: '--mark', isDashed: true },
      { label: 'resident', column: 'resident', color: '--p50' },
      { label: 'heap', column: 'heapUsed', color: '--lane6' },
    ],
    describe: ({ stats: { memory } }) =>
      `outboxes hold ${bytes(memory.used)} of ${bytes(memory.budget)}; the process ${bytes(memory.resident)}.`,
  },
  {
    section: 'loop',
    options: {
      title: 'Event loop',
      heightPx: HEIGHT_PX,
      format: latency,
      range: upTo(LAG_TOP_MIN_MS, niceAbove),
      ticks,
    },
    lines: [
      { label: 'lag p99', column: 'lagP99', color: '--p99', isFilled: true },
      { label: 'lag max', column: 'lagMax', color: '--p999' },
      { label: 'GC pause', column: 'gcMax', color: '--lane6', isDashed: true },
    ],
    describe: ({ stats: { loop } }) =>
      `lag p99 ${latency(loop.lagP99Ms)}, at most ${latency(loop.lagMaxMs)}; longest pause for garbage ${latency(loop.gcMaxMs)}.`,
  },
  {
    section: 'load',
    options: {
      title: 'Processor',
      heightPx: HEIGHT_PX,
      format: percent,
      range: (lines) => [0, Math.max(1, Math.ceil(largest(lines) * 2) / 2)],
      ticks,
    },
    lines: [
      { label: 'loop busy', column: 'utilization', color: '--p50', isFilled: true },
      { label: 'process, of one core', column: 'cpu', color: '--in' },
    ],
    describe: ({ stats: { loop } }) =>
      `the loop is busy ${percent(loop.utilization)} of the time; the process takes ${percent(loop.cpu)} of a core.`,
  },
]

/** The charts that have no controls of their own. */
export class ChartsPanel implements Panel {
  private readonly charts: { small: SmallChart; chart: LineChart; note: HTMLElement | null }[]

  constructor(palette: Palette, crosshair: Crosshair) {
    this.charts = CHARTS.map((small) => {
      const chart = new LineChart(find(`#${small.section} .chart`, HTMLElement), small.options, palette, crosshair)
      chart.setLines(small.lines)
      return { small, chart, note: small.note === undefined ? null : find(small.note.selector, HTMLElement) }
    })
  }

  update(moment: Moment): void {
    for (const { small, chart, note } of this.charts) {
      chart.update(moment.span)
      chart.describe(`${moment.rangeText}. ${small.describe(moment)}`)
      if (note !== null && small.note !== undefined) setText(note, small.note.text(moment))
    }
  }
}
