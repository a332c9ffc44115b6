import type { ClosedRow, ConnectionRow, ReceiverRow, SubscriptionRow, TraceRow } from './rows.js'

/** Which sessions are meant; empty text means any. */
export interface ConnectionFilter {
  /** Part of the client's name, in any case. */
  readonly name: string
  readonly listener: string
  /** Only those that have something waiting, or whose link takes nothing. */
  readonly isSlow: boolean
}

/** Figures of a session in a scan, one after another: the numbers are doubles, ids and counters fit. */
export const FIGURES = ['session', 'pending', 'drops', 'accepted', 'delivered'] as const
export type Figure = (typeof FIGURES)[number]

/** What came of looking at all sessions. */
export interface ScanResult {
  /** When the look was over, by the clock of the core. */
  readonly atMs: number
  /** Sessions that the filter lets through. */
  readonly count: number
}

/** Rows that are made at a time: more would hold up routing. */
export const ROWS_PER_ANSWER_MAX = 100

/** Names with how often each: as text, one name a line, and numbers, since that is quick to hand over. */
export interface NamedCounts {
  readonly names: string
  readonly counts: Float64Array
}

/** One answer's worth of a longer list. */
export interface Piece<Row> {
  readonly rows: readonly Row[]
  /** How many there are in all. */
  readonly total: number
}

export interface TraceSummary {
  /** The receivers are asked for by this. */
  readonly id: number
  readonly topic: string
  readonly lane: number
  /** Milliseconds from accept to its turn in the drain. */
  readonly drainedMs: number
  /** Milliseconds from accept to the last receiver; null without any. */
  readonly doneMs: number | null
  readonly receivers: number
  /** How many of them by outcome. */
  readonly outcomes: Readonly<Record<string, number>>
}

/** What the parts of introspection ask the routing thread. Lists come in pieces of ROWS_PER_ANSWER_MAX, by position or by key. */
export interface IntrospectQuestions {
  /**
   * Looks at all sessions. Their figures, FIGURES of each in turn, are put into memory that the asker lends and both threads share, so that it is not copied; of more
   * sessions than there is room for, those beyond are only counted.
   */
  connections: { given: { readonly filter: ConnectionFilter; readonly into: Float64Array }; answer: ScanResult }
  /** Rows of these sessions; those that have gone are left out. */
  connectionRows: { given: { readonly sessions: readonly number[] }; answer: readonly ConnectionRow[] }
  /** Milliseconds of each session in turn; null without an answer in time. */
  roundTrips: { given: { readonly sessions: readonly number[] }; answer: readonly (number | null)[] }
  /** What a session is subscribed to, from this position on. */
  subscriptionsOf: {
    given: { readonly session: number; readonly from: number }
    answer: Piece<SubscriptionRow> | null
  }
  /** Newest first, those before this number. */
  closed: { given: { readonly before: number }; answer: readonly ClosedRow[] }
  /** The patterns with most subscriptions, in no order, and how many patterns there are. */
  patterns: { given: { readonly max: number }; answer: NamedCounts & { readonly total: number } }
  /** Who is subscribed to exactly this pattern: sessions. */
  subscribers: { given: { readonly pattern: string }; answer: Float64Array }
  /** The subscriptions of these sessions to a pattern; those that have gone are left out. */
  subscriberRows: {
    given: { readonly pattern: string; readonly sessions: readonly number[] }
    answer: readonly SubscriptionRow[]
  }
  /** The topics with most events since this was asked last, in no order; how many topics had any, how many events all had, and since when. */
  topics: {
    given: { readonly max: number }
    answer: NamedCounts & { readonly total: number; readonly events: number; readonly sinceMs: number }
  }
  /** Who would get an event on this topic, from this position on. */
  receivers: { given: { readonly topic: string; readonly from: number }; answer: Piece<ReceiverRow> }
  /** Ends a session. @returns whether it was there */
  kick: { given: { readonly session: number; readonly reason: string }; answer: boolean }
  /** Publishes an event, and resolves when each of its receivers has it, or has it waiting. */
  trace: {
    given: { readonly topic: string; readonly lane: number; readonly payload: Uint8Array }
    answer: TraceSummary
  }
  traceRows: { given: { readonly id: number; readonly from: number }; answer: readonly TraceRow[] }
}
