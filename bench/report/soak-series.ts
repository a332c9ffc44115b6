import type { SoakSample } from '../generator/job.js'
import { type Shift, type Slope, shiftOf, theilSen } from './drift.js'
import type { TimeSeries } from './row.js'

const MIB = 1024 * 1024
const SECONDS_PER_HOUR = 3600
/** The first part of a soak is left out: heaps and tables grow to their size. */
const WARMUP_SHARE = 0.2

export const MEMORY = 'resident memory'
export const TAIL = 'p99.9'

/** The samples as what is drawn, and what drifts are taken from. */
export function soakSeries(samples: readonly SoakSample[]): TimeSeries[] {
  const series = (name: string, unit: string, of: (sample: SoakSample) => number): TimeSeries => ({
    name,
    unit,
    points: samples.map((sample): [number, number] => [sample.atS, of(sample)]),
  })
  return [
    series(MEMORY, 'MiB', ({ rssBytes }) => rssBytes / MIB),
    series('heap used', 'MiB', ({ heapUsedBytes }) => heapUsedBytes / MIB),
    series('external memory', 'MiB', ({ externalBytes }) => externalBytes / MIB),
    series('waiting in outboxes', 'MiB', ({ outboxBytes }) => outboxBytes / MIB),
    series('pooled objects held', '', ({ pooledHeld }) => pooledHeld),
    series('open files', '', ({ descriptors }) => descriptors),
    series('connections', '', ({ connections }) => connections),
    series('deliveries', '/s', ({ deliveredPerSecond }) => deliveredPerSecond),
    series('dropped for the slow subscriber', '', ({ dropped }) => dropped),
    series('p50', 'µs', ({ latency }) => latency.p50Us),
    series('p99', 'µs', ({ latency }) => latency.p99Us),
    series(TAIL, 'µs', ({ latency }) => latency.p999Us),
  ]
}

/** Of memory, in MiB an hour. */
export function memoryDrift(all: readonly TimeSeries[]): Slope | null {
  const slope = theilSen(warm(named(all, MEMORY)))
  if (slope === null) return null
  const hourly = (perSecond: number) => perSecond * SECONDS_PER_HOUR
  return { slope: hourly(slope.slope), low: hourly(slope.low), high: hourly(slope.high) }
}

export function tailShift(all: readonly TimeSeries[]): Shift | null {
  return shiftOf(warm(named(all, TAIL)).map(([, y]) => y))
}

function named(all: readonly TimeSeries[], name: string): TimeSeries['points'] {
  return all.find((each) => each.name === name)?.points ?? []
}

function warm(points: TimeSeries['points']): TimeSeries['points'] {
  const endS = points.at(-1)?.[0] ?? 0
  return points.filter(([atS]) => atS > WARMUP_SHARE * endS)
}
