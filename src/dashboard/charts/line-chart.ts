import uPlot from 'uplot'
import { make, setAttribute, setHidden, setText } from '../dom.js'
import { clock, clockShort, UNKNOWN } from '../format.js'
import type { Points, Span } from '../history/span.js'
import type { Palette } from '../page/theme.js'
import type { Crosshair } from './crosshair.js'
import { DataTable } from './data-table.js'
import { isWholeMinutes, timeTicks } from './time-ticks.js'

export interface Line {
  readonly label: string
  /** Column of the history. */
  readonly column: string
  /** Custom property of the style sheet. */
  readonly color: string
  readonly isDashed?: boolean
  readonly isFilled?: boolean
  readonly isHidden?: boolean
}

export interface Mark {
  readonly value: number
  readonly label: string
  readonly color: string
}

export interface ChartOptions {
  readonly title: string
  readonly heightPx: number
  readonly isLog?: boolean
  /** A value in the legend and the table. */
  format(value: number | null): string
  /** Range of the vertical axis for the lines that are shown. */
  range(lines: readonly Points[]): [number, number]
  ticks(min: number, max: number): number[]
  /** A value at a tick; the same as `format` unless given. */
  tick?(value: number): string
  /** A horizontal line; drawn where it is in range. */
  mark?(): Mark | null
}

const FONT = '11px system-ui, sans-serif'
const AXIS_WIDTH_PX = 62
const FILL_ALPHA = '22'

/** Lines over time, by uPlot: with a legend of buttons that hide them, a crosshair that all charts share and that arrow keys move, and a table behind. */
export class LineChart {
  private plot: uPlot | null = null
  private lines: readonly Line[] = []
  private span: Span | null = null
  private data: Points[] = []
  private readonly hidden = new Map<string, boolean>()
  private readonly frame: HTMLElement
  private readonly legend = make('div', { class: 'legend' })
  private readonly none = make('p', { class: 'none', hidden: '' }, 'nothing in this time')
  private readonly table: DataTable
  private readonly when = make('time')
  private values: HTMLElement[] = []
  private range: [number, number] = [0, 1]
  private isPointedAt = false

  constructor(
    parent: HTMLElement,
    private readonly options: ChartOptions,
    private readonly palette: Palette,
    private readonly crosshair: Crosshair,
  ) {
    this.table = new DataTable(options.title)
    setAttribute(this.legend, 'role', 'group')
    setAttribute(this.legend, 'aria-label', `Lines of ${options.title}`)
    this.frame = make('div', { class: 'plot', tabindex: '0', role: 'img', 'aria-label': options.title })
    this.frame.style.height = `${options.heightPx}px`
    this.frame.append(this.none)
    parent.append(this.frame, this.legend, this.table.element)
    this.frame.addEventListener('keydown', (event) => {
      if (event.target === this.frame) this.crosshair.moveByKey(event, this.span)
    })
    this.frame.addEventListener('blur', () => this.crosshair.move(null, this))
    palette.onChange(() => this.plot?.redraw())
    crosshair.onMove((time, origin) => this.pointAt(time, origin))
    new ResizeObserver(() => this.resize()).observe(this.frame)
  }

  /** Which lines there are; the same ones again cost nothing. */
  setLines(lines: readonly Line[]): void {
    if (lines === this.lines) return
    this.lines = lines
    this.plot?.destroy()
    this.plot = null
    this.makeLegend()
  }

  update(span: Span): void {
    this.span = span
    this.data = this.lines.map((line) => span.points(line.column))
    this.range = this.options.range(this.shownData())
    this.plot ??= this.makePlot()
    this.plot?.setData([span.times, ...(this.data as (number | null)[][])] as uPlot.AlignedData, true)
    const isEmpty = this.data.every((points) => points.every((value) => value === null))
    setHidden(this.none, !isEmpty)
    this.showValues()
    this.table.update({
      headings: this.lines.map(({ label }) => label),
      times: span.times,
      text: (column, index) => this.options.format(this.data[column]?.[index] ?? null),
    })
  }

  /** For who cannot see it. Not a live region: it is read when somebody comes to it. */
  describe(sentence: string): void {
    setAttribute(this.frame, 'aria-label', `${this.options.title}: ${sentence}`)
  }

  private isHidden(line: Line): boolean {
    return this.hidden.get(line.label) ?? line.isHidden ?? false
  }

  private shownData(): Points[] {
    return this.data.filter((_, i) => !this.isHidden(this.lines[i]))
  }

  private makeLegend(): void {
    this.values = []
    this.legend.replaceChildren(
      ...this.lines.map((line, i) => {
        const value = make('b')
        this.values.push(value)
        const button = make(
          'button',
          { type: 'button', 'aria-pressed': String(!this.isHidden(line)), title: `Show or hide ${line.label}` },
          make('span', {}, line.label),
          value,
        )
        button.style.setProperty('--series', `var(${line.color})`)
        if (line.isDashed) button.dataset.dash = 'true'
        button.addEventListener('click', () => {
          const isHidden = !this.isHidden(line)
          this.hidden.set(line.label, isHidden)
          setAttribute(button, 'aria-pressed', String(!isHidden))
          this.plot?.setSeries(i + 1, { show: !isHidden })
          if (this.span !== null) this.update(this.span)
        })
        return button
      }),
      this.when,
    )
  }

  private makePlot(): uPlot | null {
    const width = this.frame.clientWidth
    if (width === 0) return null
    const { palette, options } = this
    const grid = { stroke: () => palette.color('--grid'), width: 1 }
    const axis = { font: FONT, stroke: () => palette.color('--muted'), ticks: { show: false }, grid }
    const plot = new uPlot(
      {
        width,
        height: options.heightPx,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
        scales: {
          x: { time: true, range: () => [this.span?.fromS ?? 0, this.span?.toS ?? 1] },
          y: { distr: options.isLog ? 3 : 1, range: () => this.range },
        },
        axes: [
          {
            ...axis,
            size: 26,
            splits: (u, _axis, min, max) => timeTicks(min, max, u.bbox.width / devicePixelRatio),
            values: (_u, splits) =>
              splits.map((at) => (isWholeMinutes(splits) ? clockShort(at * 1000) : clock(at * 1000))),
          },
          {
            ...axis,
            size: AXIS_WIDTH_PX,
            gap: 6,
            splits: (_u, _axis, min, max) => options.ticks(min, max),
            filter: (_u, splits) => splits,
            values: (_u, splits) => splits.map((value) => (options.tick ?? options.format)(value)),
          },
        ],
        series: [
          {},
          ...this.lines.map((line) => ({
            label: line.label,
            show: !this.isHidden(line),
            stroke: () => palette.color(line.color),
            ...(line.isFilled && { fill: () => `${palette.color(line.color)}${FILL_ALPHA}` }),
            ...(line.isDashed && { dash: [4, 4] }),
            width: 1.5,
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: {
          draw: [(u) => this.drawMark(u)],
          setCursor: [(u) => this.pointed(u)],
        },
      },
      [[], ...this.lines.map(() => [])] as unknown as uPlot.AlignedData,
      this.frame,
    )
    plot.over.addEventListener('pointerenter', () => {
      this.isPointedAt = true
    })
    plot.over.addEventListener('pointerleave', () => {
      this.isPointedAt = false
      this.crosshair.move(null, this)
    })
    return plot
  }

  private drawMark(u: uPlot): void {
    const mark = this.options.mark?.() ?? null
    if (mark === null) return
    const { ctx, bbox } = u
    const scale = devicePixelRatio
    const y = Math.round(u.valToPos(mark.value, 'y', true))
    if (y < bbox.top || y > bbox.top + bbox.height) return
    ctx.save()
    ctx.strokeStyle = this.palette.color(mark.color)
    ctx.fillStyle = this.palette.color(mark.color)
    ctx.lineWidth = 1.5 * scale
    ctx.setLineDash([6 * scale, 4 * scale])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.font = `${11 * scale}px system-ui, sans-serif`
    ctx.textAlign = 'right'
    const isAtTop = y < bbox.top + 16 * scale
    ctx.textBaseline = isAtTop ? 'top' : 'bottom'
    ctx.fillText(mark.label, bbox.left + bbox.width - 4 * scale, y + (isAtTop ? 4 : -4) * scale)
    ctx.restore()
  }

  /** uPlot says where its cursor is, whoever moved it: only the reader's own move is told to the other charts. */
  private pointed(u: uPlot): void {
    const { left, idx } = u.cursor
    if (!this.isPointedAt || left === undefined || left < 0) return
    const time = idx === null || idx === undefined ? null : (this.span?.times[idx] ?? null)
    this.crosshair.move(time, this)
    this.showValues()
  }

  private pointAt(time: number | null, origin: unknown): void {
    if (this.plot !== null && origin !== this) {
      const left = time === null ? -10 : this.plot.valToPos(time, 'x')
      this.plot.setCursor({ left, top: time === null ? -10 : 0 }, false)
    }
    this.showValues()
  }

  /** At the crosshair, or the latest. */
  private showValues(): void {
    const { span } = this
    if (span === null) return
    const { time } = this.crosshair
    const index = time === null ? span.times.length - 1 : span.nearest(time)
    setText(this.when, time === null || index < 0 ? '' : clock(span.times[index] * 1000))
    for (const [i, element] of this.values.entries()) {
      setText(element, index < 0 ? UNKNOWN : this.options.format(this.data[i]?.[index] ?? null))
    }
  }

  private resize(): void {
    const width = this.frame.clientWidth
    if (width === 0) return
    if (this.plot !== null) this.plot.setSize({ width, height: this.options.heightPx })
    else if (this.span !== null) this.update(this.span)
  }
}
