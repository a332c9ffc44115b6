import {
  LATENCY_BUCKETS,
  type LatencyCounts,
  latencyBucketEnd,
  latencyBucketMiddle,
  Stage,
} from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { TopicClass } from '../settings.js'
import type { HistogramSource, HistogramValue } from './exposition.js'

/** Bounds are powers of two of a millisecond, as of Prometheus' native histograms with one bucket to the octave: 7.8 µs to 16.4 s. */
const BOUND_FIRST = -7
const BOUND_LAST = 14
const BOUNDS_S = Array.from({ length: BOUND_LAST - BOUND_FIRST + 1 }, (_, index) => 2 ** (BOUND_FIRST + index) / 1000)

/** Of each bucket of the counters, which of the coarser ones it is in: the first whose bound is not less; BOUNDS_S.length for none. */
const COARSE = Uint8Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => {
  const index = BOUNDS_S.findIndex((bound) => latencyBucketEnd(bucket) / 1000 <= bound)
  return index < 0 ? BOUNDS_S.length : index
})
const MIDDLES_S = Float64Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => latencyBucketMiddle(bucket) / 1000)

/** Counters since the start, which do not wrap as those of the routing thread do: of one row of those, or of several as one. */
class Series {
  count = 0
  sumS = 0
  private readonly coarse = new Float64Array(BOUNDS_S.length + 1)
  private readonly rows: readonly { readonly counts: Uint32Array; readonly seen: Uint32Array }[]

  constructor(
    private readonly labels: readonly string[],
    counts: readonly Uint32Array[],
  ) {
    this.rows = counts.map((row) => ({ counts: row, seen: new Uint32Array(row.length) }))
  }

  fold(): void {
    for (const { counts, seen } of this.rows) this.foldRow(counts, seen)
  }

  private foldRow(counts: Uint32Array, seen: Uint32Array): void {
    const { coarse } = this
    for (let bucket = 0; bucket < counts.length; bucket++) {
      const now = counts[bucket]
      const fresh = (now - seen[bucket]) >>> 0
      if (fresh === 0) continue
      seen[bucket] = now
      coarse[COARSE[bucket]] += fresh
      this.count += fresh
      this.sumS += fresh * MIDDLES_S[bucket]
    }
  }

  get value(): HistogramValue {
    let upTo = 0
    const buckets = BOUNDS_S.map((bound, index) => {
      upTo += this.coarse[index]
      return [bound, upTo] as const
    })
    return { labels: this.labels, buckets, count: this.count, sum: this.sumS }
  }
}

const STAGES = [
  [
    Stage.QUEUE,
    'sluice_queue_seconds',
    'From when an event is accepted to when it is taken out of its lane, once per event.',
  ],
  [
    Stage.FANOUT,
    'sluice_fanout_seconds',
    "From when an event is taken out of its lane to when it is written to a receiver's link.",
  ],
] as const

const LANE_STAGES = [
  [
    Stage.ROUTING,
    'sluice_routing_seconds',
    'From when an event is accepted to when it is written to a link, or put among what waits for one that takes nothing.',
  ],
  [Stage.DELIVERY, 'sluice_delivery_seconds', 'From when an event is accepted to when it has left our buffers.'],
] as const

const CLASS_STAGES = [
  [Stage.ROUTING, 'sluice_class_routing_seconds', 'sluice_routing_seconds of the topics of a class.'],
  [Stage.DELIVERY, 'sluice_class_delivery_seconds', 'sluice_delivery_seconds of the topics of a class.'],
] as const

/** How long events take, by lane and by class of topics. A lane that nothing went through is left out. */
export class Histograms implements HistogramSource {
  readonly histograms: HistogramSource['histograms']
  private readonly series: Series[] = []

  constructor(latency: LatencyCounts, classes: readonly TopicClass[]) {
    const lanes = Array.from({ length: LANES }, (_, lane) => lane)
    this.histograms = [
      ...STAGES.map(([stage, name, help]) =>
        this.make(
          name,
          help,
          [],
          [
            new Series(
              [],
              lanes.map((lane) => latency.ofLane(stage, lane)),
            ),
          ],
        ),
      ),
      ...LANE_STAGES.map(([stage, name, help]) =>
        this.make(
          name,
          help,
          ['lane'],
          lanes.map((lane) => new Series([String(lane)], [latency.ofLane(stage, lane)])),
        ),
      ),
      ...CLASS_STAGES.map(([stage, name, help]) =>
        this.make(
          name,
          help,
          ['topic_class'],
          classes.map((each, index) => new Series([each.name], [latency.ofClass(stage, index)])),
        ),
      ),
    ]
  }

  /** Takes up what was counted since the last time: at least once a minute, or it is lost. */
  fold(): void {
    for (const series of this.series) series.fold()
  }

  private make(
    name: string,
    help: string,
    labels: readonly string[],
    series: readonly Series[],
  ): HistogramSource['histograms'][number] {
    this.series.push(...series)
    return { name, help, labels, read: () => series.filter(({ count }) => count > 0).map(({ value }) => value) }
  }
}
