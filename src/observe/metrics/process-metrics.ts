import type { Sample } from '../sample.js'
import { type Metric, MetricList } from './definition.js'
import { cpuByThread } from './threads.js'

/** Metrics of the process, and of the event loop of the routing thread as it was told last. */
export function defineProcessMetrics(sample: () => Sample | null): readonly Metric[] {
  const metrics = new MetricList()
  const told = (read: (sample: Sample) => number) => (): number => {
    const last = sample()
    return last === null ? 0 : read(last)
  }
  const toldBy = (read: (sample: Sample) => Iterable<[string, number]>) => (): Iterable<[string, number]> => {
    const last = sample()
    return last === null ? [] : read(last)
  }

  metrics.gauge(
    'sluice_event_loop_lag_p50_seconds',
    'How late timers of the routing thread were in the last second: the median.',
    told(({ loop }) => loop.lagP50Ms / 1000),
  )
  metrics.gauge(
    'sluice_event_loop_lag_p99_seconds',
    'The same: the 99th percentile.',
    told(({ loop }) => loop.lagP99Ms / 1000),
  )
  metrics.gauge(
    'sluice_event_loop_lag_max_seconds',
    'The same: the latest.',
    told(({ loop }) => loop.lagMaxMs / 1000),
  )
  metrics.gauge(
    'sluice_event_loop_utilization_ratio',
    'Share of the last second in which the event loop of the routing thread was not waiting for input.',
    told(({ loop }) => loop.utilization),
  )
  metrics.counters(
    'sluice_gc_pauses_total',
    'Pauses of the routing thread to collect garbage, by kind.',
    'kind',
    toldBy(({ loop }) => Object.entries(loop.gc).map(([kind, { count }]) => [kind, count])),
  )
  metrics.counters(
    'sluice_gc_pause_seconds_total',
    'Time of those pauses, by kind.',
    'kind',
    toldBy(({ loop }) => Object.entries(loop.gc).map(([kind, { ms }]) => [kind, ms / 1000])),
  )
  metrics.gauge(
    'sluice_gc_pause_max_seconds',
    'The longest pause of the last second.',
    told(({ loop }) => loop.gcMaxMs / 1000),
  )
  metrics.counters(
    'sluice_work_seconds_total',
    'Time of the routing thread: accept (taking messages apart), match (finding receivers, mostly within accept), drain (handing out), write (the transports, within drain).',
    'work',
    toldBy(({ work }) => [
      ['accept', work.acceptMs / 1000],
      ['match', work.matchMs / 1000],
      ['drain', work.drainMs / 1000],
      ['write', work.writeMs / 1000],
    ]),
  )
  metrics.counter(
    'sluice_matches_total',
    'Walks through the patterns for a topic whose receivers were not known.',
    told(({ work }) => work.matches),
  )
  metrics.counter(
    'sluice_drains_total',
    'Times that lanes were emptied.',
    told(({ work }) => work.drains),
  )
  metrics.gauge(
    'sluice_heap_used_bytes',
    'JavaScript heap of the routing thread in use.',
    told(({ memory }) => memory.heapUsed),
  )
  metrics.gauge(
    'sluice_heap_limit_bytes',
    'Most that this heap may grow to.',
    told(({ memory }) => memory.heapLimit),
  )
  metrics.gauge(
    'sluice_external_memory_bytes',
    'Memory outside of the heap that objects of the routing thread hold.',
    told(({ memory }) => memory.external),
  )
  metrics.gauge(
    'sluice_observer_heap_used_bytes',
    'JavaScript heap of the observer thread in use.',
    () => process.memoryUsage().heapUsed,
  )
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  metrics.gauge('process_start_time_seconds', 'When the process began, in seconds since 1970.', () => startedAtS)
  metrics.counter('process_cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.counters(
    'sluice_thread_cpu_seconds_total',
    'Processor time by thread: routing, observer, and the others by the name that the system knows them by.',
    'thread',
    cpuByThread,
  )
  return metrics.metrics
}

/** Fixed, so that it does not wander with the clock. */
const startedAtS = Date.now() / 1000 - process.uptime()
