import { Counter, Gauge, type Metric as PromMetric, Registry } from 'prom-client'
import type { Metric, MetricValue } from './definition.js'

/** Histograms that are counted elsewhere, as prom-client renders them. */
export interface HistogramSource {
  readonly histograms: readonly {
    readonly name: string
    readonly help: string
    readonly labels: readonly string[]
    /** For each combination of label values: events up to and including each bound in seconds, and what all of them took together. */
    read(): Iterable<HistogramValue>
  }[]
}

export interface HistogramValue {
  readonly labels: readonly string[]
  /** Upper bounds in seconds, ascending, and how many took at most as long; what took longer is in `count` alone. */
  readonly buckets: readonly (readonly [number, number])[]
  readonly count: number
  readonly sum: number
}

/** Metrics in Prometheus' text format, each read when it is rendered. */
export class Exposition {
  private readonly registry = new Registry()

  constructor(metrics: readonly Metric[], histograms: HistogramSource) {
    for (const metric of metrics) this.register(metric)
    for (const histogram of histograms.histograms) this.registerHistogram(histogram)
  }

  get contentType(): string {
    return this.registry.contentType
  }

  render(): Promise<string> {
    return this.registry.metrics()
  }

  private register(metric: Metric): void {
    const { name, help, labels } = metric
    const registers = [this.registry]
    if (metric.type === 'counter') {
      new Counter({
        name,
        help,
        labelNames: labels,
        registers,
        collect() {
          this.reset()
          for (const [keys, value] of entries(metric.read())) this.inc(labelled(labels, keys), value)
        },
      })
      return
    }
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers,
      collect() {
        this.reset()
        for (const [keys, value] of entries(metric.read())) this.set(labelled(labels, keys), value)
      },
    })
  }

  /** prom-client's own histogram can only be told one value at a time; the registry takes anything that answers `get`. */
  private registerHistogram({ name, help, labels, read }: HistogramSource['histograms'][number]): void {
    const get = async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: Array.from(read()).flatMap((value) => seriesOf(name, labels, value)),
    })
    this.registry.registerMetric({ name, get } as unknown as PromMetric)
  }
}

interface Series {
  metricName: string
  labels: Record<string, string>
  value: number
}

function seriesOf(name: string, names: readonly string[], { labels, buckets, count, sum }: HistogramValue): Series[] {
  const own = labelled(names, labels)
  const bucket = (le: string, value: number): Series => ({
    metricName: `${name}_bucket`,
    labels: { ...own, le },
    value,
  })
  return [
    ...buckets.map(([bound, value]) => bucket(String(bound), value)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels: own, value: sum },
    { metricName: `${name}_count`, labels: own, value: count },
  ]
}

function entries(value: MetricValue): readonly (readonly [readonly string[], number])[] {
  return typeof value === 'number' ? [[[], value]] : value
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]]))
}
