import fc from 'fast-check'
import t from 'tap'
import { LATENCY_BUCKETS } from '../../../src/core/latency.js'
import { addPacked, pack } from '../../../src/observe/latency/packed.js'

t.test('what is packed comes out as it was, added to what is there', async (t) => {
  const bucket = fc.integer({ min: 0, max: LATENCY_BUCKETS - 1 })
  const count = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 50 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(bucket, count), { minLength: 1 }), (entries) => {
      const counts = new Float64Array(LATENCY_BUCKETS)
      for (const [at, many] of entries) counts[at] = many
      const packed = pack(counts)
      if (packed === null) return false
      const added = counts.slice()
      addPacked(packed, added)
      return added.every((value, at) => value === counts[at] * 2)
    }),
  )
  t.equal(pack(new Float64Array(LATENCY_BUCKETS)), null, 'nothing takes nothing')
})

t.test('every bucket with the largest count there can be has its place', async (t) => {
  const counts = new Float64Array(LATENCY_BUCKETS).fill(Number.MAX_SAFE_INTEGER)
  const back = new Float64Array(LATENCY_BUCKETS)
  addPacked(pack(counts) as Uint8Array, back)
  t.same(back, counts)
})
