import { formatMs } from '../config/units.js'
import type { LatencyAnswer, LatencyRow } from '../observe/latency/part.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { grouped } from './numbers.js'
import { styleFor } from './style.js'
import { time } from './top/figures.js'
import { parseDurationMs, parseLane } from './units.js'

const SINCE_DEFAULT = '1m'

export const latency: Command = {
  name: 'latency',
  usage: ['latency [OPTION]…', 'latency --hlog [OPTION]… > FILE'],
  about: [
    'Percentiles of how long events took through a daemon, or a log of them for the tools of HdrHistogram. The stages:',
    '',
    '  queue     accepted → taken out of its lane',
    '  fanout    taken out of its lane → written to a receiver',
    '  routing   accepted → written to a receiver, or put among what waits for one that takes nothing',
    '  delivery  accepted → left our buffers: includes waiting for a receiver that is slow',
    '',
    'Each is told over all lanes, by lane, and by class of topics ([[topic_class]] and [[slo]] in the configuration; routing and',
    'delivery only). An event counts once for each receiver. The daemon keeps the last 2 minutes by the second, half an hour by 10 s,',
    '3 hours by the minute and 2 days by the hour.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    since: {
      value: 'TIME',
      help: `how far back, up to 48h (default: ${SINCE_DEFAULT}; with --hlog: all that is kept)`,
    },
    stage: { value: 'STAGE', help: 'only queue, fanout, routing or delivery' },
    lane: { value: 'LANE', help: 'only this lane, 0 to 7' },
    class: { value: 'NAME', help: 'only this class of topics' },
    json: { help: 'as JSON: milliseconds' },
    hlog: {
      help: 'as a log of interval histograms in ns, tagged by stage and lane or class; no tag: delivery over all lanes',
    },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice latency', says: 'the last minute' },
    { line: 'sluice latency --since 1h --stage delivery', says: 'one stage, the last hour' },
    { line: 'sluice latency --hlog --since 10m > run.hlog', says: 'for HistogramLogAnalyzer, or a plot' },
  ],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const { options } = given
  const query = queryOf(given)
  const admin = new Admin(given, context)
  if (options.has('hlog')) {
    context.stdout.write(await (await admin.get('/latency.hlog', query)).text())
    return Exit.OK
  }
  const { since = SINCE_DEFAULT, ...filter } = query
  const response = await admin.get('/latency', { ...filter, window: since })
  if (options.has('json')) context.stdout.write(await response.text())
  else context.stdout.write(tableOf((await response.json()) as LatencyAnswer, context))
  return Exit.OK
}

/** @throws UsageError */
function queryOf({ options }: Given): Record<string, string> {
  if (options.has('json') && options.has('hlog')) throw new UsageError('--json and --hlog exclude each other')
  const query: Record<string, string> = {}
  for (const name of ['since', 'stage', 'lane', 'class']) {
    const text = options.get(name)
    if (typeof text === 'string') query[name] = text
  }
  if (query.since !== undefined) parseDurationMs('--since', query.since)
  if (query.lane !== undefined) parseLane('--lane', query.lane)
  return query
}

const COLUMNS: readonly (readonly [string, (row: LatencyRow) => string])[] = [
  ['events', ({ count }) => grouped(count)],
  ['p50', ({ p50Ms }) => time(p50Ms)],
  ['p90', ({ p90Ms }) => time(p90Ms)],
  ['p99', ({ p99Ms }) => time(p99Ms)],
  ['p99.9', ({ p999Ms }) => time(p999Ms)],
  ['max', ({ maxMs }) => time(maxMs)],
]

function tableOf({ windows: [window] }: LatencyAnswer, { stdout, env }: Context): string {
  const { bold, dim } = styleFor(stdout, env)
  const { windowMs, coveredMs, series } = window
  const asked = `the last ${formatMs(windowMs)}`
  // A second more or less is the tick's.
  const span = coveredMs < windowMs - 1000 ? `${asked}, of which the daemon has seen ${time(coveredMs)}` : asked
  if (series.length === 0) return `${dim(`nothing was delivered in ${span}`)}\n`
  const rows = [
    ['', ...COLUMNS.map(([name]) => name)],
    ...series.map((row) => [row.name, ...COLUMNS.map(([, of]) => of(row))]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '),
  )
  const [head, ...body] = lines
  const told = body.map((line, index) =>
    series[index].lane === null && series[index].class === null ? bold(line) : line,
  )
  return `${[dim(span), dim(head), ...told].join('\n')}\n`
}
