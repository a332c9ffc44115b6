import { build, type Histogram } from 'hdr-histogram-js'
import { LATENCY_BUCKETS, latencyBucket, latencyBucketMiddle } from '../../src/core/latency.js'

/** Ten seconds in ns: what took longer counts as ten seconds. */
export const LATENCY_NS_MAX = 10_000_000_000
const NS_PER_MS = 1e6

/** In ns. */
export function latencyHistogram(): Histogram {
  return build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3, highestTrackableValue: LATENCY_NS_MAX })
}

/**
 * How many events took how long. Noting one costs some nanoseconds, where a record in an HDR histogram costs 70: a generator that is to send and receive
 * millions a second has not as much. Values are known to 1/128 of themselves, as the daemon's own are.
 */
export class LatencyCounts {
  private readonly counts = new Float64Array(LATENCY_BUCKETS)

  note(ms: number, count: number): void {
    this.counts[latencyBucket(ms)] += count
  }

  add(other: LatencyCounts): void {
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) this.counts[bucket] += other.counts[bucket]
  }

  /** In ns. */
  histogram(): Histogram {
    const histogram = latencyHistogram()
    this.counts.forEach((count, bucket) => {
      if (count === 0) return
      const ns = Math.round(latencyBucketMiddle(bucket) * NS_PER_MS)
      histogram.recordValueWithCount(Math.min(LATENCY_NS_MAX, ns), count)
    })
    return histogram
  }
}
