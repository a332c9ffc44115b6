import type { ClosedRow, ConnectionView, SubscriptionRow } from '../observe/introspect/rows.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine, printTable, widthOf } from './answers.js'
import { type Command, type Context, Exit, type Given, UsageError } from './command.js'
import { closedColumns, connectionColumns, peersText, SUBSCRIPTION_COLUMNS } from './connection-columns.js'
import { grouped, plural } from './numbers.js'
import { bytes, count, time } from './top/figures.js'
import { type Line, span } from './top/spans.js'
import { parseCount } from './units.js'

export const connections: Command = {
  name: 'connections',
  usage: ['connections [OPTION]…', 'connections SESSION [OPTION]…', 'connections --closed [OPTION]…'],
  about: [
    'Who is connected to a daemon, those that are furthest behind first; with a SESSION, one connection and its',
    'subscriptions; with --closed, the last that ended, and why. Rates are of the last moments.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    sort: { value: 'BY', help: 'pending (default), drops, rate or age' },
    name: { value: 'TEXT', help: 'only clients with this in their name' },
    listener: { value: 'NAME', help: 'only those of one port: listen, http2 or https' },
    slow: { help: 'only those that have something waiting, or take nothing' },
    closed: { help: 'the last connections that ended' },
    rtt: { help: 'ask each how far away it is, by a PING of the protocol' },
    limit: { value: 'N', short: 'n', help: 'so many at most, up to 1000 (default: 100)' },
    json: { help: 'what the admin port answers: bytes, milliseconds, events per second' },
  },
  positionalsMax: 1,
  examples: [
    { line: 'sluice connections --slow', says: 'who is behind' },
    { line: 'sluice connections --sort rate --limit 10', says: 'the ten busiest' },
    { line: 'sluice connections 42 --rtt', says: 'one connection, what it is subscribed to and how far away it is' },
    { line: 'sluice connections --closed', says: 'who has gone, and why' },
  ],
  run,
}

interface Listed {
  readonly total: number
  readonly connections: readonly ConnectionView[]
}

interface One extends Omit<ConnectionView, 'subscriptions'> {
  readonly subscriptions: readonly SubscriptionRow[]
  readonly subscriptionsTotal: number
}

async function run(given: Given, context: Context): Promise<number> {
  const { positionals, options } = given
  const admin = new Admin(given, context)
  const isClosed = options.has('closed')
  const [session] = positionals
  const other = ['closed', 'slow', 'sort', 'name', 'listener'].find((name) => options.has(name))
  if (session !== undefined && other !== undefined) {
    throw new UsageError(`${session} is one connection: --${other} is for all of them`)
  }
  const misplaced = ['slow', 'sort', 'rtt'].find((name) => isClosed && options.has(name))
  if (misplaced !== undefined) throw new UsageError(`--closed and --${misplaced} exclude each other`)
  const query = queryOf(given)
  if (session !== undefined) return one(admin, session, query, given, context)
  if (isClosed) return closed(admin, query, given, context)

  const path = options.has('slow') ? '/slow' : '/connections'
  const response = await admin.get(path, { ...query, rates: 'true' })
  const text = await response.text()
  if (options.has('json')) return printJson(text, context)
  const { total, connections: rows } = JSON.parse(text) as Listed
  if (rows.length === 0) printLine([span('no connection', 'dim')], context)
  else printTable(connectionColumns(options.has('rtt')), rows, context)
  if (total > rows.length)
    printLine([span(`${grouped(rows.length)} of ${plural(total, 'connection')}`, 'dim')], context)
  return Exit.OK
}

/** @throws UsageError */
function queryOf({ options }: Given): Record<string, string> {
  const query: Record<string, string> = {}
  for (const name of ['sort', 'name', 'listener', 'limit']) {
    const text = options.get(name)
    if (typeof text === 'string') query[name] = name === 'limit' ? String(parseCount('--limit', text)) : text
  }
  if (options.has('rtt')) query.rtt = 'true'
  return query
}

async function closed(
  admin: Admin,
  query: Record<string, string>,
  { options }: Given,
  context: Context,
): Promise<number> {
  const text = await (await admin.get('/connections/closed', query)).text()
  if (options.has('json')) return printJson(text, context)
  const { closed: rows } = JSON.parse(text) as { closed: readonly ClosedRow[] }
  if (rows.length === 0) printLine([span('none has ended', 'dim')], context)
  else printTable(closedColumns(Date.now()), rows, context)
  return Exit.OK
}

async function one(
  admin: Admin,
  session: string,
  query: Record<string, string>,
  { options }: Given,
  context: Context,
): Promise<number> {
  const text = await (await admin.get(`/connections/${encodeURIComponent(session)}`, query)).text()
  if (options.has('json')) return printJson(text, context)
  const answer = JSON.parse(text) as One
  for (const line of lines(answer, widthOf(context))) printLine(line, context)
  if (answer.subscriptions.length > 0) {
    printLine([], context)
    printTable(SUBSCRIPTION_COLUMNS, answer.subscriptions, context)
  }
  const { length } = answer.subscriptions
  if (answer.subscriptionsTotal > length) {
    printLine([span(`${grouped(length)} of ${plural(answer.subscriptionsTotal, 'subscription')}`, 'dim')], context)
  }
  return Exit.OK
}

function lines(row: One, width: number): Line[] {
  const told: (readonly [string, string])[] = [
    ['session', String(row.session)],
    ['client', row.name],
    ['address', row.address],
    ['by', `${row.transport} on ${row.listener}`],
    ['open for', time(row.ageMs)],
    ['published', `${grouped(row.accepted)} accepted, ${grouped(row.refused)} refused`],
    ['received', `${grouped(row.delivered)} delivered, ${grouped(row.dropped)} dropped`],
    ['waiting', `${bytes(row.pendingBytes)}, ${plural(row.pendingEvents, 'event')}`],
    ...(row.blockedMs > 0 ? [['takes nothing', `for ${time(row.blockedMs)}`] as const] : []),
    ...(row.roundTripMs === undefined ? [] : [['round trip', roundTrip(row.roundTripMs)] as const]),
    ['subscriptions', count(row.subscriptionsTotal)],
  ]
  const own = Math.max(...told.map(([name]) => name.length)) + 2
  return told.map(([name, text]) => [span(name.padEnd(own), 'dim'), peersText(text, width - own)])
}

function roundTrip(ms: number | null): string {
  return ms === null ? 'no answer' : time(ms)
}
