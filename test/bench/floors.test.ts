import t from 'tap'
import { parseOptions } from '../../bench/options.js'
import {
  atLeast,
  atMost,
  costOfPeer,
  costOfPermissions,
  costOfScraping,
  costOfTiming,
  type Floor,
  noWorse,
  timesOf,
  timesPeer,
} from '../../bench/report/floors.js'
import type { Row } from '../../bench/report/row.js'
import { SCENARIOS } from '../../bench/scenarios/index.js'
import type { SubjectName } from '../../bench/subjects/subject.js'

function row(subject: SubjectName, requests: number, generatorBound = false): Row {
  const figures = { requests: { median: requests, runs: [requests] } }
  return { subject, variant: '', figures, generatorBound } as Row
}

function verdict(floor: Floor, ...rows: Row[]): [pass: boolean | null, measured: string] {
  const { pass, measured } = floor.check(rows)
  return [pass, measured]
}

t.test('times a peer, and cost beside a peer', async (t) => {
  const twice = timesPeer('requests', 'fastify', 2)
  t.same(verdict(twice, row('sluice', 210), row('fastify', 100)), [true, '2.10 ×'])
  t.same(verdict(twice, row('sluice', 190), row('fastify', 100)), [false, '1.90 ×'])
  t.same(verdict(twice, row('sluice', 190)), [null, 'not measured'])
  const cost = costOfPeer('requests', 'node-http2', 1.25, { of: 'sluice-streams' })
  t.same(verdict(cost, row('sluice-streams', 80), row('node-http2', 100)), [true, '1.25 ×'])
  t.same(verdict(cost, row('sluice-streams', 79), row('node-http2', 100)), [false, '1.27 ×'])
})

t.test('beside a peer that the generator held back there is no verdict', async (t) => {
  t.match(verdict(timesPeer('requests', 'fastify', 2), row('sluice', 300), row('fastify', 100, true)), [null, /^void/])
  const cost = costOfPeer('requests', 'node-http2', 1.25)
  t.match(verdict(cost, row('sluice', 100), row('node-http2', 100, true)), [null, /^void/])
  t.match(verdict(cost, row('sluice', 100, true), row('node-http2', 100)), [true, '1.00 ×'], 'ours is a lower bound')
})

t.test('by processor time there is, as it does not depend on how fast the generator is', async (t) => {
  const costing = (subject: SubjectName, us: number): Row => {
    const figures = { rate: { median: 1e6, runs: [1e6] }, cpuEach: { median: us, runs: [us] } }
    return { subject, variant: '', figures, generatorBound: true } as unknown as Row
  }
  const rows = [costing('sluice', 0.06), costing('forwarder', 0.05)]
  t.same(verdict(costOfPeer('cpuEach', 'forwarder', 1.5), ...rows), [true, '1.20 ×'])
  t.same(verdict(costOfPeer('cpuEach', 'forwarder', 1.1), ...rows), [false, '1.20 ×'])
  t.match(verdict(costOfPeer('rate', 'forwarder', 1.5), ...rows), [null, /^void/])
})

t.test('a floor is of the port that it names', async (t) => {
  const floor = atLeast('requests', 100, { of: 'sluice-streams' })
  t.same(verdict(floor, row('sluice', 1e6), row('sluice-streams', 99)), [false, '99.0 /s'])
})

t.test('what timing costs is the median of the ratios of neighbouring runs', async (t) => {
  const withRuns = (subject: SubjectName, rates: number[]): Row => {
    const rate = { median: rates[1], runs: rates }
    const costs = rates.map((each) => 1 / each)
    return {
      subject,
      variant: 'v',
      figures: { rate, cpuEach: { median: 1 / rates[1], runs: costs } },
    } as unknown as Row
  }
  // The machine was slower in the second and third pair of runs, which is nobody's cost.
  const rows = [withRuns('sluice', [98, 49, 24.5]), withRuns('sluice-untimed', [100, 50, 25])]
  t.same(verdict(costOfTiming('sluice', 'rate', 'v', 0.03), ...rows), [true, '2.0 %'])
  t.same(verdict(costOfTiming('sluice', 'rate', 'v', 0.02), ...rows), [false, '2.0 %'])
  t.same(verdict(costOfTiming('sluice', 'cpuEach', 'v', 0.03), ...rows), [true, '2.0 %'])
  const failed = withRuns('sluice-untimed', [100, 50])
  t.same(verdict(costOfTiming('sluice', 'rate', 'v', 0.03), rows[0], failed), [null, 'not measured'])
})

t.test('what permissions cost is told likewise', async (t) => {
  const withRuns = (subject: SubjectName, runs: number[]): Row =>
    ({ subject, variant: 'v', figures: { rate: { median: 0, runs } } }) as unknown as Row
  const rows = [withRuns('sluice-permitted', [99, 49.5]), withRuns('sluice', [100, 50])]
  t.same(verdict(costOfPermissions('sluice', 'rate', 'v', 0.02), ...rows), [true, '1.0 %'])
  t.same(verdict(costOfPermissions('sluice', 'rate', 'v', 0.005), ...rows), [false, '1.0 %'])
})

t.test('what scraping moves is the median of the ratios of neighbouring runs', async (t) => {
  const withRuns = (variant: string, runs: number[]): Row =>
    ({ subject: 'sluice', variant, figures: { 'p99.9': { median: 0, runs } } }) as unknown as Row
  const quiet = withRuns('v', [100, 200, 400])
  const scraped = withRuns('v, scraped', [109, 190, 800])
  t.same(verdict(costOfScraping('p99.9', 'v', 0.1), quiet, scraped), [true, '9.0 %'])
  t.same(verdict(costOfScraping('p99.9', 'v', 0.08), quiet, scraped), [false, '9.0 %'])
  t.same(verdict(costOfScraping('p99.9', 'v', 0.1), quiet), [null, 'not measured'])
})

t.test('scenarios are chosen by name and by group', async (t) => {
  const names = (...argv: string[]) => parseOptions(argv)?.scenarios.map(({ name }) => name)
  t.same(
    names(),
    SCENARIOS.map(({ name }) => name),
  )
  t.same(names('http'), ['http-publish', 'http2-publish', 'http2-stream', 'event-streams'])
  t.same(names('streams-64', '--scenario', 'one-to-one-64'), ['one-to-one-64', 'streams-64'])
  t.throws(() => parseOptions(['nothing']), /no scenario or group nothing; there are bus, latency/)
})

t.test('a run whose generator was not shown to do twice as much has no verdict', async (t) => {
  const latencyOf = (subject: SubjectName, p99: number, isVoid = false, variant = ''): Row =>
    ({ subject, variant, figures: { p99: { median: p99, runs: [p99] } }, ...(isVoid && { isVoid }) }) as unknown as Row
  const fast = [latencyOf('sluice', 500), latencyOf('nats', 600)]
  t.same(verdict(atMost('p99', 1000), ...fast), [true, '500 µs'])
  t.match(verdict(atMost('p99', 1000), latencyOf('sluice', 500, true)), [null, /^void/])
  t.match(verdict(atMost('p99', 1000), latencyOf('sluice', 5000, true)), [null, /^void/])
  t.match(verdict(noWorse('p99', 'nats'), ...fast), [true, /500 µs against 600 µs/])
  t.match(verdict(noWorse('p99', 'nats'), fast[0], latencyOf('nats', 600, true)), [null, /^void.*nats/])
  t.same(verdict(noWorse('p99', 'nats'), fast[0]), [null, 'not measured'])
  const unable = { subject: 'nats', variant: '', figures: {}, isUnable: true } as unknown as Row
  t.same(verdict(noWorse('p99', 'nats'), fast[0], unable), [null, 'nats cannot take this load'])
})

t.test('times another variant', async (t) => {
  const latencyOf = (variant: string, p99: number): Row =>
    ({ subject: 'sluice', variant, figures: { p99: { median: p99, runs: [p99] } } }) as unknown as Row
  const floor = timesOf('p99', 'crowded', 'alone', 1.1)
  t.same(verdict(floor, latencyOf('alone', 100), latencyOf('crowded', 110)), [true, '1.10 ×'])
  t.same(verdict(floor, latencyOf('alone', 100), latencyOf('crowded', 111)), [false, '1.11 ×'])
  t.same(verdict(floor, latencyOf('crowded', 111)), [null, 'not measured'])
})
