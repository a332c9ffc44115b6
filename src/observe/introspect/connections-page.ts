import type { ThreadContext } from '../thread/part.js'
import { type AdminAnswer, AdminProblem, type AdminRequest, json, type Route } from '../thread/routes.js'
import { Looks } from './looks.js'
import { bad, bodyObject, Parameters, sessionOf, wholeNumber } from './parameters.js'
import { gather, gatherBy } from './pieces.js'
import type { ConnectionFilter } from './questions.js'
import { after, type Rates, ranked, rankText, readRank, SORTS, type Sort } from './ranking.js'
import type { ClosedRow, ConnectionRow, ConnectionView } from './rows.js'

/** Sections of the configuration that clients connect by. */
const LISTENERS = ['listen', 'http2', 'https'] as const
/** Each of them is sent a PING. */
const ROUND_TRIP_ROWS_MAX = 100
/** It is in an ERROR frame and in the log. */
const REASON_CHARS_MAX = 200

const NO_RATES = { acceptedRate: null, deliveredRate: null }

/** Who is connected, who was, and the end of it. */
export class ConnectionsPage {
  private readonly looks: Looks

  constructor(private readonly context: Pick<ThreadContext, 'ask' | 'log'>) {
    this.looks = new Looks(context)
  }

  get routes(): readonly Route[] {
    return [
      {
        method: 'GET',
        path: '/connections',
        about: `connections, by ?sort=${SORTS.join('|')}, of ?name= and ?listener=, paged by ?limit= and ?cursor=; with ?rates and ?rtt`,
        handle: (request) => this.list(request, false),
      },
      {
        method: 'GET',
        path: '/slow',
        about: 'connections that are behind, the furthest first',
        handle: (request) => this.list(request, true),
      },
      {
        method: 'GET',
        path: '/connections/closed',
        about: 'the connections that ended last, and why',
        handle: (request) => this.closed(request),
      },
      {
        method: 'GET',
        path: '/connections/:session',
        about: 'one connection with its subscriptions; with ?rtt how far away it is',
        handle: (request) => this.one(request),
      },
      {
        method: 'POST',
        path: '/connections/:session/kick',
        about: 'ends a connection, for the reason in {"reason": "…"}',
        handle: (request) => this.kick(request),
      },
    ]
  }

  private async list({ query }: AdminRequest, isSlow: boolean): Promise<AdminAnswer> {
    const parameters = new Parameters(query, ['sort', 'name', 'listener', 'limit', 'cursor', 'rates', 'rtt'])
    const sort = parameters.choice('sort', SORTS, 'pending') as Sort
    const filter: ConnectionFilter = {
      name: parameters.text('name'),
      listener: parameters.choice('listener', LISTENERS, ''),
      isSlow,
    }
    const withRoundTrips = parameters.flag('rtt')
    const limit = parameters.limit(withRoundTrips ? ROUND_TRIP_ROWS_MAX : undefined)
    const last = parameters.cursor(readRank)
    const { scan, rates } = await this.looks.look(filter, sort === 'rate' || parameters.flag('rates'))
    const rest = after(ranked(scan, sort, rates), last)
    const page = rest.slice(0, limit)
    const ratesOf = new Map(page.map(({ row, session }) => [session, rates?.of(row) ?? null]))
    const sessions = page.map(({ session }) => session)
    const rows = await gatherBy(sessions, (some) => this.context.ask('connectionRows', { sessions: some }))
    const roundTrips = withRoundTrips ? await this.roundTrips(rows) : null
    const connections = rows.map((row) => view(row, ratesOf.get(row.session) ?? null, roundTrips))
    const next = rest.length > limit ? rankText(page[page.length - 1]) : null
    return json({ sort, total: scan.count, connections, next })
  }

  private async roundTrips(rows: readonly ConnectionRow[]): Promise<Map<number, number | null>> {
    const sessions = rows.map(({ session }) => session)
    const times = await this.context.ask('roundTrips', { sessions })
    return new Map(sessions.map((session, index) => [session, times[index]]))
  }

  private async one({ params, query }: AdminRequest): Promise<AdminAnswer> {
    const session = sessionOf(params.session)
    const parameters = new Parameters(query, ['limit', 'cursor', 'rtt'])
    const withRoundTrip = parameters.flag('rtt')
    const limit = parameters.limit()
    const from = parameters.cursor(wholeNumber) ?? 0
    const [row] = await this.context.ask('connectionRows', { sessions: [session] })
    const subscriptions = await gather(from, limit, (at) => this.context.ask('subscriptionsOf', { session, from: at }))
    if (row === undefined || subscriptions === null) throw notThere(session)
    const roundTrips = withRoundTrip ? await this.roundTrips([row]) : null
    const { rows, total, next } = subscriptions
    return json({
      ...row,
      ...roundTripOf(row, roundTrips),
      subscriptions: rows,
      subscriptionsTotal: total,
      next: text(next),
    })
  }

  private async closed({ query }: AdminRequest): Promise<AdminAnswer> {
    const parameters = new Parameters(query, ['limit', 'cursor', 'name', 'listener'])
    const limit = parameters.limit()
    const name = parameters.text('name').toLowerCase()
    const listener = parameters.choice('listener', LISTENERS, '')
    let before = parameters.cursor(wholeNumber) ?? Number.MAX_SAFE_INTEGER
    const closed: ClosedRow[] = []
    for (;;) {
      const rows = await this.context.ask('closed', { before })
      for (const row of rows) {
        before = row.sequence
        if (listener !== '' && row.listener !== listener) continue
        if (!row.name.toLowerCase().includes(name)) continue
        closed.push(row)
        if (closed.length === limit) return json({ closed, next: String(before) })
      }
      if (rows.length === 0) return json({ closed, next: null })
    }
  }

  private async kick({ params, query, body }: AdminRequest): Promise<AdminAnswer> {
    const session = sessionOf(params.session)
    new Parameters(query, [])
    const { reason = '' } = bodyObject(body, ['reason'])
    if (typeof reason !== 'string' || reason.length > REASON_CHARS_MAX) {
      throw bad(`reason: not a text of at most ${REASON_CHARS_MAX} characters`)
    }
    const [row] = await this.context.ask('connectionRows', { sessions: [session] })
    if (row === undefined || !(await this.context.ask('kick', { session, reason }))) throw notThere(session)
    const { name, address } = row
    this.context.log('warn', 'an operator has ended a connection', { session, name, address, reason })
    return json({ kicked: row, reason })
  }
}

function view(row: ConnectionRow, rates: Rates | null, roundTrips: Map<number, number | null> | null): ConnectionView {
  return { ...row, ...(rates ?? NO_RATES), ...roundTripOf(row, roundTrips) }
}

function roundTripOf(
  { session }: ConnectionRow,
  roundTrips: Map<number, number | null> | null,
): { roundTripMs?: number | null } {
  return roundTrips === null ? {} : { roundTripMs: roundTrips.get(session) ?? null }
}

function notThere(session: number): AdminProblem {
  return new AdminProblem(404, `there is no connection ${session}: it may have ended, see /connections/closed`)
}

function text(next: number | null): string | null {
  return next === null ? null : String(next)
}
