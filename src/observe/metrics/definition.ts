/** One number, or one for each combination of label values; those come in the order of the label names. */
export type MetricValue = number | readonly (readonly [readonly string[], number])[]

export interface MetricMetadata {
  /** By Prometheus convention: base units, `_total` for counters. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly string[]
}

/** A metric whose value is kept elsewhere and read off when it is scraped: on the way of an event nothing is told to it. */
export interface Metric extends MetricMetadata {
  read(): MetricValue
}

/** What offers metrics of its own: a part of the observer thread may. */
export interface MetricSource {
  readonly metrics: readonly Metric[]
}

type Labelled = Iterable<readonly [string, number]>
type LabelledBy = Iterable<readonly [readonly string[], number]>

/** Metrics in the order in which they were defined. */
export class MetricList implements MetricSource {
  readonly metrics: Metric[] = []

  counter(name: string, help: string, read: () => number): void {
    this.metrics.push({ name, help, type: 'counter', labels: [], read })
  }

  gauge(name: string, help: string, read: () => number): void {
    this.metrics.push({ name, help, type: 'gauge', labels: [], read })
  }

  /** With one label. */
  counters(name: string, help: string, label: string, read: () => Labelled): void {
    this.metrics.push({ name, help, type: 'counter', labels: [label], read: () => byLabel(read()) })
  }

  gauges(name: string, help: string, label: string, read: () => Labelled): void {
    this.metrics.push({ name, help, type: 'gauge', labels: [label], read: () => byLabel(read()) })
  }

  /** With several: their values come in the order of the names. */
  countersBy(name: string, help: string, labels: readonly string[], read: () => LabelledBy): void {
    this.metrics.push({ name, help, type: 'counter', labels, read: () => Array.from(read()) })
  }

  /** What another thread must know to render the values. */
  get metadata(): MetricMetadata[] {
    return this.metrics.map(({ name, help, type, labels }) => ({ name, help, type, labels }))
  }

  readAll(): MetricValue[] {
    return this.metrics.map((metric) => metric.read())
  }
}

/** Values of one label. */
export function byLabel(values: Labelled): MetricValue {
  return Array.from(values, ([label, value]): [[string], number] => [[label], value])
}
