import { STAGE_NAMES, type StageName } from '../../core/latency.js'
import type { Anomaly, Percentiles } from '../stats.js'

/** What is usual is what the last five minutes were, once there are thirty seconds of it. */
const PAST_SECONDS_MAX = 300
const PAST_SECONDS_MIN = 30
/** Fewer events in a second have no p99 of their own: such a second neither counts nor is judged. */
const EVENTS_MIN = 100
/** Out of line: so many usual deviations above the usual, and so many times the usual, and so much longer in absolute terms. */
const SCORE_MIN = 6
const RATIO_MIN = 2
const LONGER_MS_MIN = 0.1
/** A past that hardly varies must not make every tremor an anomaly: deviations are taken to be at least 10 %. */
const DEVIATION_MIN = Math.log(1.1)
/** A median absolute deviation is this part of the standard deviation where things are distributed normally. */
const MAD_OF_SIGMA = 0.6745
/** Seconds out of line before it is told, and in line before it is over. */
const SECONDS_TO_TELL = 2
const SECONDS_TO_END = 3

/**
 * Whether the latency of a stage is out of line with its own recent past. Each second's p99 is compared with the median of the p99 of the last five minutes, on a
 * logarithmic scale, since latencies are spread by factors, and in units of their median absolute deviation: neither the median nor that deviation is
 * moved by outliers as long as they are fewer than half, so that an hour with a few bad seconds has the same "usual" as one without, and the cold, slow seconds after
 * a start are outvoted as soon as there are enough others. Every second becomes a part of the past, the bad ones too: what stays for half of
 * the window, two and a half minutes, is the new usual, and no anomaly any more. (Whether it is good enough is what objectives are for.)
 */
export class StageAnomaly {
  current: Anomaly | null = null
  private readonly past: number[] = []
  private next = 0
  private inRow = 0

  constructor(private readonly stage: StageName) {}

  /** @param percentiles of the last second; null when nothing went through the stage */
  update(percentiles: Percentiles | null): void {
    if (percentiles === null || percentiles.count < EVENTS_MIN || percentiles.p99Ms <= 0) {
      // What nothing goes through any more is not slow.
      this.judge(null)
      return
    }
    const anomaly = this.past.length < PAST_SECONDS_MIN ? null : this.compare(percentiles.p99Ms)
    this.judge(anomaly)
    this.past[this.next] = Math.log(percentiles.p99Ms)
    this.next = (this.next + 1) % PAST_SECONDS_MAX
  }

  private compare(p99Ms: number): Anomaly | null {
    const usual = median(this.past)
    const deviation = Math.max(DEVIATION_MIN, median(this.past.map((value) => Math.abs(value - usual))) / MAD_OF_SIGMA)
    const score = (Math.log(p99Ms) - usual) / deviation
    const usualMs = Math.exp(usual)
    if (score < SCORE_MIN || p99Ms < RATIO_MIN * usualMs || p99Ms - usualMs < LONGER_MS_MIN) return null
    const says = `p99 of ${this.stage} is ${milliseconds(p99Ms)}, ${Math.round(p99Ms / usualMs)} times the usual ${milliseconds(usualMs)}`
    return { stage: this.stage, p99Ms, usualMs, score, says }
  }

  /** Seconds of the same kind in a row, positive ones out of line. */
  private judge(anomaly: Anomaly | null): void {
    const kind = anomaly === null ? -1 : 1
    this.inRow = Math.sign(this.inRow) === kind ? this.inRow + kind : kind
    if (anomaly !== null && (this.current !== null || this.inRow >= SECONDS_TO_TELL)) this.current = anomaly
    else if (this.inRow <= -SECONDS_TO_END) this.current = null
  }
}

/** All stages. */
export class AnomalyDetector {
  private readonly stages = STAGE_NAMES.map((stage) => new StageAnomaly(stage))

  /** @param percentiles of the last second, by stage */
  update(percentiles: Readonly<Record<StageName, Percentiles | null>>): void {
    for (const [i, stage] of STAGE_NAMES.entries()) this.stages[i].update(percentiles[stage])
  }

  get current(): Anomaly[] {
    return this.stages.flatMap(({ current }) => (current === null ? [] : [current]))
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`
