import t from 'tap'
import { LATENCY_BYTES, LatencyCounts, Stage } from '../../../src/core/latency.js'
import { Histograms } from '../../../src/observe/metrics/histograms.js'

function histogramsOf(counts: LatencyCounts): {
  histograms: Histograms
  read(name: string): ReturnType<typeof valuesOf>
} {
  const histograms = new Histograms(counts, [{ name: 'orders', topics: 'orders.>' }])
  return { histograms, read: (name) => valuesOf(histograms, name) }
}

function valuesOf(histograms: Histograms, name: string) {
  histograms.fold()
  const found = histograms.histograms.find((histogram) => histogram.name === name)
  return [...(found?.read() ?? [])]
}

t.test('bounds are powers of two of a millisecond, and counts are cumulative', (t) => {
  const counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const { read } = histogramsOf(counts)
  t.same(read('sluice_routing_seconds'), [], 'a lane that nothing went through is left out')
  counts.note(Stage.ROUTING, 3, 0, 0.001, 5)
  counts.note(Stage.ROUTING, 3, 0, 0.1, 10)
  counts.note(Stage.ROUTING, 3, 0, 100_000, 1)
  counts.note(Stage.ROUTING, 0, 0, 1.5, 2)
  const [lane0, lane3] = read('sluice_routing_seconds')
  t.same([lane0.labels, lane0.count, lane3.labels, lane3.count], [['0'], 2, ['3'], 16])
  const bounds = lane3.buckets.map(([bound]) => bound)
  t.equal(bounds[0], 2 ** -7 / 1000)
  t.equal(bounds.at(-1), 2 ** 14 / 1000)
  t.ok(bounds.every((bound, index) => index === 0 || bound === bounds[index - 1] * 2))
  const upTo = (ms: number): number => lane3.buckets.find(([bound]) => bound * 1000 >= ms)?.[1] ?? lane3.count
  t.same([upTo(2 ** -7), upTo(2 ** -4), upTo(2 ** -3), upTo(2 ** 14)], [5, 5, 15, 15])
  t.ok(Math.abs(lane3.sum - 100.001) < 1, 'what they took together, to a hundredth')
  t.end()
})

t.test('the stages that are not by lane are of all lanes together', (t) => {
  const counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const { read } = histogramsOf(counts)
  for (const lane of [0, 3, 7]) counts.note(Stage.QUEUE, lane, 0, 0.1, 2)
  t.match(read('sluice_queue_seconds'), [{ labels: [], count: 6 }])
  t.same(read('sluice_fanout_seconds'), [])
  t.end()
})

t.test('each event is in the bucket whose bound it does not exceed', (t) => {
  const counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const { read } = histogramsOf(counts)
  for (let ms = 0.005, seen = 0; ms < 20_000; ms *= 1.31) {
    counts.note(Stage.DELIVERY, 7, 0, ms, 1)
    const [{ buckets, count }] = read('sluice_delivery_seconds')
    t.equal(count, ++seen)
    // A time is known to 1/128 of itself.
    for (const [bound, upTo] of buckets)
      if (bound * 1000 >= ms * 1.01) t.equal(upTo, seen, `${ms} ms is within ${bound} s`)
  }
  t.end()
})

t.test('counters that wrap go on, and classes have histograms of their own', (t) => {
  const counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const { read } = histogramsOf(counts)
  for (let i = 0; i < 5; i++) {
    counts.note(Stage.ROUTING, 1, 1, 0.5, 2 ** 31)
    read('sluice_routing_seconds')
  }
  t.equal(read('sluice_routing_seconds')[0].count, 5 * 2 ** 31)
  t.match(read('sluice_class_routing_seconds'), [{ labels: ['orders'], count: 5 * 2 ** 31 }])
  t.same(read('sluice_class_delivery_seconds'), [])
  t.end()
})
