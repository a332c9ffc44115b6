import t from 'tap'
import {
  LATENCY_BUCKETS,
  LATENCY_BYTES,
  LatencyCounts,
  latencyBucket,
  latencyBucketEnd,
  latencyBucketMiddle,
  Stage,
} from '../../src/core/latency.js'
import { SeededRandom } from '../helpers/msgpack-random.js'

t.test('a time is between the ends of its bucket and the one before', async (t) => {
  const random = new SeededRandom(7)
  for (let i = 0; i < 20_000; i++) {
    const ms = 2 ** (random.below(26_000) / 1000 - 9.9)
    const bucket = latencyBucket(ms)
    // The bucket is that of the nearest 32-bit float.
    const float = Math.fround(ms)
    if (!(float < latencyBucketEnd(bucket) && float >= latencyBucketEnd(bucket - 1))) t.fail(`${ms} in ${bucket}`)
    const error = Math.abs(latencyBucketMiddle(bucket) - ms) / ms
    if (error > 1 / 256 + 1e-6) t.fail(`${ms} is told as ${latencyBucketMiddle(bucket)}`)
  }
  t.pass('20,000 times')
})

t.test('buckets follow each other without a gap, and what is outside is the nearest', async (t) => {
  for (let bucket = 0; bucket < LATENCY_BUCKETS - 1; bucket++) {
    if (latencyBucket(latencyBucketEnd(bucket)) !== bucket + 1) t.fail(`after ${bucket}`)
  }
  for (const ms of [0, -1, -0, 1e-9, Number.MIN_VALUE]) t.equal(latencyBucket(ms), 0, String(ms))
  for (const ms of [1e6, 1e30, Number.POSITIVE_INFINITY]) t.equal(latencyBucket(ms), LATENCY_BUCKETS - 1, String(ms))
  t.ok(latencyBucketEnd(0) < 0.001 && latencyBucketEnd(LATENCY_BUCKETS - 1) > 120_000, 'a microsecond to two minutes')
})

t.test('counts are kept apart by stage, lane and class, in memory that others see', async (t) => {
  const memory = new SharedArrayBuffer(LATENCY_BYTES)
  const counts = new LatencyCounts(memory)
  const seen = new LatencyCounts(memory)
  const bucket = latencyBucket(1.5)
  counts.note(Stage.ROUTING, 3, 0b101, 1.5, 10)
  counts.note(Stage.DELIVERY, 7, 0b100, 1.5, 5)
  counts.note(Stage.QUEUE, 3, 0b111, 1.5, 1)
  t.equal(seen.ofLane(Stage.ROUTING, 3)[bucket], 10)
  t.equal(seen.ofLane(Stage.DELIVERY, 7)[bucket], 5)
  t.equal(seen.ofLane(Stage.QUEUE, 3)[bucket], 1)
  t.equal(seen.ofLane(Stage.FANOUT, 3)[bucket], 0)
  const classes = (stage: Stage.ROUTING | Stage.DELIVERY) => [0, 1, 2, 15].map((n) => seen.ofClass(stage, n)[bucket])
  t.same(classes(Stage.ROUTING), [10, 0, 10, 0])
  t.same(classes(Stage.DELIVERY), [0, 0, 5, 0])
})
