import type { ClosedRow, ConnectionRow, ConnectionView, SubscriptionRow } from '../observe/introspect/rows.js'
import { bytes, count, time } from './top/figures.js'
import { type Span, span } from './top/spans.js'
import type { Column } from './top/table.js'
import { clipped, visible } from './top/text.js'

/** Names, patterns and addresses come from peers: nothing in them may steer a terminal. */
export function peersText(text: string, width: number, tone: Span['tone'] = 'plain'): Span {
  return span(clipped(visible(text), width), tone)
}

/** A figure that should be 0. */
function alarming(value: number, text: string, tone: Span['tone']): Span {
  return value > 0 ? span(text, tone) : span('–', 'dim')
}

/** With less room than this a text says nothing any more: columns of figures go first. */
const NAME_COLUMNS_MIN = 16
const ADDRESS_COLUMNS_MIN = 21
const REASON_COLUMNS_MIN = 20
const NAME_COLUMNS_MAX = 60
const REASON_COLUMNS_MAX = 100
/** An address of IPv6 with its port. */
const ADDRESS_COLUMNS_MAX = 47

const session: Column<{ readonly session: number }> = {
  title: 'session',
  align: 'right',
  rank: 0,
  cell: (row) => span(String(row.session)),
}
const client: Column<{ readonly name: string }> = {
  title: 'client',
  align: 'left',
  rank: 0,
  least: NAME_COLUMNS_MIN,
  most: NAME_COLUMNS_MAX,
  cell: ({ name }, width) => (name === '' ? span('–', 'dim') : peersText(name, width, 'bold')),
}
const pending: Column<{ readonly pendingBytes: number }> = {
  title: 'pending',
  align: 'right',
  rank: 0,
  cell: ({ pendingBytes }) => alarming(pendingBytes, bytes(pendingBytes), 'yellow'),
}
const pendingEvents: Column<{ readonly pendingEvents: number }> = {
  title: 'events',
  align: 'right',
  rank: 5,
  cell: ({ pendingEvents: events }) => alarming(events, count(events), 'plain'),
}
const dropped: Column<ConnectionRow> = {
  title: 'dropped',
  align: 'right',
  rank: 1,
  cell: (row) => alarming(row.dropped, count(row.dropped), 'red'),
}
const address: Column<{ readonly address: string }> = {
  title: 'address',
  align: 'left',
  rank: 4,
  least: ADDRESS_COLUMNS_MIN,
  most: ADDRESS_COLUMNS_MAX,
  cell: (row, width) => peersText(row.address, width),
}
const age: Column<ConnectionRow> = {
  title: 'age',
  align: 'right',
  rank: 6,
  cell: ({ ageMs }) => span(time(ageMs), 'dim'),
}
const pattern: Column<{ readonly pattern: string }> = {
  title: 'pattern',
  align: 'left',
  rank: 1,
  least: NAME_COLUMNS_MIN,
  most: NAME_COLUMNS_MAX,
  cell: (row, width) => peersText(row.pattern, width),
}
const policy: Column<{ readonly policy: string }> = {
  title: 'policy',
  align: 'left',
  rank: 6,
  cell: (row) => span(row.policy),
}
const blocked: Column<{ readonly blockedMs: number }> = {
  title: 'blocked',
  align: 'right',
  rank: 2,
  cell: ({ blockedMs }) => alarming(blockedMs, time(blockedMs), 'yellow'),
}

function rate(title: string, of: (row: ConnectionView) => number | null): Column<ConnectionView> {
  return {
    title,
    align: 'right',
    rank: 3,
    cell: (row) => {
      const value = of(row)
      return value === null ? span('–', 'dim') : span(count(value), value > 0 ? 'plain' : 'dim')
    },
  }
}

const roundTrip: Column<ConnectionView> = {
  title: 'rtt',
  align: 'right',
  rank: 1,
  cell: ({ roundTripMs }) => (roundTripMs == null ? span('–', 'dim') : span(time(roundTripMs))),
}

export function connectionColumns(withRoundTrips: boolean): Column<ConnectionView>[] {
  return [
    session,
    client,
    pending,
    pendingEvents,
    dropped,
    blocked,
    rate('in/s', ({ acceptedRate }) => acceptedRate),
    rate('out/s', ({ deliveredRate }) => deliveredRate),
    ...(withRoundTrips ? [roundTrip] : []),
    { title: 'subs', align: 'right', rank: 7, cell: ({ subscriptions }) => span(count(subscriptions)) },
    age,
    { title: 'port', align: 'left', rank: 8, cell: ({ listener }) => span(listener) },
    { title: 'by', align: 'left', rank: 9, cell: ({ transport }) => span(transport) },
    address,
  ]
}

export function closedColumns(now: number): Column<ClosedRow>[] {
  return [
    session,
    client,
    {
      title: 'ended',
      align: 'right',
      rank: 1,
      cell: ({ closedAt }) => span(`${time(Math.max(0, now - closedAt))} ago`, 'dim'),
    },
    {
      title: 'why',
      align: 'left',
      rank: 0,
      cell: ({ code, codeName }) => (code === 0 ? span('left', 'dim') : span(codeName)),
    },
    {
      title: 'reason',
      align: 'left',
      rank: 2,
      least: REASON_COLUMNS_MIN,
      most: REASON_COLUMNS_MAX,
      cell: ({ reason }, width) => peersText(reason, width),
    },
    { ...pending, rank: 4 },
    dropped,
    { title: 'delivered', align: 'right', rank: 5, cell: ({ delivered }) => span(count(delivered)) },
    age,
    { ...address, rank: 3 },
  ]
}

export const SUBSCRIPTION_COLUMNS: Column<SubscriptionRow>[] = [
  pattern,
  pending,
  pendingEvents,
  policy,
  { title: 'at most', align: 'right', rank: 7, cell: ({ bytesMax }) => span(bytes(bytesMax), 'dim') },
  { title: 'events', align: 'right', rank: 8, cell: ({ eventsMax }) => span(count(eventsMax), 'dim') },
]

export const SUBSCRIBER_COLUMNS: Column<SubscriptionRow>[] = [session, client, pending, pendingEvents, policy, address]

/** Columns that receivers of a topic and of a traced event have. */
export const RECEIVER_COLUMNS = { session, client, pattern, policy, pending, blocked, address } as const
