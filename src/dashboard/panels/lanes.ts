import type { LaneStats } from '../../observe/stats.js'
import { LANES } from '../../protocol/ops.js'
import { cells, find, make, Rows, setShare, setText } from '../dom.js'
import { count, latency } from '../format.js'
import type { Moment, Panel } from './panel.js'

/** Each lane of the last second, as a table. */
export class LanesPanel implements Panel {
  private rateMax = 0
  private waitingMax = 0
  private readonly rows = new Rows<LaneStats>(find('#lane-rows', HTMLElement), () => this.makeRow(), LANES)

  update({ stats: { lanes } }: Moment): void {
    this.rateMax = Math.max(1, ...lanes.map(({ rate }) => rate))
    this.waitingMax = Math.max(1, ...lanes.map(({ waiting }) => waiting))
    this.rows.update(lanes)
  }

  private makeRow() {
    const { row, cells: made } = cells(6, true)
    const [lane, rateCell, waiting, p50, p99, p999] = made
    const swatch = make('span', { class: 'swatch' })
    const name = make('span')
    lane.append(swatch, name)
    for (const cell of made.slice(1)) cell.classList.add('n')
    rateCell.classList.add('bar')
    waiting.classList.add('bar')
    return {
      element: row,
      update: (stats: LaneStats) => {
        swatch.style.setProperty('--series', `var(--lane${stats.lane})`)
        setText(name, String(stats.lane))
        setText(rateCell, count(stats.rate))
        setShare(rateCell, stats.rate / this.rateMax)
        setText(waiting, count(stats.waiting))
        setShare(waiting, stats.waiting / this.waitingMax)
        setText(p50, latency(stats.delivery?.p50Ms))
        setText(p99, latency(stats.delivery?.p99Ms))
        setText(p999, latency(stats.delivery?.p999Ms))
      },
    }
  }
}
