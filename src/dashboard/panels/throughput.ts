import type { Crosshair } from '../charts/crosshair.js'
import { type ChartOptions, type Line, LineChart } from '../charts/line-chart.js'
import { evenTicks, largest, niceAbove } from '../charts/scales.js'
import { find, setText } from '../dom.js'
import { count, percent, rate } from '../format.js'
import type { Preferences } from '../page/preferences.js'
import type { Palette } from '../page/theme.js'
import type { Moment, Panel } from './panel.js'

/** Where the axis ends that shows the mark. */
const ABOVE_MARK = 1.1
const TICKS = 4
/** Until the daemon has said what the target is. */
const TARGET_EVENTS_PER_SECOND = 1_800_000

const LINES: readonly Line[] = [
  { label: 'in', column: 'accepted', color: '--in', isFilled: true },
  { label: 'out', column: 'delivered', color: '--out' },
]

export class ThroughputPanel implements Panel {
  private readonly chart: LineChart
  private readonly isMarkWanted = find('#throughput-mark', HTMLInputElement)
  private readonly says = find('#target-says', HTMLElement)
  private target = TARGET_EVENTS_PER_SECOND
  private last: Moment | null = null

  constructor(palette: Palette, crosshair: Crosshair, preferences: Preferences) {
    const options: ChartOptions = {
      title: 'Throughput',
      heightPx: 230,
      format: rate,
      tick: count,
      range: (lines) => {
        const top = niceAbove(largest(lines) * 1.02)
        return [0, this.isMarkWanted.checked ? Math.max(top, this.target * ABOVE_MARK) : top]
      },
      // With the mark as the end of the scale, quarters of the mark are what one compares with.
      ticks: (_min, max) => (max === this.target * ABOVE_MARK ? evenTicks(this.target, TICKS) : evenTicks(max, TICKS)),
      mark: () => ({ value: this.target, label: `${count(this.target)} events/s`, color: '--mark' }),
    }
    this.chart = new LineChart(find('#throughput .chart', HTMLElement), options, palette, crosshair)
    this.chart.setLines(LINES)
    this.isMarkWanted.checked = preferences.get('mark', ['on', 'off'], 'off') === 'on'
    this.isMarkWanted.addEventListener('change', () => {
      preferences.set('mark', this.isMarkWanted.checked ? 'on' : 'off')
      if (this.last !== null) this.update(this.last)
    })
  }

  update(moment: Moment): void {
    this.last = moment
    const { stats, span, rangeText } = moment
    if (stats.target.eventsPerSecond > 0) this.target = stats.target.eventsPerSecond
    this.chart.update(span)
    const { best, ratio } = stats.target
    setText(
      this.says,
      best > 0
        ? `Best sustained in the last hour: ${rate(best)}, ${percent(ratio)} of the ${count(this.target)} mark.`
        : `The mark is ${rate(this.target)}.`,
    )
    this.chart.describe(
      `${rangeText}. In ${rate(stats.rates.accepted)} now, at most ${rate(span.peak('accepted'))}; out ${rate(stats.rates.delivered)} now, at most ${rate(span.peak('delivered'))}.`,
    )
  }
}
