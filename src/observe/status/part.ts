import type { LatencyHistory } from '../latency/history.js'
import type { Sample } from '../sample.js'
import type { Part, ThreadContext } from '../thread/part.js'

/** A service manager keeps the last one only, and each wakes it up. */
export const STATUS_INTERVAL_MS = 5000

/** Says every few seconds in one line how the daemon is, to whoever started it. */
export class StatusPart implements Part {
  readonly routes = []
  /** What was known when it was told last. */
  private told: Sample | null = null

  constructor(
    private readonly context: Pick<ThreadContext, 'status'>,
    private readonly history: Pick<LatencyHistory, 'percentiles'>,
  ) {}

  tick(sample: Sample, before: Sample, isFresh: boolean): void {
    const { status } = this.context
    // Whoever would pass it on stands still, and systemd learns that from its watchdog.
    if (status === undefined || !isFresh) return
    const since = this.told ?? before
    // Samples come every second, give or take some milliseconds.
    if (this.told !== null && sample.atMs - since.atMs < STATUS_INTERVAL_MS - 500) return
    this.told = sample
    const p99Ms = this.history.percentiles({ stage: 'routing' }, STATUS_INTERVAL_MS)?.p99Ms ?? null
    status(statusLine(sample, since, p99Ms))
  }
}

/** @param p99Ms of routing; null where nothing was delivered */
export function statusLine(sample: Sample, since: Sample, p99Ms: number | null): string {
  const { phase, isOverloaded, core, transports } = sample
  const seconds = (sample.atMs - since.atMs) / 1000
  const rate = seconds > 0 ? (core.accepted - since.core.accepted) / seconds : 0
  const connections = Object.values(transports.connections).reduce((sum, count) => sum + count, 0)
  const before = phase === 'draining' ? 'draining: ' : isOverloaded ? 'overloaded: ' : ''
  const latency = p99Ms === null ? '' : `, p99 ${Number(p99Ms.toPrecision(2))} ms`
  return `${before}taking ${grouped(rate)} events/s, ${grouped(connections)} ${connections === 1 ? 'connection' : 'connections'}${latency}`
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
