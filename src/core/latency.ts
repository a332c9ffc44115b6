import { LANES } from '../protocol/ops.js'

/** The parts of an event's way that are timed. It is accepted when its bytes have come to this machine, as far as that can be known (arrivals.ts). */
export enum Stage {
  /** Accepted → taken out of its lane by the drain. */
  QUEUE = 0,
  /** Taken out of its lane → written to a receiver's link. */
  FANOUT = 1,
  /** Accepted → written to the link, or put among what waits for a receiver whose link takes nothing: what the router is to answer for. */
  ROUTING = 2,
  /** Accepted → out of our buffers: what the receiver is to answer for as well. */
  DELIVERY = 3,
}

/** Names of the stages, by their number. */
export const STAGE_NAMES = ['queue', 'fanout', 'routing', 'delivery'] as const
export type StageName = (typeof STAGE_NAMES)[number]
export const STAGES = STAGE_NAMES.length

/** Classes of topics that are timed apart; a set of them is a bit mask. */
export const TOPIC_CLASSES_MAX = 16

/** Buckets to the octave: a value is known to 1/128 of itself, finer than two significant digits. */
const OCTAVE_BITS = 7
const OCTAVE_BUCKETS = 1 << OCTAVE_BITS
const MANTISSA_BITS = 23
const EXPONENT_BIAS = 127
/** From 2^-10 ms, about a microsecond, to 2^17 ms, about two minutes: what is outside counts as the nearest. */
const EXPONENT_MIN = -10
const EXPONENT_MAX = 17
const FIRST = (EXPONENT_BIAS + EXPONENT_MIN) << OCTAVE_BITS
export const LATENCY_BUCKETS = (EXPONENT_MAX - EXPONENT_MIN) * OCTAVE_BUCKETS

const asFloat = new Float32Array(1)
const asBits = new Uint32Array(asFloat.buffer)

/** The bucket of a time in milliseconds: the exponent and the first bits of the mantissa of the number itself, as HdrHistogram has it. */
export function latencyBucket(ms: number): number {
  asFloat[0] = ms
  const bucket = (asBits[0] >>> (MANTISSA_BITS - OCTAVE_BITS)) - FIRST
  // A negative time, which no monotonic clock gives, has the sign bit set and would be the largest.
  if (bucket < 0 || ms <= 0) return 0
  return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1
}

/** The least time in milliseconds that is in the bucket after this one. */
export function latencyBucketEnd(bucket: number): number {
  asBits[0] = (bucket + 1 + FIRST) << (MANTISSA_BITS - OCTAVE_BITS)
  return asFloat[0]
}

/** The middle of a bucket, in milliseconds: what its events are taken to have taken. */
export function latencyBucketMiddle(bucket: number): number {
  return bucket === 0 ? latencyBucketEnd(0) / 2 : (latencyBucketEnd(bucket - 1) + latencyBucketEnd(bucket)) / 2
}

/** Stages that are counted by class of topics: those that an objective may be about. */
const CLASS_STAGES = 2
const LANE_ROWS = STAGES * LANES
const ROWS = LANE_ROWS + CLASS_STAGES * TOPIC_CLASSES_MAX
const LOST = ROWS * LATENCY_BUCKETS
export const LATENCY_BYTES = (LOST + TOPIC_CLASSES_MAX) * Uint32Array.BYTES_PER_ELEMENT

/**
 * How many deliveries took how long, since the start, by stage and lane and by stage and class of topics. Flat counters, so that noting a run costs
 * some nanoseconds, in memory that another thread may read while it is written: a count is at most one run late. Counters wrap at 2^32: take differences
 * as `(now - before) >>> 0`, at least once a minute.
 */
export class LatencyCounts {
  private readonly counts: Uint32Array

  /** @param memory of LATENCY_BYTES */
  constructor(memory: ArrayBufferLike) {
    this.counts = new Uint32Array(memory, 0, LOST + TOPIC_CLASSES_MAX)
  }

  /** Notes that `count` deliveries of a lane took so long. */
  note(stage: Stage, lane: number, classes: number, ms: number, count: number): void {
    const bucket = latencyBucket(ms)
    this.counts[(stage * LANES + lane) * LATENCY_BUCKETS + bucket] += count
    if (classes !== 0) this.noteClasses(stage, classes, bucket, count)
  }

  private noteClasses(stage: Stage, classes: number, bucket: number, count: number): void {
    if (stage < Stage.ROUTING) return
    const row = LANE_ROWS + (stage - Stage.ROUTING) * TOPIC_CLASSES_MAX
    for (let left = classes; left !== 0; left &= left - 1) {
      this.counts[(row + 31 - Math.clz32(left & -left)) * LATENCY_BUCKETS + bucket] += count
    }
  }

  /** Notes deliveries that are never made: dropped, or expired. */
  noteLost(classes: number, count: number): void {
    for (let left = classes; left !== 0; left &= left - 1) {
      this.counts[LOST + 31 - Math.clz32(left & -left)] += count
    }
  }

  /** Deliveries of a class of topics that were never made. */
  lostOfClass(topicClass: number): number {
    return this.counts[LOST + topicClass]
  }

  /** The counters of a stage and lane, by bucket: a view that goes on counting. */
  ofLane(stage: Stage, lane: number): Uint32Array {
    const row = stage * LANES + lane
    return this.counts.subarray(row * LATENCY_BUCKETS, (row + 1) * LATENCY_BUCKETS)
  }

  /** The same of a class of topics, by its number. */
  ofClass(stage: Stage.ROUTING | Stage.DELIVERY, topicClass: number): Uint32Array {
    const row = LANE_ROWS + (stage - Stage.ROUTING) * TOPIC_CLASSES_MAX + topicClass
    return this.counts.subarray(row * LATENCY_BUCKETS, (row + 1) * LATENCY_BUCKETS)
  }
}
