import { type Histogram, HistogramLogReader } from 'hdr-histogram-js'
import type { StageName } from '../../src/core/latency.js'

/** The daemon tells whole seconds of its own only, so some must fit into what is measured. */
export const OWN_MS_MIN = 4200
/** The daemon folds its counters once a second. */
const FOLD_MS = 1500

/** What the daemon says of itself for whole seconds of its own. */
export interface OwnLatency {
  /** In nanoseconds. */
  histogram: Histogram
  /** Milliseconds since 1970. */
  fromMs: number
  toMs: number
}

/**
 * How long events took by the daemon's own account, of those of its intervals that are wholly within a time.
 * @param fromMs milliseconds since 1970
 */
export async function ownLatency(
  adminUrl: string,
  stage: StageName,
  lane: number,
  fromMs: number,
  toMs: number,
): Promise<OwnLatency> {
  await new Promise((resolve) => setTimeout(resolve, FOLD_MS))
  const response = await fetch(`${adminUrl}/latency.hlog?stage=${stage}&lane=${lane}&since=1m`)
  const reader = new HistogramLogReader(await response.text(), 64)
  let found: OwnLatency | null = null
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    const { startTimeStampMsec, endTimeStampMsec } = next
    if (startTimeStampMsec < fromMs || endTimeStampMsec > toMs) continue
    if (found === null) found = { histogram: next, fromMs: startTimeStampMsec, toMs: endTimeStampMsec }
    else {
      found.histogram.add(next)
      found.toMs = endTimeStampMsec
    }
  }
  if (found === null) throw new Error('the daemon tells no whole second of the measured time')
  return found
}
