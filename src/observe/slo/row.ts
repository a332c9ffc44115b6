import { LATENCY_BUCKETS, latencyBucketMiddle } from '../../core/latency.js'

const MIDDLES = Float64Array.from({ length: LATENCY_BUCKETS }, (_, bucket) => latencyBucketMiddle(bucket))

/** What came to a row of the shared counters since it was last read. */
export interface RowDelta {
  /** Below the bucket that was asked about. */
  readonly below: number
  readonly total: number
  /** How long all of them took together. */
  readonly ms: number
}

/** Reads one row of the counters that the routing thread counts in, from time to time. */
export class RowReader {
  private readonly before = new Uint32Array(LATENCY_BUCKETS)

  /** @param bucket the first that `below` leaves out */
  constructor(
    private readonly row: Uint32Array,
    private readonly bucket = 0,
  ) {}

  /** What stands there now has been counted by somebody else. */
  skip(): void {
    this.before.set(this.row)
  }

  read(): RowDelta {
    const { row, before } = this
    let below = 0
    let total = 0
    let ms = 0
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
      const now = row[bucket]
      // Counters wrap at 2^32.
      const count = (now - before[bucket]) >>> 0
      if (count === 0) continue
      before[bucket] = now
      total += count
      ms += count * MIDDLES[bucket]
      if (bucket < this.bucket) below += count
    }
    return { below, total, ms }
  }
}

/** The sum of the last so many numbers. */
export class RecentSum {
  private readonly values: Float64Array
  private at = 0

  constructor(length: number) {
    this.values = new Float64Array(length)
  }

  push(value: number): void {
    this.values[this.at] = value
    this.at = (this.at + 1) % this.values.length
  }

  get sum(): number {
    return this.values.reduce((sum, value) => sum + value, 0)
  }
}
