import type { TracedReceiver, TraceReport } from '../../core/trace.js'
import { ROWS_PER_ANSWER_MAX, type TraceSummary } from './questions.js'
import type { TraceRow } from './rows.js'

/** Reports are asked for in pieces, right away; so many are kept meanwhile. */
const KEPT_MAX = 8

/** What became of traced events, until it has been fetched. */
export class Traces {
  private readonly reports = new Map<number, TraceReport>()
  private id = 0

  keep(topic: string, lane: number, report: TraceReport): TraceSummary {
    const id = ++this.id
    this.reports.set(id, report)
    for (const oldest of this.reports.keys()) {
      if (this.reports.size <= KEPT_MAX) break
      this.reports.delete(oldest)
    }
    const { acceptedMs, drainedMs, receivers } = report
    const outcomes: Record<string, number> = {}
    let last = drainedMs
    for (const { outcome, atMs } of receivers) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (atMs > last) last = atMs
    }
    return {
      id,
      topic,
      lane,
      drainedMs: drainedMs - acceptedMs,
      doneMs: receivers.length === 0 ? null : last - acceptedMs,
      receivers: receivers.length,
      outcomes,
    }
  }

  /** None of a report that is not kept any more. */
  rows(id: number, from: number): TraceRow[] {
    const report = this.reports.get(id)
    if (report === undefined) return []
    const until = from + ROWS_PER_ANSWER_MAX
    if (until >= report.receivers.length) this.reports.delete(id)
    return report.receivers.slice(from, until).map((receiver) => traceRow(receiver, report.acceptedMs))
  }
}

function traceRow(receiver: TracedReceiver, acceptedMs: number): TraceRow {
  const { session, pattern, outcome, atMs, waitingEvents, waitingBytes } = receiver
  return {
    session: session.id,
    name: session.name,
    address: session.peer.address,
    pattern,
    outcome,
    atMs: atMs - acceptedMs,
    waitingEvents,
    waitingBytes,
  }
}
