import type { Sample } from '../sample.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { pause } from '../thread/pause.js'
import type { Route } from '../thread/routes.js'
import type { Metric, MetricMetadata, MetricValue } from './definition.js'
import { Exposition } from './exposition.js'
import { Histograms } from './histograms.js'
import { defineProcessMetrics } from './process-metrics.js'

/** Who scrapes waits no longer than this for the routing thread, and gets what it told last. */
const PATIENCE_MS = 1000

/** /metrics: values of the routing thread as they are now, and those of the parts of this one. */
export class MetricsPart implements Part {
  readonly routes: readonly Route[] = [
    { method: 'GET', path: '/metrics', about: 'all metrics, for Prometheus', handle: () => this.scrape() },
  ]
  readonly metrics: readonly Metric[] = [
    {
      name: 'sluice_snapshot_age_seconds',
      help: 'How old the values of the routing thread are; more than some milliseconds when it did not answer in time.',
      type: 'gauge',
      labels: [],
      read: () => (this.context.now() - this.valuesAtMs) / 1000,
    },
    {
      name: 'sluice_scrape_seconds',
      help: 'How long the scrape before this one took.',
      type: 'gauge',
      labels: [],
      read: () => this.scrapeMs / 1000,
    },
    {
      name: 'sluice_scrapes_total',
      help: 'Scrapes answered before this one.',
      type: 'counter',
      labels: [],
      read: () => this.scrapes,
    },
    ...defineProcessMetrics(() => this.sample),
  ]
  private readonly histograms: Histograms
  private sample: Sample | null = null
  private exposition: Exposition | null = null
  private values: readonly MetricValue[]
  private valuesAtMs: number
  private fetching: Promise<void> | null = null
  private scrapes = 0
  private scrapeMs = 0

  /**
   * @param told what the routing thread tells the values of
   * @param here what the parts of this thread offer; asked when all are there
   */
  constructor(
    private readonly context: ThreadContext,
    private readonly told: readonly MetricMetadata[],
    private readonly here: () => readonly Metric[],
  ) {
    this.values = told.map(({ labels }) => (labels.length === 0 ? 0 : []))
    this.valuesAtMs = context.now()
    this.histograms = new Histograms(context.latency, context.settings.classes)
  }

  tick(sample: Sample): void {
    this.sample = sample
    this.histograms.fold()
  }

  private async scrape(): Promise<{ status: number; type: string; body: string }> {
    const began = this.context.now()
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = null
    })
    await this.fetching
    this.histograms.fold()
    await pause()
    this.exposition ??= this.makeExposition()
    const body = await this.exposition.render(pause)
    this.scrapes++
    this.scrapeMs = this.context.now() - began
    return { status: 200, type: this.exposition.contentType, body }
  }

  /** Resolves when the values are fresh, or when it has taken too long. */
  private fetch(): Promise<void> {
    let late: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      late = setTimeout(resolve, PATIENCE_MS)
    })
    const asked = this.context.ask('sample', null).then(
      ({ sample, metrics }) => {
        this.sample = sample
        this.values = metrics
        this.valuesAtMs = sample.atMs
      },
      () => {},
    )
    return Promise.race([asked, patience]).finally(() => clearTimeout(late))
  }

  private makeExposition(): Exposition {
    const told = this.told.map((metadata, index): Metric => ({ ...metadata, read: () => this.values[index] }))
    return new Exposition([...told, ...this.here()], this.histograms)
  }
}
