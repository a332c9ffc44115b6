import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { descriptorsOf, rssBytesOf } from '../proc.js'
import type { LatencyResult, Quantiles, SoakSample, Target } from './job.js'
import { LATENCY_NS_MAX, latencyHistogram } from './latency-counts.js'
import { ownMetrics } from './own-metrics.js'
import type { PacedPump } from './paced-pump.js'

/** Takes a sample of a soak again and again, on time, however long one takes. */
export class SoakSampler {
  readonly samples: SoakSample[] = []
  /** Samples that could not be taken, as the daemon did not tell its counters in time: its interval belongs to the next one. */
  missed = 0
  private readonly whole = latencyHistogram()
  private readonly interval = latencyHistogram()
  private timer: NodeJS.Timeout | null = null
  private lastDelivered = 0
  private lastDropped = 0
  private lastAt = 0
  private underWay = Promise.resolve()

  constructor(
    private readonly adminUrl: string,
    private readonly pid: Target['pid'],
  ) {}

  /** @param tookMs from the intended send time of an event to its receipt */
  record(tookMs: number): void {
    this.interval.recordValue(Math.min(LATENCY_NS_MAX, Math.max(0, tookMs * 1e6)))
  }

  async start(startAt: number, everyMs: number): Promise<void> {
    const { delivered, dropped } = await ownMetrics(this.adminUrl)
    this.lastDelivered = delivered
    this.lastDropped = dropped
    this.lastAt = performance.now()
    this.timer = setInterval(() => {
      this.underWay = this.underWay.then(() => this.sample(startAt)).catch(() => void this.missed++)
    }, everyMs)
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer)
    await this.underWay
    this.whole.add(this.interval)
  }

  latency(pumps: readonly PacedPump[]): LatencyResult {
    const { whole } = this
    return {
      count: whole.totalCount,
      ...quantiles(whole),
      maxUs: whole.maxValue / 1000,
      sendLateP99Us: Math.max(...pumps.map(({ late }) => late.histogram().getValueAtPercentile(99) / 1000)),
      heldBackP99Us: Math.max(...pumps.map(({ heldBack }) => heldBack.histogram().getValueAtPercentile(99) / 1000)),
      heldBackEvents: pumps.reduce((sum, { unsent }) => sum + unsent, 0),
      histogram: encodeIntoCompressedBase64(whole),
    }
  }

  private async sample(startAt: number): Promise<void> {
    const own = await ownMetrics(this.adminUrl, 1)
    const now = performance.now()
    const latency = quantiles(this.interval)
    this.whole.add(this.interval)
    this.interval.reset()
    this.samples.push({
      atS: (now - startAt) / 1000,
      rssBytes: rssBytesOf(this.pid),
      heapUsedBytes: own.heapUsedBytes,
      externalBytes: own.externalBytes,
      outboxBytes: own.outboxBytes,
      pooledHeld: own.pooledHeld,
      descriptors: descriptorsOf(this.pid),
      connections: own.connections,
      deliveredPerSecond: ((own.delivered - this.lastDelivered) * 1000) / (now - this.lastAt),
      dropped: own.dropped - this.lastDropped,
      latency,
    })
    this.lastDelivered = own.delivered
    this.lastDropped = own.dropped
    this.lastAt = now
  }
}

function quantiles(histogram: Histogram): Quantiles {
  const us = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return { p50Us: us(50), p99Us: us(99), p999Us: us(99.9) }
}
