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

/** So many metrics are rendered in one go: some tenths of a millisecond. */
const METRICS_IN_ONE_GO = 24

/** Metrics in Prometheus' text format, each read when it is rendered. */
export class Exposition {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  private readonly registries: readonly Registry[]

  constructor(metrics: readonly Metric[], { histograms }: HistogramSource) {
    const plain = new Array<Registry>(Math.ceil(metrics.length / METRICS_IN_ONE_GO))
    for (let i = 0; i < plain.length; i++) {
      plain[i] = new Registry()
      const from = i * METRICS_IN_ONE_GO
      for (const metric of metrics.slice(from, from + METRICS_IN_ONE_GO)) this.register(metric, plain[i])
    }
    this.registries = [...plain, ...histograms.map((histogram) => this.registerHistogram(histogram, new Registry()))]
  }

  /** @param pause is waited for between one go and the next */
  async render(pause: () => Promise<void>): Promise<string> {
    const texts: string[] = []
    for (const registry of this.registries) {
      if (texts.length > 0) await pause()
      texts.push(await registry.metrics())
    }
    return texts.join('\n')
  }

  private register(metric: Metric, registry: Registry): void {
    const { name, help, labels } = metric
    const registers = [registry]
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
  private registerHistogram(histogram: HistogramSource['histograms'][number], registry: Registry): Registry {
    const { name, help, labels, read } = histogram
    const get = async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: Array.from(read()).flatMap((value) => seriesOf(name, labels, value)),
    })
    registry.registerMetric({ name, get } as unknown as PromMetric)
    return registry
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
