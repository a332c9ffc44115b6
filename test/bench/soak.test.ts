import t from 'tap'
import { localAddressOf } from '../../bench/generator/idle.js'
import type { SoakSample } from '../../bench/generator/job.js'
import { metricsOf } from '../../bench/generator/own-metrics.js'
import { parseOptions } from '../../bench/options.js'
import { unmovedBy } from '../../bench/report/beside.js'
import { shiftOf, theilSen } from '../../bench/report/drift.js'
import { flatMemory, flatTail } from '../../bench/report/flat.js'
import type { Row } from '../../bench/report/row.js'
import { memoryDrift, soakSeries, tailShift } from '../../bench/report/soak-series.js'

const MIB = 1024 * 1024

/** The same on every run. */
function* scatter(): Generator<number, never> {
  for (let state = 7; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    yield state / 2 ** 31 - 0.5
  }
}

/** Samples every 10 s, of this memory and tail. */
function samples(count: number, mibAt: (s: number) => number, tailUsAt: (s: number) => number): SoakSample[] {
  return Array.from({ length: count }, (_, i) => {
    const atS = (i + 1) * 10
    const latency = { p50Us: 50, p99Us: 200, p999Us: tailUsAt(atS) }
    return { atS, rssBytes: mibAt(atS) * MIB, latency } as SoakSample
  })
}

function rowOf(all: readonly SoakSample[], errors: string[] = []): Row {
  return { subject: 'sluice-both', variant: '', errors, series: soakSeries(all) } as unknown as Row
}

t.test('a slope is found exactly, and spikes do not move it', async (t) => {
  const line = Array.from({ length: 50 }, (_, x): [number, number] => [x, 3 + 2 * x])
  t.same(theilSen(line), { slope: 2, low: 2, high: 2 })
  const spiked = line.map(([x, y], i): [number, number] => [x, i % 10 === 9 ? y + 1000 : y])
  const found = theilSen(spiked)
  t.ok(found !== null && Math.abs(found.slope - 2) < 0.1, 'a tenth of the points is far off')
  t.equal(theilSen(line.slice(0, 2)), null)
  t.equal(
    theilSen([
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
    null,
    'no slope where there is no length',
  )
})

t.test('the interval of a slope holds what is there, and zero where nothing is', async (t) => {
  const noise = scatter()
  const flat = theilSen(Array.from({ length: 60 }, (_, x) => [x, 100 + 10 * noise.next().value]))
  t.ok(flat !== null && flat.low < 0 && flat.high > 0)
  const rising = theilSen(Array.from({ length: 60 }, (_, x) => [x, 100 + x + 10 * noise.next().value]))
  t.ok(rising !== null && rising.low > 0 && rising.low < 1 && rising.high > 1)
})

t.test('days of samples are put together before pairs are made', async (t) => {
  const day = Array.from({ length: 8640 }, (_, x): [number, number] => [x * 10, 200 + x * 0.001])
  const found = theilSen(day)
  t.ok(found !== null && Math.abs(found.slope - 0.0001) < 1e-9)
})

t.test('a shift is told beside the scatter', async (t) => {
  const noise = scatter()
  const same = shiftOf(Array.from({ length: 60 }, () => 100 + 20 * noise.next().value))
  t.ok(same !== null && Math.abs(same.share) <= same.noise, 'what is alike is within noise')
  const doubled = shiftOf(Array.from({ length: 60 }, (_, i) => (i < 30 ? 100 : 200) + 20 * noise.next().value))
  t.ok(doubled !== null && doubled.share > 0.8 && doubled.share > doubled.noise)
  t.equal(shiftOf([1, 2, 3, 4, 5]), null, 'too few')
})

t.test('memory that grows only while it is warming up is flat', async (t) => {
  const warming = samples(
    60,
    (s) => (s < 120 ? 100 + s : 220),
    () => 1000,
  )
  t.same(memoryDrift(soakSeries(warming)), { slope: 0, low: 0, high: 0 })
  t.match(flatMemory(24).check([rowOf(warming)]), { pass: true, measured: /^\+0\.0 MiB\/h/ })
  // 0.02 MiB a second.
  const leaking = rowOf(
    samples(
      60,
      (s) => 200 + 0.02 * s,
      () => 1000,
    ),
  )
  t.match(flatMemory(24).check([leaking]), { pass: false, measured: /^\+72\.0 MiB\/h/ })
  t.match(flatMemory(100).check([leaking]), { pass: true })
})

t.test('where the scatter hides it there is no verdict, and none of a run that failed', async (t) => {
  const noise = scatter()
  const noisy = samples(
    20,
    (s) => 200 + 0.02 * s + 60 * noise.next().value,
    () => 1000,
  )
  t.match(flatMemory(24).check([rowOf(noisy)]), { pass: null, measured: /too short to tell/ })
  t.match(flatMemory(24).check([rowOf(noisy, ['run 1: it ended'])]), { pass: null, measured: 'not measured' })
  t.match(flatTail(0.25).check([]), { pass: null })
})

t.test('a tail that rises is told', async (t) => {
  const rising = samples(
    60,
    () => 200,
    (s) => (s > 400 ? 3000 : 1000) + s / 100,
  )
  t.ok((tailShift(soakSeries(rising))?.share ?? 0) > 1)
  t.match(flatTail(0.25).check([rowOf(rising)]), { pass: false })
  t.match(
    flatTail(0.25).check([
      rowOf(
        samples(
          60,
          () => 200,
          () => 1000,
        ),
      ),
    ]),
    { pass: true },
  )
})

t.test('what is beside something is the median of the ratios of neighbouring runs', async (t) => {
  const row = (variant: string, rates: number[]): Row =>
    ({ subject: 'sluice', variant, figures: { rate: { runs: rates }, p99: { runs: rates } } }) as unknown as Row
  const rows = [row('alone', [100, 50, 10]), row('beside', [95, 48, 9])]
  t.match(unmovedBy('sluice', 'rate', 'alone', 'beside', 0.1).check(rows), { pass: true, measured: '0.95 ×' })
  t.match(unmovedBy('sluice', 'rate', 'alone', 'beside', 0.01).check(rows), { pass: false })
  t.match(unmovedBy('sluice', 'p99', 'beside', 'alone', 0.01).check(rows), { pass: false, measured: '1.05 ×' })
  t.match(unmovedBy('sluice', 'rate', 'alone', 'nobody', 0.1).check(rows), { pass: null })
  const late = rows.map((each) => ({ ...each, generatorBound: true }))
  t.match(unmovedBy('sluice', 'p99', 'alone', 'beside', 0.1).check(late), { pass: null, measured: /^void/ })
  t.match(unmovedBy('sluice', 'rate', 'alone', 'beside', 0.1).check(late), { pass: true })
})

t.test('crowds of more than an address has ports for come from several', async (t) => {
  t.equal(localAddressOf(0), null)
  t.equal(localAddressOf(19_999), null)
  t.equal(localAddressOf(20_000), '127.0.0.2')
  t.equal(localAddressOf(49_999), '127.0.0.3')
})

t.test('counters are summed over their labels', async (t) => {
  const names = [
    'events_accepted_total 7',
    'events_unmatched_total 0',
    'deliveries_due_total 12',
    'deliveries_total 9',
    'deliveries_dropped_total{reason="drop-oldest"} 2',
    'deliveries_dropped_total{reason="closed"} 1',
    'events_expired_unrouted_total 0',
    'events_pending 0',
    'deliveries_pending 0',
    'connections{listener="listen"} 3',
    'connections{listener="http2"} 4',
    'heap_used_bytes 1e6',
    'external_memory_bytes 5',
    'memory_used_bytes 6',
    'runs_held 1',
    'batches_held 2',
    'pages_held 3',
  ]
  const page = ['# HELP sluice_deliveries_total of a kind', ...names.map((name) => `sluice_${name}`)].join('\n')
  t.match(metricsOf(page), {
    accepted: 7,
    due: 12,
    delivered: 9,
    dropped: 3,
    connections: 7,
    heapUsedBytes: 1e6,
    pooledHeld: 6,
  })
  t.throws(() => metricsOf('sluice_deliveries_total 1'), /does not tell/)
})

t.test('a soak is as long as it is asked to be', async (t) => {
  const lengthOf = (...argv: string[]) => {
    const [scenario] = parseOptions(['soak', ...argv])?.scenarios ?? []
    const [item] = scenario.cases
    return item.kind === 'soak' ? item.soak.lengthMs / 60_000 : null
  }
  t.equal(lengthOf(), 10)
  t.equal(lengthOf('--quick'), 1)
  t.equal(lengthOf('--soak-minutes', '90'), 90)
  t.throws(() => parseOptions(['soak', '--soak-minutes', '0']), /--soak-minutes/)
})
