import type { PatternRow, SubscriptionRow } from '../observe/introspect/rows.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine, printTable } from './answers.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { peersText, SUBSCRIBER_COLUMNS } from './connection-columns.js'
import { grouped, plural } from './numbers.js'
import { count } from './top/figures.js'
import { span } from './top/spans.js'
import type { Column } from './top/table.js'
import { parseCount } from './units.js'

const TOPIC_COLUMNS_MAX = 255

export const topics: Command = {
  name: 'topics',
  usage: ['topics [OPTION]…', 'topics --patterns [OPTION]…', 'topics --pattern PATTERN [OPTION]…'],
  about: [
    'The topics with most events per second right now; with --patterns, what is subscribed to most; with --pattern, who is',
    'subscribed to exactly that. Who would get an event on a topic is told by sluice trace TOPIC --dry-run.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    patterns: { help: 'patterns, by how many subscriptions they have' },
    pattern: { value: 'PATTERN', help: 'who is subscribed to this pattern' },
    limit: { value: 'N', short: 'n', help: 'so many at most, up to 1000 (default: 100)' },
    json: { help: 'what the admin port answers' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice topics --limit 20', says: 'the twenty busiest' },
    { line: "sluice topics --pattern 'orders.>'", says: 'who reads all orders' },
  ],
  run,
}

interface TopicRate {
  readonly topic: string
  readonly rate: number
}

interface Busiest {
  readonly rate: number
  readonly topicsActive: number
  readonly topics: readonly TopicRate[]
}

const RATE_COLUMNS: readonly Column<TopicRate>[] = [
  { title: 'events/s', align: 'right', rank: 0, least: 8, cell: ({ rate }) => span(count(rate)) },
  {
    title: 'topic',
    align: 'left',
    rank: 0,
    most: TOPIC_COLUMNS_MAX,
    cell: ({ topic }, width) => peersText(topic, width),
  },
]

const PATTERN_COLUMNS: readonly Column<PatternRow>[] = [
  {
    title: 'subscriptions',
    align: 'right',
    rank: 0,
    cell: ({ subscriptions }) => span(grouped(subscriptions)),
  },
  {
    title: 'pattern',
    align: 'left',
    rank: 0,
    most: TOPIC_COLUMNS_MAX,
    cell: ({ pattern }, width) => peersText(pattern, width),
  },
]

async function run(given: Given, context: Context): Promise<number> {
  const { options } = given
  const pattern = options.get('pattern') as string | undefined
  if (pattern === '') throw new UsageError('--pattern: which one?')
  if (pattern !== undefined && options.has('patterns')) {
    throw new UsageError('--patterns and --pattern exclude each other')
  }
  const limit = options.get('limit') as string | undefined
  const query: Record<string, string> = {
    ...(limit !== undefined && { limit: String(parseCount('--limit', limit)) }),
    ...(pattern !== undefined && { pattern }),
  }
  const isRates = pattern === undefined && !options.has('patterns')
  const response = await new Admin(given, context).get(isRates ? '/topics' : '/subscriptions', query)
  const text = await response.text()
  if (options.has('json')) return printJson(text, context)
  if (isRates) printRates(JSON.parse(text) as Busiest, context)
  else if (pattern === undefined) printPatterns(JSON.parse(text) as { patterns: PatternRow[]; total: number }, context)
  else printSubscribers(JSON.parse(text) as { subscriptions: SubscriptionRow[]; total: number }, context)
  return Exit.OK
}

function printRates({ topics: rows, topicsActive, rate }: Busiest, context: Context): void {
  if (rows.length === 0) printLine([span('no event just now', 'dim')], context)
  else {
    printTable(RATE_COLUMNS, rows, context)
    printLine([span(`${count(rate)} events/s on ${plural(topicsActive, 'topic')}`, 'dim')], context)
  }
}

function printPatterns({ patterns, total }: { patterns: PatternRow[]; total: number }, context: Context): void {
  if (patterns.length === 0) printLine([span('nobody is subscribed to anything', 'dim')], context)
  else printTable(PATTERN_COLUMNS, patterns, context)
  if (total > patterns.length)
    printLine([span(`${grouped(patterns.length)} of ${plural(total, 'pattern')}`, 'dim')], context)
}

function printSubscribers(
  { subscriptions, total }: { subscriptions: SubscriptionRow[]; total: number },
  context: Context,
): void {
  if (subscriptions.length === 0) printLine([span('nobody is subscribed to exactly this pattern', 'dim')], context)
  else printTable(SUBSCRIBER_COLUMNS, subscriptions, context)
  if (total > subscriptions.length) {
    printLine([span(`${grouped(subscriptions.length)} of ${plural(total, 'subscription')}`, 'dim')], context)
  }
}
