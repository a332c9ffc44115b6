import { STAGE_NAMES, type StageName } from '../../core/latency.js'
import type { Metric } from '../metrics/definition.js'
import type { Sample } from '../sample.js'
import type { Timed } from '../stats/build.js'
import { type Anomaly, BOTTLENECK_TOPIC, type Bottleneck, LIMITS, type Percentiles } from '../stats.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { json, type Route } from '../thread/routes.js'
import { AnomalyDetector } from './anomaly.js'
import { Finder } from './finder.js'
import { findingsOf } from './findings.js'
import { type Readings, readingsOf } from './readings.js'
import { ThreadClock } from './thread-time.js'

const SECOND_MS = 1000
/** The routing thread shows twice a second that it is there. A sample of it may be late for this thread's own reasons. */
const SILENT_MS = 1250

/** Says each second what limits the daemon, and whether a latency is out of line with its own past. */
export class BottleneckPart implements Part {
  readonly routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/bottleneck',
      about:
        'what limits the daemon right now, where its time goes, and latencies that are out of line with their past',
      handle: () => json({ bottleneck: this.current, readings: this.readings, anomalies: this.anomalies }),
    },
  ]
  readonly metrics: readonly Metric[] = [
    {
      name: 'sluice_bottleneck',
      help: 'What limits the daemon right now: 1 for the one that does, 0 for the others.',
      type: 'gauge',
      labels: ['limit'],
      read: () => LIMITS.map((limit) => [[limit], limit === this.current.limit ? 1 : 0] as const),
    },
    {
      name: 'sluice_bottleneck_ratio',
      help: 'How much of what there is the limit takes, 0 to 1.',
      type: 'gauge',
      labels: [],
      read: () => this.current.share,
    },
    {
      name: 'sluice_anomaly',
      help: 'Whether the p99 of a stage is out of line with its own last five minutes: 1 when it is.',
      type: 'gauge',
      labels: ['stage'],
      read: () =>
        STAGE_NAMES.map((name) => [[name], this.anomalies.some(({ stage }) => stage === name) ? 1 : 0] as const),
    },
  ]
  private readonly finder = new Finder(Date.now())
  private readonly detector = new AnomalyDetector()
  private readonly thread: ThreadClock
  private readings: Readings | null = null
  private told: Bottleneck['limit'] = 'idle'

  constructor(
    private readonly context: ThreadContext,
    private readonly timed: Pick<Timed, 'percentiles'>,
    private readonly routingThread: { readonly beatAt: number },
  ) {
    this.thread = new ThreadClock(() => context.now())
  }

  get current(): Bottleneck {
    return this.finder.current
  }

  get anomalies(): readonly Anomaly[] {
    return this.detector.current
  }

  /** Whether the routing thread stood still at the last tick. */
  get isSilent(): boolean {
    return this.readings !== null && this.readings.silentMs > 0
  }

  tick(sample: Sample, before: Sample, isFresh: boolean): void {
    const silentMs = isFresh ? 0 : this.context.now() - this.routingThread.beatAt
    if (!isFresh && silentMs < SILENT_MS) return
    this.readings = readingsOf(sample, before, this.thread.take(), silentMs)
    const isOther = this.finder.update(findingsOf(this.readings, this.current.subscriber?.session), Date.now())
    if (isFresh) this.detector.update(this.lastSecond())
    if (!isOther) return
    this.context.publish(BOTTLENECK_TOPIC, this.current)
    this.log()
  }

  private lastSecond(): Readonly<Record<StageName, Percentiles | null>> {
    const entries = STAGE_NAMES.map((stage) => [stage, this.timed.percentiles({ stage }, SECOND_MS)])
    return Object.fromEntries(entries) as Readonly<Record<StageName, Percentiles | null>>
  }

  /** Each change of the limit is a line; that it is about another subscriber now is not. */
  private log(): void {
    const { limit, says } = this.current
    if (limit === this.told) return
    this.told = limit
    this.context.log('info', 'what limits the daemon has changed', { limit, says })
  }
}
