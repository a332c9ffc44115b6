import {
  LATENCY_BUCKETS,
  type LatencyCounts,
  STAGE_NAMES,
  STAGES,
  type Stage,
  type StageName,
} from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { Percentiles } from '../stats.js'
import { latencyHistogram, percentilesOf, refill } from './hdr.js'
import { addPacked, pack } from './packed.js'
import { CLASS_STAGE_NAMES, type Series } from './series.js'

/**
 * How long what is kept, and for how long: 2 minutes by the second, half an hour by 10 seconds, 3 hours by the minute, 2 days by the hour. 528 intervals
 * of up to 64 series, of which those without an event take nothing and one with events about 2.5 B for each of its buckets that has any, usually some hundred
 * of 3,456. So a daemon busy in two lanes and two classes (2 × 4 + 2 × 2 = 12 series of 600 buckets) keeps 12 × 600 × 2.5 B × 528 = 9.5 MB.
 */
const LEVELS = [
  { lengthMs: 1_000, kept: 120 },
  { lengthMs: 10_000, kept: 180 },
  { lengthMs: 60_000, kept: 180 },
  { lengthMs: 3_600_000, kept: 48 },
] as const
/** Beside it, for ever: the counters as they were last, 64 × 3,456 × 4 B = 0.9 MB. Above this bound the oldest intervals go, of the level that takes most. */
export const HISTORY_BYTES_MAX = 32 * 1024 * 1024
/** The longest time that can be asked for. */
export const HISTORY_MS = LEVELS[3].lengthMs * LEVELS[3].kept

const LANE_ROWS = STAGES * LANES

/** What was counted from `startMs` to `endMs`, milliseconds since 1970: packed counts by row, null where there are none. */
export interface Interval {
  readonly startMs: number
  readonly endMs: number
  readonly rows: readonly (Uint8Array | null)[]
  readonly bytes: number
}

/** Intervals of one length, oldest first. */
interface Level {
  readonly lengthMs: number
  readonly kept: number
  intervals: Interval[]
  bytes: number
  /** Whether nothing was forgotten yet. */
  whole: boolean
}

/**
 * Latencies of the past, from the counters of the routing thread: by the second, rolled up to 10 seconds, minutes and hours. What is asked for is answered
 * from the finest that reaches back far enough.
 */
export class LatencyHistory {
  private readonly levels: readonly Level[] = LEVELS.map((level) => ({
    ...level,
    intervals: [],
    bytes: 0,
    whole: true,
  }))
  private readonly counters: readonly Counters[]
  private readonly row = new Float64Array(LATENCY_BUCKETS)
  private readonly histogram = latencyHistogram()
  private readonly answers = new Map<string, Percentiles | null>()
  private foldedAt: number

  /**
   * @param classes how many classes of topics there are
   * @param nowMs milliseconds since 1970, of a clock that never goes back
   * @param fromStart whether what has been counted already belongs to the first interval: unless a history before this one had it
   */
  constructor(
    latency: LatencyCounts,
    private readonly classes: number,
    nowMs: number,
    fromStart = false,
  ) {
    const byLane = STAGE_NAMES.flatMap((_, stage) =>
      Array.from({ length: LANES }, (_, lane) => latency.ofLane(stage as Stage, lane)),
    )
    const byClass = CLASS_STAGE_NAMES.flatMap((name) =>
      Array.from({ length: classes }, (_, index) =>
        latency.ofClass(STAGE_NAMES.indexOf(name) as Stage.ROUTING | Stage.DELIVERY, index),
      ),
    )
    this.counters = [...byLane, ...byClass].map((counters) => new Counters(counters, fromStart))
    this.foldedAt = nowMs
  }

  /** Makes an interval of what was counted since the last call. To be called once a second, and at least once a minute, since the counters wrap. */
  fold(nowMs: number): void {
    this.answers.clear()
    const rows = this.counters.map((counters) => (counters.difference(this.row) ? pack(this.row) : null))
    this.keep(0, { startMs: this.foldedAt, endMs: nowMs, rows, bytes: bytesOf(rows) })
    this.foldedAt = nowMs
    for (let level = 1; level < this.levels.length; level++) if (!this.rollUp(level)) break
    this.bound()
  }

  /** Percentiles of the last `windowMs`; null when there was nothing in that time. */
  percentiles(series: Series, windowMs: number): Percentiles | null {
    const key = `${series.stage} ${series.lane} ${series.topicClass} ${windowMs}`
    let answer = this.answers.get(key)
    if (answer === undefined) {
      answer = percentilesOf(refill(this.histogram, this.counts(series, windowMs)))
      this.answers.set(key, answer)
    }
    return answer
  }

  /** Deliveries of the last `windowMs` by bucket (latencyBucketEnd says up to which time each goes). */
  counts(series: Series, windowMs: number): Float64Array {
    return this.countsOf(series, this.intervals(windowMs))
  }

  countsOf(series: Series, intervals: readonly Interval[]): Float64Array {
    const counts = new Float64Array(LATENCY_BUCKETS)
    for (const index of this.rowsOf(series)) {
      for (const { rows } of intervals) {
        const packed = rows[index]
        if (packed !== null) addPacked(packed, counts)
      }
    }
    return counts
  }

  /** Intervals that together are the last `windowMs`, as exactly as they are kept: oldest first, each begins where the one before has ended. */
  intervals(windowMs: number): Interval[] {
    let fromMs = this.foldedAt - windowMs
    let level = this.levels.findIndex((each) => each.whole || reachesBackTo(each, fromMs))
    if (level < 0) level = this.levels.length - 1
    const taken: Interval[] = []
    for (; level >= 0; level--) {
      for (const interval of this.levels[level].intervals) {
        if ((interval.startMs + interval.endMs) / 2 < fromMs) continue
        taken.push(interval)
        fromMs = interval.endMs
      }
    }
    return taken
  }

  /** The same in as many intervals as there are: by the second where seconds are still kept, and so on. */
  finestIntervals(windowMs: number): Interval[] {
    let fromMs = this.foldedAt - windowMs
    const taken: Interval[] = []
    for (let level = this.levels.length - 1; level >= 0; level--) {
      const finerFromMs = this.levels[level - 1]?.intervals[0]?.startMs ?? Number.POSITIVE_INFINITY
      for (const interval of this.levels[level].intervals) {
        if ((interval.startMs + interval.endMs) / 2 < fromMs) continue
        if (interval.startMs >= finerFromMs) break
        taken.push(interval)
        fromMs = interval.endMs
      }
    }
    return taken
  }

  /** Milliseconds since 1970 up to which is told. */
  get until(): number {
    return this.foldedAt
  }

  /** How much of the last `windowMs` is kept. */
  coveredMs(windowMs: number): number {
    const [first] = this.intervals(windowMs)
    return first === undefined ? 0 : this.foldedAt - first.startMs
  }

  /** What all that is kept takes. */
  get bytes(): number {
    return this.levels.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Makes an interval of a level once the next finer one has crossed into a new one. @returns whether it did */
  private rollUp(level: number): boolean {
    const { lengthMs, intervals } = this.levels[level]
    const finer = this.levels[level - 1].intervals
    const { startMs, endMs } = finer[finer.length - 1]
    if (Math.floor(startMs / lengthMs) === Math.floor(endMs / lengthMs)) return false
    const rolledUpTo = intervals.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY
    const parts = finer.filter((interval) => interval.startMs >= rolledUpTo)
    const rows = this.counters.map((_, index) => this.sumOfRow(index, parts))
    this.keep(level, { startMs: parts[0].startMs, endMs, rows, bytes: bytesOf(rows) })
    return true
  }

  private sumOfRow(index: number, parts: readonly Interval[]): Uint8Array | null {
    const there = parts.flatMap(({ rows }) => rows[index] ?? [])
    if (there.length <= 1) return there[0] ?? null
    this.row.fill(0)
    for (const packed of there) addPacked(packed, this.row)
    return pack(this.row)
  }

  private keep(level: number, interval: Interval): void {
    const into = this.levels[level]
    into.intervals.push(interval)
    into.bytes += interval.bytes
    if (into.intervals.length > into.kept) forgetOldest(into)
  }

  private bound(): void {
    while (this.bytes > HISTORY_BYTES_MAX) {
      forgetOldest(this.levels.reduce((most, each) => (each.bytes > most.bytes ? each : most)))
    }
  }

  private rowsOf({ stage, lane, topicClass }: Series): number[] {
    if (topicClass !== undefined) {
      return [LANE_ROWS + CLASS_STAGE_NAMES.indexOf(classStage(stage)) * this.classes + topicClass]
    }
    const first = STAGE_NAMES.indexOf(stage) * LANES
    return lane === undefined ? Array.from({ length: LANES }, (_, each) => first + each) : [first + lane]
  }
}

/** A row of the routing thread's counters, and what they were when they were last looked at. */
class Counters {
  private readonly before: Uint32Array
  private readonly bytes: Uint8Array
  private readonly bytesBefore: Uint8Array

  constructor(
    private readonly now: Uint32Array,
    fromStart: boolean,
  ) {
    this.before = fromStart ? new Uint32Array(now.length) : now.slice()
    this.bytes = new Uint8Array(now.buffer, now.byteOffset, now.byteLength)
    this.bytesBefore = new Uint8Array(this.before.buffer)
  }

  /** Puts into `counts` what was counted since. @returns whether there was any */
  difference(counts: Float64Array): boolean {
    const { now, before } = this
    // Most rows are of lanes that nobody uses: one comparison of memory tells.
    if (Buffer.compare(this.bytes, this.bytesBefore) === 0) return false
    for (let bucket = 0; bucket < now.length; bucket++) {
      // Read once: the routing thread goes on counting.
      const value = now[bucket]
      counts[bucket] = (value - before[bucket]) >>> 0
      before[bucket] = value
    }
    return true
  }
}

function classStage(stage: StageName): (typeof CLASS_STAGE_NAMES)[number] {
  const found = CLASS_STAGE_NAMES.find((name) => name === stage)
  if (found === undefined) throw new RangeError(`classes of topics are not timed by ${stage}`)
  return found
}

function reachesBackTo({ intervals, lengthMs }: Level, ms: number): boolean {
  return intervals.length > 0 && intervals[0].startMs <= ms + lengthMs / 2
}

function forgetOldest(level: Level): void {
  const oldest = level.intervals.shift()
  if (oldest !== undefined) level.bytes -= oldest.bytes
  level.whole = false
}

function bytesOf(rows: readonly (Uint8Array | null)[]): number {
  return rows.reduce((sum, row) => sum + (row?.length ?? 0), 0)
}
