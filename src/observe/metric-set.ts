import { Counter, Gauge, type Registry } from 'prom-client'

/** Values by one label. */
export type Labelled = Iterable<[string, number]>

/** Metrics whose values are kept elsewhere and read off when they are scraped. */
export class MetricSet {
  constructor(private readonly registry: Registry) {}

  counter(name: string, help: string, value: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  }

  /** The same with one label. */
  counters(name: string, help: string, label: string, values: () => Labelled): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [key, value] of values()) this.inc({ [label]: key }, value)
      },
    })
  }

  /** With several: their values come in the order of the names. */
  countersBy(
    name: string,
    help: string,
    labels: readonly string[],
    values: () => Iterable<[readonly string[], number]>,
  ): void {
    new Counter({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [keys, value] of values()) {
          this.inc(Object.fromEntries(labels.map((label, index) => [label, keys[index]])), value)
        }
      },
    })
  }

  gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value())
      },
    })
  }

  gauges(name: string, help: string, label: string, values: () => Labelled): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        for (const [key, value] of values()) this.set({ [label]: key }, value)
      },
    })
  }
}
