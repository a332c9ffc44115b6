import type { Crosshair } from '../charts/crosshair.js'
import { HeatMap } from '../charts/heat-map.js'
import { find } from '../dom.js'
import { latency } from '../format.js'
import type { Palette } from '../page/theme.js'
import type { Moment, Panel } from './panel.js'

/** Lines of more objectives cannot be told apart. */
const THRESHOLDS_MAX = 3
const LABEL_MAX = 24

export class HeatPanel implements Panel {
  private readonly map: HeatMap

  constructor(palette: Palette, crosshair: Crosshair) {
    this.map = new HeatMap(find('#heat .chart', HTMLElement), 'Latency heat map', palette, crosshair)
  }

  update({ stats, span, rangeText }: Moment): void {
    const thresholds = stats.slos
      .filter(({ stage, thresholdMs }) => stage === 'delivery' && thresholdMs > 0)
      .slice(0, THRESHOLDS_MAX)
      .map(({ name, thresholdMs }) => ({ ms: thresholdMs, label: name.slice(0, LABEL_MAX) }))
    this.map.update(span, thresholds)
    this.map.describe(
      `${rangeText}. Half of the deliveries of the last second took up to ${latency(stats.stages.delivery?.p50Ms)}, the slowest ${latency(stats.stages.delivery?.maxMs)}.`,
    )
  }
}
