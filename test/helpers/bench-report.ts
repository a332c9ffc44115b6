import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { Report, ReportedScenario } from '../../bench/report/report.js'
import type { Row } from '../../bench/report/row.js'

const TIMING = { runs: 3, warmupMs: 300, measureMs: 700 }
const AT = '2026-01-02T03:04:05.678Z'
const COMMIT = '0123456789abcdef0123456789abcdef01234567'

export function sampleRow(
  scenario: string,
  subject: Row['subject'],
  figures: { [name: string]: number },
  more: Partial<Row> = {},
): Row {
  const runs = Object.entries(figures).map(([name, value]) => [
    name,
    { median: value, runs: [value * 0.9, value, value * 1.05] },
  ])
  return {
    scenario,
    variant: '',
    subject,
    figures: Object.fromEntries(runs),
    publishers: 1,
    subscribers: 1,
    batch: 64,
    payloadBytes: 128,
    eventsIn: 1_000_000,
    deliveriesOut: 1_000_000,
    lost: 0,
    doubled: 0,
    reordered: 0,
    subjectCpuPercent: 99,
    generatorCpuPercent: 60,
    otherCpuPercent: 0,
    subjectRssBytes: 1e8,
    generatorCeilingPerSecond: 2e7,
    generatorBound: false,
    notes: [],
    histograms: [],
    errors: [],
    ...more,
  }
}

/** Latencies with a tail, always the same ones. */
export function sampleHistogram(medianUs: number): string {
  const histogram = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3, highestTrackableValue: 60e9 })
  for (let i = 1; i < 20_000; i++)
    histogram.recordValue(Math.round(medianUs * 1000 * (1 + 0.3 / (1 - i / 20_000) ** 0.6)))
  return encodeIntoCompressedBase64(histogram)
}

function scenario(name: string, title: string, more: Partial<ReportedScenario> = {}): ReportedScenario {
  return { name, title, group: 'bus', need: {}, timing: TIMING, at: AT, commit: COMMIT, ...more }
}

function latencyRow(subject: Row['subject'], medianUs: number): Row {
  const figures = { rate: 100_000, p50: medianUs, p99: medianUs * 12, 'p99.9': medianUs * 60 }
  return sampleRow('latency-100k', subject, figures, { batch: 1, histograms: [sampleHistogram(medianUs)] })
}

/** One of each thing that a report can have: bars, a void one among them, curves with and without lines, percentiles, a name that wants escaping. */
export function sampleReport(): Report {
  const batches = [1, 4, 16, 64, 256, 512]
  const payloads = [16, 64, 128, 512, 1024, 4096]
  const loads = [10, 25, 50, 75, 90, 95]
  return {
    at: AT,
    machine: {
      processor: 'Example <9000> & Co.',
      cores: 2,
      memoryBytes: 8e9,
      kernel: '6.1.0',
      node: 'v20.20.2',
      commit: COMMIT,
    },
    pinning: { subjectCore: 0, generatorCore: 1, problem: null },
    isCut: false,
    subjects: [
      { name: 'sluice', label: 'sluice', isOurs: true, settings: 'defaults', version: 'this checkout' },
      { name: 'nats', label: 'nats-server (TCP)', isOurs: false, settings: 'defaults', version: '2.9' },
      { name: 'redis', label: 'redis-server', isOurs: false, settings: 'no persistence', version: '7.0' },
      { name: 'ws', label: 'ws', isOurs: false, settings: 'defaults', absent: 'not installed' },
    ],
    units: { rate: '/s', p50: 'µs', p99: 'µs', 'p99.9': 'µs', unheardOf: 'B' },
    scenarios: [
      scenario('one-to-one-64', '1 → 1, 64 events a frame', { need: { outboxBytesMax: 16_777_216 } }),
      scenario('latency-100k', '1 → 1 at 100,000/s, one event a frame, open loop', { group: 'latency' }),
      scenario('payloads', 'Firehose over batch and payload', {
        group: 'scale',
        axis: { label: 'events a frame', isLogarithmic: true },
      }),
      scenario('load-sweep', 'Latency against load', {
        group: 'load',
        axis: { label: 'load, % of capacity', isLogarithmic: false },
      }),
      scenario('over-time', 'Memory over time', { group: 'soak' }),
      scenario('unknown', 'Something <new> "later"', { group: 'memory' }),
    ],
    rows: [
      sampleRow('one-to-one-64', 'sluice', { rate: 12_500_000 }),
      sampleRow('one-to-one-64', 'nats', { rate: 3_500_000 }),
      sampleRow(
        'one-to-one-64',
        'redis',
        { rate: 1_700_000 },
        { generatorBound: true, notes: ['generator-bound: its core was saturated, the subject’s was not'] },
      ),
      latencyRow('sluice', 27),
      latencyRow('nats', 34),
      latencyRow('redis', 61),
      ...payloads.flatMap((payload, i) =>
        batches.map((batch) =>
          sampleRow(
            'payloads',
            'sluice',
            { rate: (15e6 / (1 + i * 0.4)) * (batch / (batch + 8)) },
            {
              x: batch,
              line: `${payload} B`,
              variant: `${payload} B, ${batch} a frame`,
              generatorBound: batch === 512 && i === 0,
            },
          ),
        ),
      ),
      ...(['sluice', 'nats', 'redis'] as const).flatMap((subject, i) =>
        loads.map((load) => {
          const us = (30 + i * 12) / (1 - load / 101)
          const figures = { p50: us, p99: us * 9, 'p99.9': us * 40, rate: load * 1e5 }
          return sampleRow('load-sweep', subject, figures, {
            x: load,
            variant: `${load} %`,
            histograms: [sampleHistogram(us)],
          })
        }),
      ),
      sampleRow(
        'over-time',
        'sluice',
        { unheardOf: 1 },
        {
          series: [
            { name: 'memory', unit: 'B', points: Array.from({ length: 60 }, (_, i) => [i * 10, 8e7 + (i % 7) * 1e5]) },
          ],
        },
      ),
      sampleRow('unknown', 'sluice', { unheardOf: 145 }, { variant: 'a <b>', eventsIn: 0, deliveriesOut: 0 }),
    ],
    verdicts: [
      { scenario: 'one-to-one-64', what: 'rate at least 10.0 M/s', measured: '12.5 M/s', pass: true },
      {
        scenario: 'one-to-one-64',
        what: 'rate at least 2 × redis',
        measured: 'void: the generator set the figure of redis',
        pass: null,
      },
      { scenario: 'latency-100k', what: 'p50 at most 20.0 µs', measured: '27.0 µs', pass: false },
      { scenario: 'load-sweep', what: 'p99.9 no worse than nats', measured: 'not measured', pass: null },
    ],
    noise: [
      {
        scenario: 'one-to-one-64',
        cores: [
          { core: 0, p99Us: 20, p999Us: 600 },
          { core: 1, p99Us: 200, p999Us: 1600 },
        ],
      },
    ],
    aa: [{ scenario: 'one-to-one-64', variant: '', figure: 'rate', differences: [-0.02, 0.01, 0.03] }],
  }
}
