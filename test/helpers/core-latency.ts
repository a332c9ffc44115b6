import {
  LATENCY_BUCKETS,
  LATENCY_BYTES,
  LatencyCounts,
  latencyBucketMiddle,
  type Stage,
} from '../../src/core/latency.js'

/** Counts of how long events took, to be read as times. */
export class SeenLatency {
  readonly counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))

  /** What was noted of a stage and lane: milliseconds, rounded to a tenth, and of how many events. */
  of(stage: Stage, lane = 3): [number, number][] {
    return times(this.counts.ofLane(stage, lane))
  }

  ofClass(stage: Stage.ROUTING | Stage.DELIVERY, topicClass: number): [number, number][] {
    return times(this.counts.ofClass(stage, topicClass))
  }

  /** Events noted in a stage, of all lanes. */
  total(stage: Stage): number {
    let sum = 0
    for (let lane = 0; lane < 8; lane++) for (const count of this.counts.ofLane(stage, lane)) sum += count
    return sum
  }
}

function times(counts: Uint32Array): [number, number][] {
  const found: [number, number][] = []
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    if (counts[bucket] > 0) found.push([Math.round(latencyBucketMiddle(bucket) * 10) / 10, counts[bucket]])
  }
  return found
}
