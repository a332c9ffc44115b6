import type { ReceiverRow, TraceRow } from '../observe/introspect/rows.js'
import { LANE_DEFAULT, LANES } from '../protocol/ops.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine, printTable, widthOf } from './answers.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { peersText, RECEIVER_COLUMNS } from './connection-columns.js'
import { readArgument } from './content.js'
import { grouped, plural } from './numbers.js'
import { bytes, count, time } from './top/figures.js'
import { span, type Tone } from './top/spans.js'
import type { Column } from './top/table.js'
import { parseCount, parseLane } from './units.js'

export const trace: Command = {
  name: 'trace',
  usage: ['trace TOPIC [VALUE] [OPTION]…', 'trace TOPIC --dry-run [OPTION]…'],
  about: [
    'Publishes one event with VALUE (JSON if it is valid JSON, text otherwise; null without one) and tells when it was taken',
    'out of its lane and when each receiver had it, in time since it was accepted, and what became of it there:',
    '',
    '  sent      handed to the kernel',
    '  buffered  handed to the transport, which could not pass all of it on yet',
    '  waiting   in the outbox of a receiver that takes nothing, behind what is told',
    '  gone      its connection had ended',
    '',
    'With --dry-run nothing is published: it tells who would get the event.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    lane: { value: 'LANE', help: `0 (most urgent) to ${LANES - 1} (default: ${LANE_DEFAULT})` },
    text: { help: 'publish VALUE as text, even if it looks like JSON' },
    'dry-run': { help: 'publish nothing, tell who would get it' },
    limit: { value: 'N', short: 'n', help: 'tell of so many receivers at most, up to 1000 (default: 100)' },
    json: { help: 'what the admin port answers: milliseconds' },
  },
  positionalsMax: 2,
  examples: [
    { line: `sluice trace orders.eu.created '{"id":1}' --lane 0`, says: 'where the time of an event goes' },
    { line: 'sluice trace orders.eu.created --dry-run', says: 'who would get it' },
  ],
  run,
}

interface Traced {
  readonly topic: string
  readonly lane: number
  readonly drainedMs: number
  readonly doneMs: number | null
  readonly total: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly receivers: readonly TraceRow[]
}

interface DryRun {
  readonly topic: string
  readonly total: number
  readonly receivers: readonly ReceiverRow[]
}

const TONES: Readonly<Record<string, Tone>> = { sent: 'green', buffered: 'yellow', waiting: 'red', gone: 'dim' }

const { session, client, pattern, policy, pending, blocked, address } = RECEIVER_COLUMNS

const TRACE_COLUMNS: readonly Column<TraceRow>[] = [
  session,
  client,
  { title: 'at', align: 'right', rank: 0, cell: ({ atMs }) => span(time(atMs), 'bold') },
  { title: 'outcome', align: 'left', rank: 0, cell: ({ outcome }) => span(outcome, TONES[outcome] ?? 'plain') },
  {
    title: 'waiting',
    align: 'right',
    rank: 2,
    cell: ({ waitingEvents, waitingBytes }) =>
      waitingEvents === 0 ? span('–', 'dim') : span(`${plural(waitingEvents, 'event')}, ${bytes(waitingBytes)}`),
  },
  pattern,
  address,
]

const RECEIVER_TABLE: readonly Column<ReceiverRow>[] = [session, client, pattern, policy, pending, blocked, address]

async function run(given: Given, context: Context): Promise<number> {
  const { positionals, options } = given
  const [topic, value] = positionals
  if (topic === undefined) throw new UsageError('trace needs a TOPIC; sluice trace --help shows how')
  const isDry = options.has('dry-run')
  if (isDry && value !== undefined) throw new UsageError(`the value ${value} and --dry-run exclude each other`)
  const lane = options.get('lane') as string | undefined
  const limit = options.get('limit') as string | undefined
  const path = limit === undefined ? '/trace' : `/trace?limit=${parseCount('--limit', limit)}`
  const response = await new Admin(given, context).post(path, {
    topic,
    dryRun: isDry,
    ...(lane !== undefined && { lane: parseLane('--lane', lane) }),
    ...(value !== undefined && { payload: payloadOf(value, options.has('text')) }),
  })
  const text = await response.text()
  if (options.has('json')) return printJson(text, context)
  if (isDry) printDryRun(JSON.parse(text) as DryRun, context)
  else printTrace(JSON.parse(text) as Traced, context)
  return Exit.OK
}

function payloadOf(value: string, isText: boolean): unknown {
  const content = readArgument(value, isText ? 'text' : 'auto')
  return 'problem' in content ? value : content.value
}

function printTrace({ topic, lane, drainedMs, doneMs, total, outcomes, receivers }: Traced, context: Context): void {
  const became = Object.entries(outcomes).map(([outcome, receiving]) => `${count(receiving)} ${outcome}`)
  const told = total === 0 ? 'nobody is subscribed' : `${plural(total, 'receiver')}: ${became.join(', ')}`
  printLine([peersText(topic, widthOf(context), 'cyan'), span(`  lane ${lane}  ${told}`)], context)
  printLine([span('accepted  ', 'dim'), span('0µs')], context)
  printLine([span('drained   ', 'dim'), span(time(drainedMs))], context)
  if (doneMs === null) return
  printLine([span('all done  ', 'dim'), span(time(doneMs))], context)
  printLine([], context)
  printTable(TRACE_COLUMNS, receivers, context)
  printRest(receivers.length, total, context)
}

function printDryRun({ topic, total, receivers }: DryRun, context: Context): void {
  if (total === 0) {
    printLine([span('nobody would get it', 'dim')], context)
    return
  }
  printLine([peersText(topic, widthOf(context), 'cyan'), span(`  would go to ${plural(total, 'receiver')}`)], context)
  printLine([], context)
  printTable(RECEIVER_TABLE, receivers, context)
  printRest(receivers.length, total, context)
}

function printRest(shown: number, total: number, context: Context): void {
  if (total > shown) printLine([span(`${grouped(shown)} of ${plural(total, 'receiver')}`, 'dim')], context)
}
