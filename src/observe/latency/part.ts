import type { Percentiles } from '../stats.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { type AdminAnswer, type AdminRequest, json, type Route } from '../thread/routes.js'
import { askedMs, askedSeries } from './asked.js'
import { HISTORY_MS, LatencyHistory } from './history.js'
import { histogramLog } from './hlog.js'
import { seriesName } from './series.js'

const WINDOWS_DEFAULT = '10s,1m,10m,1h'

/** Answer of GET /latency. */
export interface LatencyAnswer {
  /** Milliseconds since 1970 up to which is told. */
  readonly at: number
  readonly windows: readonly LatencyWindow[]
}

export interface LatencyWindow {
  readonly windowMs: number
  /** How much of it there is: less when the daemon has not been up for so long. */
  readonly coveredMs: number
  /** Those that had events. */
  readonly series: readonly LatencyRow[]
}

/** One series: a stage, of one lane or one class of topics or neither. */
export interface LatencyRow extends Percentiles {
  readonly name: string
  readonly stage: string
  readonly lane: number | null
  readonly class: string | null
}

/** Keeps latencies of the past, and tells them. */
export class LatencyPart implements Part {
  readonly history: LatencyHistory
  readonly routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/latency',
      about: 'percentiles by stage, lane and class of topics; ?window=10s,1m&stage=&lane=&class=',
      handle: (request) => this.percentiles(request),
    },
    {
      method: 'GET',
      path: '/latency.hlog',
      about: 'the same as a log of HDR histograms, for HdrHistogram’s tools; ?since=10m&stage=&lane=&class=',
      handle: (request) => this.log(request),
    },
  ]
  /** What is to be added to the clock of all threads to get milliseconds since 1970; fixed, so that time never goes back. */
  private readonly epochMs: number

  constructor(private readonly context: ThreadContext) {
    this.epochMs = Date.now() - context.now()
    const { latency, settings, isRestart = false } = context
    this.history = new LatencyHistory(latency, settings.classes.length, this.nowMs(), !isRestart)
  }

  tick(): void {
    this.history.fold(this.nowMs())
  }

  private nowMs(): number {
    return this.epochMs + this.context.now()
  }

  private percentiles({ query }: AdminRequest): AdminAnswer {
    const { classes } = this.context.settings
    const asked = askedSeries(query, classes)
    const windows = (query.get('window') ?? WINDOWS_DEFAULT).split(',').map(askedMs)
    const answer: LatencyAnswer = {
      at: Math.round(this.history.until),
      windows: windows.map((windowMs) => ({
        windowMs,
        coveredMs: Math.round(this.history.coveredMs(windowMs)),
        series: asked.flatMap((series) => {
          const found = this.history.percentiles(series, windowMs)
          if (found === null) return []
          const { stage, lane = null, topicClass } = series
          const name = seriesName(series, classes)
          return [{ name, stage, lane, class: topicClass === undefined ? null : classes[topicClass].name, ...found }]
        }),
      })),
    }
    return json(answer)
  }

  private async log({ query }: AdminRequest): Promise<AdminAnswer> {
    const { classes } = this.context.settings
    const asked = askedSeries(query, classes)
    const since = query.get('since')
    const body = await histogramLog(this.history, asked, classes, since === null ? HISTORY_MS : askedMs(since))
    return { status: 200, type: 'text/plain; charset=utf-8', body, headers: { 'cache-control': 'no-store' } }
  }
}
