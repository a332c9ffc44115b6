import t from 'tap'
import { byLabel, type Metric } from '../../../src/observe/metrics/definition.js'
import { Exposition } from '../../../src/observe/metrics/exposition.js'

t.test('numbers, labels and histograms in Prometheus’ text format, read when they are rendered', async (t) => {
  let events = 3
  let lanes: [string, number][] = [['0', 1]]
  const metrics: Metric[] = [
    { name: 'a_total', help: 'Events.', type: 'counter', labels: [], read: () => events },
    { name: 'b', help: 'By lane.', type: 'gauge', labels: ['lane'], read: () => byLabel(lanes) },
    { name: 'c_total', help: 'By two.', type: 'counter', labels: ['x', 'y'], read: () => [[['1', '"'], 2]] },
  ]
  const histogram = {
    name: 'd_seconds',
    help: 'Times.',
    labels: ['lane'],
    read: () => [{ labels: ['3'], buckets: [[0.5, 2] as const, [1, 3] as const], count: 4, sum: 7.5 }],
  }
  const exposition = new Exposition(metrics, { histograms: [histogram] })
  const text = await exposition.render(async () => {})
  for (const line of [
    '# HELP a_total Events.',
    '# TYPE a_total counter',
    'a_total 3',
    '# TYPE b gauge',
    'b{lane="0"} 1',
    'c_total{x="1",y="\\""} 2',
    '# TYPE d_seconds histogram',
    'd_seconds_bucket{lane="3",le="0.5"} 2',
    'd_seconds_bucket{lane="3",le="1"} 3',
    'd_seconds_bucket{lane="3",le="+Inf"} 4',
    'd_seconds_sum{lane="3"} 7.5',
    'd_seconds_count{lane="3"} 4',
  ]) {
    t.ok(text.split('\n').includes(line), line)
  }
  events = 5
  lanes = [['1', 2]]
  const later = await exposition.render(async () => {})
  t.match(later, 'a_total 5')
  t.match(later, 'b{lane="1"} 2')
  t.notMatch(later, 'b{lane="0"}', 'what is not told any more is not there')
})

t.test('many metrics are rendered in pieces, none lost, none twice', async (t) => {
  const metrics = Array.from({ length: 100 }, (_, index): Metric => {
    return { name: `m${index}`, help: 'One of many.', type: 'gauge', labels: [], read: () => index }
  })
  let pauses = 0
  const text = await new Exposition(metrics, { histograms: [] }).render(async () => {
    pauses++
  })
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  t.same(
    lines,
    metrics.map((_, index) => `m${index} ${index}`),
  )
  t.equal(pauses, 4)
})
