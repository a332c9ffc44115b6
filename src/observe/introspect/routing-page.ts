import { Packr } from 'msgpackr'
import { LANE_DEFAULT, LANES } from '../../protocol/ops.js'
import type { ThreadContext } from '../thread/part.js'
import { type AdminAnswer, type AdminRequest, json, type Route } from '../thread/routes.js'
import { bad, bodyObject, PAGE_ROWS_MAX, Parameters, wholeNumber } from './parameters.js'
import { gather, gatherBy } from './pieces.js'
import type { NamedCounts } from './questions.js'
import type { PatternRow, TraceRow } from './rows.js'

/** Topics are counted over at least so long: where nobody has asked lately, an asker waits. */
const COUNTED_MIN_MS = 400
const COUNTED_MAX_MS = 10_000

/** The busiest topics, who is subscribed to what, who would get an event, and who got it when. */
export class RoutingPage {
  private readonly packr = new Packr({ useRecords: false, variableMapSize: true })
  /** The count that is under way: a second asker has the same, since counting begins anew with each. */
  private counting: Promise<BusiestTopics> | null = null
  private counted: BusiestTopics | null = null

  constructor(private readonly context: Pick<ThreadContext, 'ask' | 'now'>) {}

  get routes(): readonly Route[] {
    return [
      {
        method: 'GET',
        path: '/topics',
        about: 'the busiest topics, by events per second; ?limit=',
        handle: (request) => this.topics(request),
      },
      {
        method: 'GET',
        path: '/subscriptions',
        about: 'patterns by how many subscriptions they have; ?pattern= who is subscribed to exactly that one',
        handle: (request) => this.subscriptions(request),
      },
      {
        method: 'GET',
        path: '/receivers',
        about: 'who would get an event on ?topic=',
        handle: (request) => this.receivers(request),
      },
      {
        method: 'POST',
        path: '/trace',
        about:
          'publishes {"topic", "lane", "payload"} and tells each stage and each receiver with its time; "dryRun": true only who would get it',
        handle: (request) => this.trace(request),
      },
    ]
  }

  private async topics({ query }: AdminRequest): Promise<AdminAnswer> {
    const parameters = new Parameters(query, ['by', 'limit'])
    parameters.choice('by', ['rate'], 'rate')
    const limit = parameters.limit()
    const { sinceMs, total, events, names, counts } = await this.busiest()
    const seconds = sinceMs / 1000
    const topics = inOrder({ names, counts })
      .slice(0, limit)
      .map(({ name, count }) => ({ topic: name, events: count, rate: count / seconds }))
    return json({ windowMs: sinceMs, topicsActive: total, rate: events / seconds, topics })
  }

  private busiest(): Promise<BusiestTopics> {
    const { counted } = this
    if (counted !== null && this.context.now() - counted.atMs < COUNTED_MIN_MS) return Promise.resolve(counted)
    this.counting ??= this.count().finally(() => {
      this.counting = null
    })
    return this.counting
  }

  private async count(): Promise<BusiestTopics> {
    const ask = async (): Promise<BusiestTopics> => {
      const answer = await this.context.ask('topics', { max: PAGE_ROWS_MAX })
      return { ...answer, atMs: this.context.now() }
    }
    this.counted = await ask()
    if (this.counted.sinceMs > COUNTED_MAX_MS || this.counted.sinceMs < COUNTED_MIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, COUNTED_MIN_MS))
      this.counted = await ask()
    }
    return this.counted
  }

  private async subscriptions({ query }: AdminRequest): Promise<AdminAnswer> {
    const parameters = new Parameters(query, ['pattern', 'limit', 'cursor'])
    const pattern = parameters.text('pattern')
    const limit = parameters.limit()
    const from = parameters.cursor(wholeNumber) ?? 0
    if (pattern === '') {
      if (from > 0) throw bad('cursor: the list of patterns has one page, of those with most subscriptions')
      const { total, ...counts } = await this.context.ask('patterns', { max: limit })
      const patterns = inOrder(counts).map(({ name, count }): PatternRow => ({ pattern: name, subscriptions: count }))
      return json({ total, patterns })
    }
    const found = await this.context.ask('subscribers', { pattern })
    const start = found.findIndex((session) => session > from)
    const sessions = start < 0 ? [] : Array.from(found.subarray(start, start + limit))
    const subscriptions = await gatherBy(sessions, (some) =>
      this.context.ask('subscriberRows', { pattern, sessions: some }),
    )
    const isMore = start >= 0 && start + limit < found.length
    return json({
      pattern,
      total: found.length,
      subscriptions,
      next: isMore ? String(sessions[sessions.length - 1]) : null,
    })
  }

  private async receivers({ query }: AdminRequest): Promise<AdminAnswer> {
    const parameters = new Parameters(query, ['topic', 'limit', 'cursor'])
    const topic = parameters.text('topic')
    if (topic === '') throw bad('topic: which one? such as /receivers?topic=orders.eu')
    return json(await this.receiversOf(topic, parameters.limit(), parameters.cursor(wholeNumber) ?? 0))
  }

  private async receiversOf(topic: string, limit: number, from: number): Promise<object> {
    const page = await gather(from, limit, (at) => this.context.ask('receivers', { topic, from: at }))
    const { rows, total, next } = page as NonNullable<typeof page>
    return { topic, total, receivers: rows, next: next === null ? null : String(next) }
  }

  private async trace({ query, body }: AdminRequest): Promise<AdminAnswer> {
    const limit = new Parameters(query, ['limit']).limit()
    const {
      topic,
      lane = LANE_DEFAULT,
      payload = null,
      dryRun = false,
    } = bodyObject(body, ['topic', 'lane', 'payload', 'dryRun'])
    if (typeof topic !== 'string' || topic === '') throw bad('topic: which one? such as {"topic": "orders.eu"}')
    if (typeof lane !== 'number' || !Number.isInteger(lane) || lane < 0 || lane >= LANES) {
      throw bad(`lane: not a whole number from 0 (most urgent) to ${LANES - 1}`)
    }
    if (typeof dryRun !== 'boolean') throw bad('dryRun: neither true nor false')
    if (dryRun) return json({ dryRun, lane, ...(await this.receiversOf(topic, limit, 0)) })
    const { id, ...summary } = await this.context.ask('trace', { topic, lane, payload: this.packr.pack(payload) })
    const page = await gather(0, Math.min(limit, summary.receivers), async (from) => {
      const rows = await this.context.ask('traceRows', { id, from })
      return { rows, total: summary.receivers }
    })
    const rows: readonly TraceRow[] = page?.rows ?? []
    return json({ dryRun, ...summary, total: summary.receivers, receivers: rows })
  }
}

interface BusiestTopics extends NamedCounts {
  readonly atMs: number
  readonly sinceMs: number
  readonly total: number
  readonly events: number
}

/** The highest count first; of equal ones, by name. */
function inOrder({ names, counts }: NamedCounts): { name: string; count: number }[] {
  if (counts.length === 0) return []
  return names
    .split('\n')
    .map((name, index) => ({ name, count: counts[index] }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}
