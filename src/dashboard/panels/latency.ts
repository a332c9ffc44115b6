import type { Crosshair } from '../charts/crosshair.js'
import { type Line, LineChart } from '../charts/line-chart.js'
import { logRange, logTicks } from '../charts/scales.js'
import { find, setHidden } from '../dom.js'
import { latency } from '../format.js'
import {
  isLaneStage,
  latencyColumn,
  PERCENTILE_LABELS,
  PERCENTILES,
  type PercentileName,
  STAGES,
  type StageName,
} from '../history/columns.js'
import type { Preferences } from '../page/preferences.js'
import type { Palette } from '../page/theme.js'
import type { Moment, Panel } from './panel.js'

const LANE_CHOICES = ['all', 'each', '0', '1', '2', '3', '4', '5', '6', '7'] as const
const RANGE_OF_NOTHING: readonly [number, number] = [0.01, 10]
const TICKS_MAX = 9

const COLORS: Readonly<Record<PercentileName, string>> = {
  p50: '--p50',
  p90: '--p90',
  p99: '--p99',
  p999: '--p999',
  max: '--pmax',
}

/** Percentiles of a stage: those of one lane, or one of each lane. */
export class LatencyPanel implements Panel {
  private readonly chart: LineChart
  private readonly stage = find('#latency-stage', HTMLSelectElement)
  private readonly lane = find('#latency-lane', HTMLSelectElement)
  private readonly percentile = find('#latency-percentile', HTMLSelectElement)
  private readonly percentileChoice = find('#latency-percentile-choice', HTMLElement)
  private last: Moment | null = null

  constructor(palette: Palette, crosshair: Crosshair, preferences: Preferences) {
    this.chart = new LineChart(
      find('#latency .chart', HTMLElement),
      {
        title: 'Latency',
        heightPx: 250,
        isLog: true,
        format: latency,
        range: (lines) => logRange(lines, RANGE_OF_NOTHING),
        ticks: (min, max) => logTicks(min, max, TICKS_MAX),
      },
      palette,
      crosshair,
    )
    this.stage.value = preferences.get('stage', STAGES, 'delivery')
    this.lane.value = preferences.get('lane', LANE_CHOICES, 'all')
    this.percentile.value = preferences.get('percentile', PERCENTILES, 'p99')
    for (const [name, select] of [
      ['stage', this.stage],
      ['lane', this.lane],
      ['percentile', this.percentile],
    ] as const) {
      select.addEventListener('change', () => {
        preferences.set(name, select.value)
        this.choose()
        if (this.last !== null) this.update(this.last)
      })
    }
    this.choose()
  }

  /** Queue and fan-out are not told by lane. */
  private choose(): void {
    const stage = this.stage.value as StageName
    this.lane.disabled = !isLaneStage(stage)
    if (this.lane.disabled) this.lane.value = 'all'
    const isEach = this.lane.value === 'each'
    setHidden(this.percentileChoice, !isEach)
    this.chart.setLines(isEach ? this.lanes(stage) : this.percentiles(stage))
  }

  private percentiles(stage: StageName): Line[] {
    const lane = this.lane.value === 'all' ? 'all' : Number(this.lane.value)
    return PERCENTILES.map((name) => ({
      label: PERCENTILE_LABELS[name],
      column: latencyColumn(stage, lane, name),
      color: COLORS[name],
      isDashed: name === 'max',
    }))
  }

  private lanes(stage: StageName): Line[] {
    const percentile = this.percentile.value as PercentileName
    return Array.from({ length: 8 }, (_, lane) => ({
      label: `lane ${lane}`,
      column: latencyColumn(stage, lane, percentile),
      color: `--lane${lane}`,
    }))
  }

  update(moment: Moment): void {
    this.last = moment
    this.chart.update(moment.span)
    const now = moment.stats.stages[this.stage.value as StageName]
    this.chart.describe(
      `${this.stage.selectedOptions[0].text}, lane: ${this.lane.selectedOptions[0].text}, ${moment.rangeText}. All lanes now: p50 ${latency(now?.p50Ms)}, p99 ${latency(now?.p99Ms)}, p99.9 ${latency(now?.p999Ms)}.`,
    )
  }
}
