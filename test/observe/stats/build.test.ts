import t from 'tap'
import { LATENCY_BUCKETS, LATENCY_BYTES, LatencyCounts, latencyBucket, Stage } from '../../../src/core/latency.js'
import { LatencyHistory } from '../../../src/observe/latency/history.js'
import { buildStats, heatOf, type Known } from '../../../src/observe/stats/build.js'
import { HEAT_BUCKETS, HEAT_FIRST_MS } from '../../../src/observe/stats.js'
import { NOTHING, sampleWith, slowOne } from '../../helpers/samples.js'
import { busyStats } from '../../helpers/stats.js'

const { server, slos, bottleneck, anomalies, target } = busyStats()
const CLASSES = [{ name: 'orders', topics: 'orders.>' }]

function known(timed: Known['timed']): Known {
  return { at: 1000, sequence: 7, server, classes: CLASSES, timed, slos, bottleneck, anomalies, target }
}

function counted() {
  const counts = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  return { counts, history: new LatencyHistory(counts, 1, 0) }
}

const BEFORE = sampleWith({
  atMs: 10_000,
  core: {
    accepted: 100,
    delivered: 50,
    dropped: { 'drop-oldest': 5, closed: 0 },
    routedByLane: [0, 0, 0, 100, 0, 0, 0, 0],
  },
  loop: { gc: { minor: { count: 1, ms: 10 } }, cpuUserS: 1, cpuSystemS: 1 },
})
const AFTER = sampleWith(
  {
    atMs: 12_000,
    core: {
      accepted: 2100,
      acceptedBytes: 1e6,
      delivered: 1050,
      writtenBytes: 500_000,
      expiredUnrouted: 4,
      unmatched: 6,
      refused: { overloaded: 8, bad_topic: 2 },
      dropped: { 'drop-oldest': 25, closed: 10 },
      routedByLane: [400, 0, 0, 1700, 0, 0, 0, 0],
      laneDepths: [1, 0, 0, 2, 0, 0, 0, 0],
      pendingInLanes: 3,
      pendingInOutboxes: 30,
      blockedOutboxes: 2,
      sessions: 9,
    },
    loop: {
      gc: { minor: { count: 3, ms: 30 } },
      cpuUserS: 2,
      cpuSystemS: 1.5,
      utilization: 0.123456,
      lagMaxMs: 2.71444,
    },
    slow: [slowOne()],
  },
  BEFORE,
)

t.test('rates are per second, of the time between the samples; totals since the start', async (t) => {
  const stats = buildStats(AFTER, BEFORE, known(counted().history))
  t.same(stats.rates, {
    accepted: 1000,
    acceptedBytes: 500_000,
    delivered: 500,
    writtenBytes: 250_000,
    dropped: 15,
    expired: 2,
    refused: 5,
    unmatched: 3,
  })
  t.same(stats.totals, { accepted: 2100, delivered: 1050, dropped: 35, refused: 10 })
  t.same(stats.drops, [
    { reason: 'drop-oldest', rate: 10, total: 25 },
    { reason: 'closed', rate: 5, total: 10 },
  ])
  t.match(stats.lanes[0], { lane: 0, rate: 200, waiting: 1 })
  t.match(stats.lanes[3], { lane: 3, rate: 800, waiting: 2 })
  t.same(stats.pending, { lanes: 3, outboxes: 30, blockedOutboxes: 2 })
  t.match(stats.loop, { utilization: 0.1235, lagMaxMs: 2.714, gcMs: 10, cpu: 0.75 })
  t.match(stats, { at: 1000, sequence: 7, server, slos, bottleneck, target, slow: [{ name: 'billing' }], sessions: 9 })
})

t.test('percentiles by stage, lane and class; null where nothing went through', async (t) => {
  const { counts, history } = counted()
  counts.note(Stage.ROUTING, 3, 1, 0.1, 99)
  counts.note(Stage.ROUTING, 3, 1, 10, 1)
  counts.note(Stage.DELIVERY, 0, 0, 1, 10)
  history.fold(1000)
  const stats = buildStats(AFTER, BEFORE, known(history))
  t.match(stats.stages, { queue: null, fanout: null, routing: { count: 100 }, delivery: { count: 10 } })
  t.equal(stats.lanes[0].routing, null)
  t.equal(stats.lanes[3].delivery, null)
  const { p50Ms = 0, maxMs = 0 } = stats.lanes[3].routing ?? {}
  t.ok(p50Ms > 0.099 && p50Ms < 0.101, `${p50Ms}`)
  t.ok(maxMs > 9.9 && maxMs < 10.2, `${maxMs}`)
  t.match(stats.classes, [{ name: 'orders', topics: 'orders.>', routing: { count: 100 }, delivery: null }])
  t.equal(
    stats.heat.reduce((sum, count) => sum + count, 0),
    10,
  )
})

t.test('the same sample twice: nothing is known of that time', async (t) => {
  const { counts, history } = counted()
  counts.note(Stage.ROUTING, 3, 1, 0.1, 99)
  history.fold(1000)
  const stats = buildStats(AFTER, AFTER, known(history))
  t.ok(Object.values(stats.rates).every((rate) => rate === 0))
  t.equal(stats.stages.routing, null)
  t.equal(stats.loop.utilization, 1)
  t.equal(stats.totals.accepted, 2100)
  t.ok(stats.heat.every((count) => count === 0))
})

t.test('each latency is in the bucket of the heat map that ends after it', async (t) => {
  for (const ms of [0.0001, 0.009, 0.0101, 0.0141, 0.02, 0.1, 1, 7.3, 100, 5000, 1e6]) {
    const counts = new Float64Array(LATENCY_BUCKETS)
    counts[latencyBucket(ms)] = 1
    const heat = heatOf(counts)
    t.equal(heat.length, HEAT_BUCKETS)
    const bucket = heat.indexOf(1)
    const end = HEAT_FIRST_MS * 2 ** (bucket / 2)
    t.ok(ms <= end * 1.01 || bucket === HEAT_BUCKETS - 1, `${ms} ms is before ${end}`)
    t.ok(bucket === 0 || ms >= (end / Math.SQRT2) * 0.99, `${ms} ms is after the one before ${end}`)
  }
})

t.test('a daemon that has just started', async (t) => {
  const stats = buildStats(NOTHING, NOTHING, known(counted().history))
  t.notMatch(JSON.stringify(stats.rates), /null|NaN/)
})
