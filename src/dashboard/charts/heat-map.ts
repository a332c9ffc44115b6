import { HEAT_BUCKETS, HEAT_FIRST_MS } from '../../observe/stats.js'
import { make, setAttribute, setHidden, setText } from '../dom.js'
import { clock, clockShort, latency, rate } from '../format.js'
import type { Span } from '../history/span.js'
import type { Palette } from '../page/theme.js'
import type { Crosshair } from './crosshair.js'
import { DataTable } from './data-table.js'
import { bucketEndMs } from './heat-scale.js'
import { RAMP_STEPS, ramp, rampGradient } from './ramp.js'
import { isWholeMinutes, timeTicks } from './time-ticks.js'

const HEIGHT_PX = 230
const LEFT_PX = 62
const RIGHT_PX = 8
const TOP_PX = 8
const BOTTOM_PX = 26
/** Buckets to the factor 10, and at least so many are shown: up to 10 ms. */
const BUCKETS_PER_DECADE = 2 * Math.log2(10)
const BUCKETS_MIN = Math.ceil(3 * BUCKETS_PER_DECADE)
/** The top moves in steps of so many, so that a single late event does not shake the picture. */
const BUCKETS_STEP = 4
const BUCKETS_IN_TABLE = 6

export interface Threshold {
  readonly ms: number
  readonly label: string
}

/** How many deliveries took how long, second by second: time to the right, latency upwards by a logarithm, colour by the logarithm of the rate. */
export class HeatMap {
  private span: Span | null = null
  private heat: Float32Array = new Float32Array(0)
  private buckets = BUCKETS_MIN
  private most = 0
  private thresholds: readonly Threshold[] = []
  private colors: Uint32Array
  private readonly frame: HTMLElement
  private readonly canvas = make('canvas')
  /** One pixel to a bucket and a time; drawn larger into the canvas. */
  private readonly cells = make('canvas')
  private readonly none = make('p', { class: 'none', hidden: '' }, 'nothing was delivered in this time')
  private readonly pointed = make('span')
  private readonly scaleMost = make('span')
  private readonly ramp = make('span', { class: 'ramp', 'aria-hidden': 'true' })
  private readonly table: DataTable

  constructor(
    parent: HTMLElement,
    private readonly title: string,
    private readonly palette: Palette,
    private readonly crosshair: Crosshair,
  ) {
    this.table = new DataTable(title)
    this.frame = make('div', { class: 'plot', tabindex: '0', role: 'img', 'aria-label': title }, this.canvas, this.none)
    this.frame.style.height = `${HEIGHT_PX}px`
    const scale = make('span', {}, '0 ', this.ramp, ' ', this.scaleMost)
    parent.append(this.frame, make('div', { class: 'ramp-legend' }, scale, this.pointed), this.table.element)
    this.colors = ramp(palette.isDark)
    this.ramp.style.background = rampGradient(palette.isDark)
    palette.onChange(() => {
      this.colors = ramp(palette.isDark)
      this.ramp.style.background = rampGradient(palette.isDark)
      this.draw()
    })
    crosshair.onMove(() => this.draw())
    this.canvas.addEventListener('pointermove', (event) => this.point(event))
    this.canvas.addEventListener('pointerleave', () => {
      setText(this.pointed, '')
      crosshair.move(null, this)
    })
    this.frame.addEventListener('keydown', (event) => this.crosshair.moveByKey(event, this.span))
    this.frame.addEventListener('blur', () => crosshair.move(null, this))
    new ResizeObserver(() => this.draw()).observe(this.frame)
  }

  update(span: Span, thresholds: readonly Threshold[]): void {
    this.span = span
    this.thresholds = thresholds
    this.heat = span.heat(this.heat)
    this.measure(span.times.length)
    setHidden(this.none, this.most > 0)
    setText(this.scaleMost, this.most > 0 ? rate(this.most) : rate(0))
    this.draw()
    this.table.update(this.tableOf(span))
  }

  describe(sentence: string): void {
    setAttribute(this.frame, 'aria-label', `${this.title}: ${sentence}`)
  }

  private measure(times: number): void {
    let most = 0
    let highest = 0
    for (let i = 0; i < times * HEAT_BUCKETS; i++) {
      const value = this.heat[i]
      if (value === 0) continue
      if (value > most) most = value
      const bucket = i % HEAT_BUCKETS
      if (bucket > highest) highest = bucket
    }
    this.most = most
    const wanted = Math.ceil((highest + 2) / BUCKETS_STEP) * BUCKETS_STEP
    this.buckets = Math.min(HEAT_BUCKETS, Math.max(BUCKETS_MIN, wanted))
  }

  private get plotWidth(): number {
    return Math.max(1, this.frame.clientWidth - LEFT_PX - RIGHT_PX)
  }

  private get plotHeight(): number {
    return HEIGHT_PX - TOP_PX - BOTTOM_PX
  }

  private xOf(time: number): number {
    const { span } = this
    return span === null ? 0 : LEFT_PX + ((time - span.fromS) / (span.toS - span.fromS)) * this.plotWidth
  }

  private yOf(ms: number): number {
    const bucket = 2 * Math.log2(ms / HEAT_FIRST_MS) + 1
    return TOP_PX + (1 - bucket / this.buckets) * this.plotHeight
  }

  private draw(): void {
    const { span, canvas } = this
    const width = this.frame.clientWidth
    if (span === null || width === 0) return
    const ratio = devicePixelRatio
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(HEIGHT_PX * ratio)
      canvas.style.width = `${width}px`
      canvas.style.height = `${HEIGHT_PX}px`
    }
    const context = canvas.getContext('2d')
    if (context === null) return
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, HEIGHT_PX)
    this.drawAxes(context, span)
    this.drawCells(context, span)
    this.drawThresholds(context)
    this.drawCrosshair(context)
  }

  private drawCells(context: CanvasRenderingContext2D, span: Span): void {
    const columns = Math.max(1, Math.ceil((span.toS - span.fromS) / span.stepS) + 1)
    const { cells, buckets } = this
    if (cells.width !== columns || cells.height !== buckets) {
      cells.width = columns
      cells.height = buckets
    }
    const cellContext = cells.getContext('2d')
    if (cellContext === null) return
    const image = cellContext.createImageData(columns, buckets)
    const pixels = new Uint32Array(image.data.buffer)
    const first = Math.floor(span.fromS / span.stepS)
    const scale = (RAMP_STEPS - 2) / Math.log1p(Math.max(1, this.most))
    for (const [i, time] of span.times.entries()) {
      const column = Math.floor(time / span.stepS) - first
      if (column < 0 || column >= columns) continue
      for (let bucket = 0; bucket < buckets; bucket++) {
        const value = this.heat[i * HEAT_BUCKETS + bucket]
        if (value > 0) {
          pixels[(buckets - 1 - bucket) * columns + column] = this.colors[1 + Math.floor(Math.log1p(value) * scale)]
        }
      }
    }
    cellContext.putImageData(image, 0, 0)
    // The first column begins before the range, the last ends after it: both are cut.
    const left = this.xOf(first * span.stepS)
    const right = this.xOf((first + columns) * span.stepS)
    context.save()
    context.beginPath()
    context.rect(LEFT_PX, TOP_PX, this.plotWidth, this.plotHeight)
    context.clip()
    context.imageSmoothingEnabled = false
    context.drawImage(cells, left, TOP_PX, right - left, this.plotHeight)
    context.restore()
  }

  private drawAxes(context: CanvasRenderingContext2D, span: Span): void {
    context.font = '11px system-ui, sans-serif'
    context.fillStyle = this.palette.color('--muted')
    context.strokeStyle = this.palette.color('--grid')
    context.lineWidth = 1
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    for (let ms = HEAT_FIRST_MS; ms <= bucketEndMs(this.buckets - 1) * 1.001; ms *= 10) {
      const y = Math.round(this.yOf(ms)) + 0.5
      line(context, LEFT_PX, y, LEFT_PX + this.plotWidth, y)
      context.fillText(latency(Number(ms.toPrecision(3))), LEFT_PX - 6, y)
    }
    context.textAlign = 'center'
    context.textBaseline = 'top'
    const ticks = timeTicks(span.fromS, span.toS, this.plotWidth)
    const text = isWholeMinutes(ticks) ? clockShort : clock
    for (const at of ticks) context.fillText(text(at * 1000), this.xOf(at), TOP_PX + this.plotHeight + 8)
  }

  private drawThresholds(context: CanvasRenderingContext2D): void {
    context.strokeStyle = this.palette.color('--mark')
    context.fillStyle = this.palette.color('--mark')
    context.setLineDash([6, 4])
    context.textAlign = 'right'
    context.textBaseline = 'bottom'
    for (const { ms, label } of this.thresholds) {
      const y = Math.round(this.yOf(ms)) + 0.5
      if (y < TOP_PX + 12 || y > TOP_PX + this.plotHeight) continue
      line(context, LEFT_PX, y, LEFT_PX + this.plotWidth, y)
      context.fillText(label, LEFT_PX + this.plotWidth - 4, y - 2)
    }
    context.setLineDash([])
  }

  private drawCrosshair(context: CanvasRenderingContext2D): void {
    const { time } = this.crosshair
    if (time === null) return
    const x = Math.round(this.xOf(time)) + 0.5
    if (x < LEFT_PX || x > LEFT_PX + this.plotWidth) return
    context.strokeStyle = this.palette.color('--muted')
    context.setLineDash([3, 3])
    line(context, x, TOP_PX, x, TOP_PX + this.plotHeight)
    context.setLineDash([])
  }

  private point(event: PointerEvent): void {
    const { span } = this
    if (span === null || span.times.length === 0) return
    const time = span.fromS + ((event.offsetX - LEFT_PX) / this.plotWidth) * (span.toS - span.fromS)
    const bucket = Math.floor((1 - (event.offsetY - TOP_PX) / this.plotHeight) * this.buckets)
    const index = span.nearest(time)
    this.crosshair.move(span.times[index], this)
    setText(this.pointed, bucket < 0 || bucket >= this.buckets ? '' : this.cellText(span, index, bucket))
  }

  private cellText(span: Span, index: number, bucket: number): string {
    const from = bucket === 0 ? 0 : bucketEndMs(bucket - 1)
    const deliveries = rate(this.heat[index * HEAT_BUCKETS + bucket])
    return `${clock(span.times[index] * 1000)} · ${latency(from)} to ${latency(bucketEndMs(bucket))} · ${deliveries}`
  }

  /** Whole decades in place of single buckets: what somebody can take in. */
  private tableOf(span: Span) {
    const bounds = Array.from({ length: BUCKETS_IN_TABLE }, (_, i) => HEAT_FIRST_MS * 10 ** i)
    return {
      headings: bounds.map((ms, i) => (i === BUCKETS_IN_TABLE - 1 ? 'longer' : `up to ${latency(ms)}`)),
      times: span.times,
      text: (column: number, index: number) => {
        let sum = 0
        for (let bucket = 0; bucket < HEAT_BUCKETS; bucket++) {
          const decade = Math.max(0, Math.ceil(Math.log10(bucketEndMs(bucket) / HEAT_FIRST_MS) - 1e-9))
          if (Math.min(decade, BUCKETS_IN_TABLE - 1) === column) sum += this.heat[index * HEAT_BUCKETS + bucket]
        }
        return rate(sum)
      },
    }
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
}
