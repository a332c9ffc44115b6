import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code, codeMessage } from '../../protocol/codes.js'
import { Op } from '../../protocol/ops.js'
import type { Answers } from '../questions.js'
import { AdminProblem } from '../thread/routes.js'
import { ClosedRing } from './closed-ring.js'
import { connectionRow, receiverRow, subscriptionRow } from './describe.js'
import { Most } from './most.js'
import { type ConnectionFilter, FIGURES, type IntrospectQuestions, ROWS_PER_ANSWER_MAX } from './questions.js'
import { RoundTrips } from './round-trips.js'
import { Slices } from './slices.js'
import { Traces } from './traces.js'

/** Places of the table of topics that are looked at in one go. */
const SWEEP_PLACES = 64
/** A close frame has room for so many bytes (RFC 6455, 5.5), less the two of its code. */
const CLOSE_REASON_BYTES_MAX = 123

type Given<Q extends keyof IntrospectQuestions> = IntrospectQuestions[Q]['given']
type Answer<Q extends keyof IntrospectQuestions> = IntrospectQuestions[Q]['answer']

/**
 * The routing thread's side of introspection. Whatever grows with the number of sessions, subscriptions or topics is done in slices or told in pieces: nothing
 * here holds up routing for more than some hundred microseconds.
 */
export class Introspection {
  private readonly slices = new Slices()
  private readonly closed: ClosedRing
  private readonly roundTrips: RoundTrips
  private readonly traces = new Traces()
  private sweptAt: number

  /** @param now the clock of the core, milliseconds */
  constructor(
    private readonly router: Router,
    private readonly now: () => number,
  ) {
    this.sweptAt = now()
    this.closed = new ClosedRing(now)
    this.roundTrips = new RoundTrips(now)
    router.onClosed.push((session, code, reason) => {
      this.roundTrips.forget(session)
      this.closed.note(session, code, reason)
    })
  }

  readonly answers: Pick<Answers, keyof IntrospectQuestions> = {
    connections: (given) => this.scan(given),
    connectionRows: ({ sessions }) => this.found(sessions).map((session) => connectionRow(session, this.now())),
    roundTrips: ({ sessions }) => this.measure(sessions),
    subscriptionsOf: (given) => this.subscriptionsOf(given),
    closed: ({ before }) => this.closed.latest(before, ROWS_PER_ANSWER_MAX),
    patterns: ({ max }) => this.patterns(max),
    subscribers: ({ pattern }) => this.subscribers(pattern),
    subscriberRows: (given) => this.subscriberRows(given),
    topics: ({ max }) => this.topics(max),
    receivers: (given) => this.receivers(given),
    kick: (given) => this.kick(given),
    trace: (given) => this.trace(given),
    traceRows: ({ id, from }) => this.traces.rows(id, from),
  }

  private found(ids: readonly number[]): Session[] {
    const found: Session[] = []
    for (const id of ids.slice(0, ROWS_PER_ANSWER_MAX)) {
      const session = this.router.sessions.get(id)
      if (session !== undefined) found.push(session)
    }
    return found
  }

  private async scan({ filter, into }: Given<'connections'>): Promise<Answer<'connections'>> {
    const { sessions } = this.router
    const width = FIGURES.length
    const max = Math.floor(into.length / width)
    const lets = filterOf(filter)
    let count = 0
    await this.slices.each(
      () => sessions.values(),
      (session) => {
        if (session.isPublishOnly || !lets(session)) return
        if (++count > max) return
        const { outbox } = session
        const at = (count - 1) * width
        into[at] = session.id
        into[at + 1] = outbox.backlogBytes
        into[at + 2] = outbox.droppedEvents
        into[at + 3] = session.accepted
        into[at + 4] = outbox.deliveredEvents
      },
    )
    return { atMs: this.now(), count }
  }

  private measure(ids: readonly number[]): Promise<(number | null)[]> {
    return Promise.all(
      ids.slice(0, ROWS_PER_ANSWER_MAX).map((id) => {
        const session = this.router.sessions.get(id)
        return session === undefined ? null : this.roundTrips.measure(session)
      }),
    )
  }

  private subscriptionsOf({ session, from }: Given<'subscriptionsOf'>): Answer<'subscriptionsOf'> {
    const subscriptions = this.router.sessions.get(session)?.subscriptions
    if (subscriptions === undefined) return null
    const rows = []
    let place = 0
    for (const subscription of subscriptions.values()) {
      if (place++ < from) continue
      if (rows.length === ROWS_PER_ANSWER_MAX) break
      rows.push(subscriptionRow(subscription))
    }
    return { rows, total: subscriptions.size }
  }

  private async patterns(max: number): Promise<Answer<'patterns'>> {
    const counts = new Map<string, number>()
    await this.slices.each(
      () => everySubscription(this.router.sessions.values()),
      (pattern) => counts.set(pattern, (counts.get(pattern) ?? 0) + 1),
    )
    const most = new Most(max)
    await this.slices.each(
      () => counts,
      ([pattern, count]) => most.add(pattern, count),
    )
    return { ...most.found, total: counts.size }
  }

  private async subscribers(pattern: string): Promise<Float64Array> {
    const found: number[] = []
    await this.slices.each(
      () => this.router.sessions.values(),
      ({ id, subscriptions }) => {
        if (subscriptions.has(pattern)) found.push(id)
      },
    )
    return Float64Array.from(found)
  }

  private subscriberRows({ pattern, sessions }: Given<'subscriberRows'>): Answer<'subscriberRows'> {
    return this.found(sessions).flatMap(({ subscriptions }) => {
      const subscription = subscriptions.get(pattern)
      return subscription === undefined ? [] : [subscriptionRow(subscription)]
    })
  }

  private async topics(max: number): Promise<Answer<'topics'>> {
    const { topics } = this.router
    const most = new Most(max)
    let total = 0
    let events = 0
    let from = 0
    let sinceMs = 0
    await this.slices.steps(() => {
      if (from === 0) {
        const now = this.now()
        sinceMs = now - this.sweptAt
        this.sweptAt = now
      }
      from = topics.sweep(from, SWEEP_PLACES, (topic, count) => {
        total++
        events += count
        most.add(topic, count)
      })
      return from !== 0
    })
    return { ...most.found, total, events, sinceMs }
  }

  private receivers({ topic, from }: Given<'receivers'>): Answer<'receivers'> {
    const receivers = this.router.own.receiversOf(topic)
    if (typeof receivers === 'number') throw problemOf(receivers)
    const now = this.now()
    const rows = receivers.slice(from, from + ROWS_PER_ANSWER_MAX).map((each) => receiverRow(each, now))
    return { rows, total: receivers.length }
  }

  /** It is told by an ERROR frame, whose text may be longer than that of a close frame. */
  private kick({ session: id, reason }: Given<'kick'>): boolean {
    const session = this.router.sessions.get(id)
    if (session === undefined || session.isPublishOnly) return false
    const message = reason === '' ? codeMessage(Code.KICKED) : reason
    session.outbox.sendControl({ op: Op.ERROR, request: 0, code: Code.KICKED, message, details: {} })
    session.outbox.end(Code.KICKED, cutToBytes(message, CLOSE_REASON_BYTES_MAX))
    return true
  }

  private trace({ topic, lane, payload }: Given<'trace'>): Promise<Answer<'trace'>> {
    return new Promise((resolve, reject) => {
      const code = this.router.own.trace(topic, lane, payload, (report) => {
        resolve(this.traces.keep(topic, lane, report))
      })
      if (code !== 0) reject(problemOf(code))
    })
  }
}

function* everySubscription(sessions: Iterable<Session>): Iterable<string> {
  for (const { subscriptions } of sessions) yield* subscriptions.keys()
}

function filterOf({ name, listener, isSlow }: ConnectionFilter): (session: Session) => boolean {
  const part = name.toLowerCase()
  return (session) =>
    (listener === '' || session.peer.listener === listener) &&
    (part === '' || session.name.toLowerCase().includes(part)) &&
    (!isSlow || session.outbox.blocked || session.outbox.backlogBytes > 0)
}

/** A code of the protocol, as the answer to an operator. */
function problemOf(code: number): AdminProblem {
  return new AdminProblem(code === Code.OVERLOADED ? 503 : 400, codeMessage(code))
}

/** As much of a text as UTF-8 has in so many bytes. */
function cutToBytes(text: string, bytesMax: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytesMax))
  return text.slice(0, read)
}
