import { build, type Histogram } from 'hdr-histogram-js'
import { LATENCY_BUCKETS, latencyBucketEnd, latencyBucketMiddle } from '../../core/latency.js'
import type { Percentiles } from '../stats.js'

const NS_PER_MS = 1e6

/** Nanoseconds that an event of a bucket is taken to have taken. */
const MIDDLES_NS = Float64Array.from({ length: LATENCY_BUCKETS }, (_, bucket) =>
  Math.round(latencyBucketMiddle(bucket) * NS_PER_MS),
)

/** Values are nanoseconds, to two significant digits, which is what the buckets of the routing thread have. */
export function latencyHistogram(): Histogram {
  return build({
    // Of an hour, more events than 32 bits can count may have taken equally long.
    bitBucketSize: 64,
    numberOfSignificantValueDigits: 2,
    highestTrackableValue: Math.ceil(latencyBucketEnd(LATENCY_BUCKETS - 1) * NS_PER_MS),
    autoResize: false,
  })
}

/** Makes a histogram tell of these counts by bucket, and of nothing else. */
export function refill(histogram: Histogram, counts: Float64Array): Histogram {
  histogram.reset()
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]
    if (count > 0) histogram.recordValueWithCount(MIDDLES_NS[bucket], count)
  }
  return histogram
}

/** Null when nothing was counted. */
export function percentilesOf(histogram: Histogram): Percentiles | null {
  if (histogram.totalCount === 0) return null
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / NS_PER_MS
  return {
    count: histogram.totalCount,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: at(100),
  }
}
