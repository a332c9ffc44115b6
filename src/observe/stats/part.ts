import type { Metric } from '../metrics/definition.js'
import type { Sample } from '../sample.js'
import type { Anomaly, Bottleneck, Stats } from '../stats.js'
import { STATS_TOPIC } from '../stats.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { type AdminAnswer, AdminProblem, type AdminRequest, json, type Route } from '../thread/routes.js'
import { buildStats, type Timed } from './build.js'
import { HISTORY_POINTS_MAX, HISTORY_SECONDS_MAX, StatsRing } from './history.js'
import { pointOf } from './points.js'

const HISTORY_SECONDS = 300

/** Where the figures of others come from. */
export interface StatsSources {
  readonly timed: Timed
  readonly bottleneck: {
    readonly current: Bottleneck
    readonly anomalies: readonly Anomaly[]
    readonly isSilent: boolean
  }
  readonly objectives: { readonly slos: Stats['slos']; readonly targetStats: Stats['target'] }
}

/** Says once a second how the daemon is: on the bus, on the admin port, and for an hour from memory. */
export class StatsPart implements Part {
  readonly routes: readonly Route[] = [
    { method: 'GET', path: '/stats', about: 'how the daemon is, as of the last second', handle: () => this.answer() },
    {
      method: 'GET',
      path: '/stats/history',
      about: 'the same of the last hour: ?seconds=300&step=1',
      handle: (request) => this.answerHistory(request),
    },
  ]
  readonly metrics: readonly Metric[] = [
    {
      name: 'sluice_stats_history_bytes',
      help: 'Memory that the statistics of the last hour take.',
      type: 'gauge',
      labels: [],
      read: () => this.ring.bytes,
    },
  ]
  private readonly ring = new StatsRing()
  private latest: Stats | null = null
  private sequence = 0

  constructor(
    private readonly context: ThreadContext,
    private readonly sources: StatsSources,
  ) {}

  tick(sample: Sample, before: Sample, isFresh: boolean): void {
    // A sample that is merely late tells of this time when it comes.
    if (!isFresh && !this.sources.bottleneck.isSilent) return
    this.latest = this.build(sample, before)
    this.ring.push(pointOf(this.latest))
    // A routing thread that stands still would only find them all at once later.
    if (isFresh) this.context.publish(STATS_TOPIC, this.latest)
  }

  private build(sample: Sample, before: Sample): Stats {
    const { context, sources } = this
    const { name, software, classes } = context.settings
    const { current, anomalies } = sources.bottleneck
    const { slos, targetStats: target } = sources.objectives
    return buildStats(sample, before, {
      at: Date.now(),
      sequence: ++this.sequence,
      server: {
        name,
        software,
        pid: process.pid,
        uptimeS: Math.round(process.uptime()),
        phase: sample.phase,
        url: context.listeners[0]?.url ?? '',
      },
      classes,
      timed: sources.timed,
      slos,
      target,
      bottleneck: current,
      anomalies,
    })
  }

  private answer(): AdminAnswer {
    if (this.latest === null) throw new AdminProblem(503, 'the first second is not over yet')
    return json(this.latest)
  }

  private answerHistory({ query }: AdminRequest): AdminAnswer {
    const seconds = wholeNumber(query, 'seconds', HISTORY_SECONDS, HISTORY_SECONDS_MAX)
    const step = wholeNumber(query, 'step', 1, HISTORY_SECONDS_MAX)
    return json(this.ring.last(seconds, step))
  }
}

function wholeNumber(query: URLSearchParams, name: string, byDefault: number, max: number): number {
  const given = query.get(name)
  if (given === null) return byDefault
  const value = /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (value < 1 || value > max) {
    throw new AdminProblem(
      400,
      `${name} is a whole number from 1 to ${max}; steps are longer where there were more than ${HISTORY_POINTS_MAX} points else`,
    )
  }
  return value
}
