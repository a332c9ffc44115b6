import t from 'tap'
import { BottleneckPart } from '../../../src/observe/bottleneck/part.js'
import { LatencyHistory } from '../../../src/observe/latency/history.js'
import type { Metric } from '../../../src/observe/metrics/definition.js'
import type { Sample } from '../../../src/observe/sample.js'
import { StatsPart } from '../../../src/observe/stats/part.js'
import { LIMITS, type Stats, type StatsHistory } from '../../../src/observe/stats.js'
import type { Part } from '../../../src/observe/thread/part.js'
import { AdminProblem } from '../../../src/observe/thread/routes.js'
import { sampleWith, slowOne } from '../../helpers/samples.js'
import { FakeContext } from '../../helpers/slo.js'
import { busyStats } from '../../helpers/stats.js'

/** Both parts over counters of the test's, ticked by hand. */
class Rig {
  readonly fake = new FakeContext()
  private readonly context = this.fake.make({ slos: [] })
  private readonly history = new LatencyHistory(this.context.latency, 1, this.fake.nowMs)
  readonly board = { beatAt: this.fake.nowMs }
  readonly bottleneck = new BottleneckPart(this.context, this.history, this.board)
  readonly stats = new StatsPart(this.context, {
    timed: this.history,
    bottleneck: this.bottleneck,
    objectives: { slos: busyStats().slos, targetStats: busyStats().target },
  })
  private last = sampleWith({ atMs: this.fake.nowMs, work: { drains: 1 } })

  second(values: (last: Sample) => Parameters<typeof sampleWith>[0] = () => ({})): void {
    this.fake.nowMs += 1000
    this.board.beatAt = this.fake.nowMs
    const { last } = this
    const next = sampleWith({ ...values(last), atMs: this.fake.nowMs }, last)
    this.last = { ...next, work: { ...next.work, drains: last.work.drains + 1 } }
    this.tick(last, true)
  }

  silence(ms: number): void {
    this.fake.nowMs += ms
    this.tick(this.last, false)
  }

  private tick(before: Sample, isFresh: boolean): void {
    this.history.fold(this.fake.nowMs)
    this.bottleneck.tick(this.last, before, isFresh)
    this.stats.tick(this.last, before, isFresh)
  }

  published(topic: string): unknown[] {
    return this.fake.published.filter((event) => event.topic === topic).map(({ value }) => value)
  }
}

function get(part: Part, path: string, query = ''): unknown {
  const route = part.routes.find((route) => route.path === path)
  const answer = route?.handle({
    method: 'GET',
    params: {},
    query: new URLSearchParams(query),
    headers: {},
    body: Buffer.alloc(0),
  })
  return JSON.parse((answer as { body: string }).body)
}

function valuesOf(part: Part, name: string): unknown {
  const metrics = part.metrics as readonly Metric[]
  return metrics.find((metric) => metric.name === name)?.read()
}

t.test('once a second, on the bus and on the admin port', async (t) => {
  const rig = new Rig()
  t.throws(() => get(rig.stats, '/stats'), new AdminProblem(503, 'the first second is not over yet'))
  rig.second()
  rig.second(({ core }) => ({ core: { accepted: core.accepted + 500 } }))
  const published = rig.published('$sys.stats') as Stats[]
  t.same(
    published.map(({ sequence }) => sequence),
    [1, 2],
  )
  t.match(published[1], {
    rates: { accepted: 500 },
    server: { name: 'test', pid: process.pid, phase: 'ready' },
    slos: busyStats().slos,
    bottleneck: { limit: 'idle' },
  })
  t.same(get(rig.stats, '/stats'), JSON.parse(JSON.stringify(published[1])))
  t.ok(Math.abs(published[1].at - Date.now()) < 60_000, 'milliseconds since 1970')
})

t.test('the past, by steps', async (t) => {
  const rig = new Rig()
  for (let i = 0; i < 10; i++) rig.second(({ core }) => ({ core: { accepted: core.accepted + i } }))
  const { stepS, points } = get(rig.stats, '/stats/history', 'seconds=4') as StatsHistory
  t.equal(stepS, 1)
  t.same(
    points.map(({ rates }) => rates.accepted),
    [6, 7, 8, 9],
  )
  t.equal((get(rig.stats, '/stats/history') as StatsHistory).points.length, 10)
  t.equal((get(rig.stats, '/stats/history', 'seconds=60&step=60') as StatsHistory).stepS, 60)
  for (const query of ['seconds=0', 'seconds=3601', 'seconds=-1', 'seconds=1.5', 'step=x', 'step=0', 'seconds=1e3']) {
    t.throws(() => get(rig.stats, '/stats/history', query), /is a whole number from 1 to 3600/, query)
  }
  t.ok(Number(valuesOf(rig.stats, 'sluice_stats_history_bytes')) > 0)
})

t.test('what limits is published when it changes, with the subscriber that it is about', async (t) => {
  const rig = new Rig()
  rig.second()
  for (let i = 1; i <= 3; i++) rig.second(() => ({ slow: [slowOne({ blockedMs: i * 900 })] }))
  t.match(rig.published('$sys.bottleneck'), [{ limit: 'slow-consumer', subscriber: { name: 'billing' } }])
  t.equal(rig.published('$sys.bottleneck').length, 1)
  t.match(get(rig.stats, '/stats'), { bottleneck: { limit: 'slow-consumer', says: /billing .* 2\.7 s/ } })
  t.match(get(rig.bottleneck, '/bottleneck'), { bottleneck: { limit: 'slow-consumer' }, anomalies: [] })
  const limits = valuesOf(rig.bottleneck, 'sluice_bottleneck') as [[string], number][]
  t.same(
    limits.map(([[limit]]) => limit),
    LIMITS,
  )
  t.same(
    limits.filter(([, value]) => value === 1),
    [[['slow-consumer'], 1]],
  )
  for (let i = 0; i < 3; i++) rig.second(() => ({ slow: [] }))
  t.match(rig.published('$sys.bottleneck')[1], { limit: 'idle', subscriber: null })
  t.match(rig.fake.logged, [
    { level: 'info', fields: { limit: 'slow-consumer', says: /billing/ } },
    { level: 'info', fields: { limit: 'idle' } },
  ])
})

t.test('a routing thread that stands still: told at once, and no statistics are sent to it', async (t) => {
  const rig = new Rig()
  rig.second(({ core }) => ({ core: { accepted: core.accepted + 500 } }))
  rig.silence(1500)
  t.match(rig.published('$sys.bottleneck'), [{ limit: 'stall', says: 'the routing thread has stood still for 1.5 s' }])
  t.match(get(rig.stats, '/stats'), { sequence: 2, rates: { accepted: 0 }, bottleneck: { limit: 'stall' } })
  rig.silence(1000)
  t.match(get(rig.stats, '/stats'), { bottleneck: { says: /for 2\.5 s/ } })
  t.equal(rig.published('$sys.stats').length, 1)
  t.equal(rig.published('$sys.bottleneck').length, 1)
})

t.test('a sample that is late although the routing thread is there is not taken for a stall', async (t) => {
  const rig = new Rig()
  rig.second()
  rig.board.beatAt += 1000
  rig.silence(1500)
  t.match(get(rig.stats, '/stats'), { sequence: 1, bottleneck: { limit: 'idle' } })
  t.same(rig.published('$sys.bottleneck'), [])
})

t.test('a latency out of line is in the statistics and in a metric', async (t) => {
  const rig = new Rig()
  for (let i = 0; i < 40; i++) {
    rig.fake.traffic.took(0.1, 1000)
    rig.second()
  }
  t.match(get(rig.bottleneck, '/bottleneck'), {
    bottleneck: rig.bottleneck.current,
    anomalies: [],
    readings: { gc: 0 },
  })
  for (let i = 0; i < 2; i++) {
    rig.fake.traffic.took(9, 1000, 0.1)
    rig.second()
  }
  t.match(get(rig.stats, '/stats'), {
    anomalies: [{ stage: 'delivery', says: /^p99 of delivery is 9\.\d+ ms, 9\d times/ }],
  })
  t.same(
    (valuesOf(rig.bottleneck, 'sluice_anomaly') as [[string], number][]).filter(([, value]) => value === 1),
    [[['delivery'], 1]],
  )
})
