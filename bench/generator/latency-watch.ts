import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { LatencyResult } from './job.js'
import { LatencyCounts } from './latency-counts.js'
import type { PacedPump } from './paced-pump.js'
import type { Receiver } from './receiver.js'

const NS_PER_US = 1000

/**
 * Latencies of the events of a stream that were due in the measured time, from when they were to be sent to their receipt by those that read at once. One that could not
 * be sent in the end counts with the time that it has waited: leaving it out would hide the worst of an overload.
 */
export class LatencyWatch {
  private readonly counts = new LatencyCounts()
  private readonly toMs: number
  private heldBackEvents = 0

  constructor(
    private readonly pump: PacedPump,
    receivers: readonly Receiver[],
    stream: number,
    private readonly fromMs: number,
    lengthMs: number,
  ) {
    this.toMs = fromMs + lengthMs
    for (const receiver of receivers) {
      const check = receiver.check(stream)
      if (check !== null && receiver.spec.reads === undefined)
        check.onEvents = (first, count) => this.received(first, count)
    }
  }

  /** The measured time is over. */
  measured(): void {
    this.heldBackEvents = this.pump.unsent
  }

  /** After everything has been sent and received that was going to be. */
  result(): LatencyResult {
    const now = performance.now()
    const { batch, pump } = this
    for (let event = pump.sent, end = event + pump.unsent; event < end; event += batch) this.note(event, batch, now)
    const all = this.counts.histogram()
    const late = pump.late.histogram()
    const heldBack = pump.heldBack.histogram()
    return {
      count: all.totalCount,
      p50Us: all.getValueAtPercentile(50) / NS_PER_US,
      p99Us: all.getValueAtPercentile(99) / NS_PER_US,
      p999Us: all.getValueAtPercentile(99.9) / NS_PER_US,
      maxUs: all.maxValue / NS_PER_US,
      sendLateP99Us: late.getValueAtPercentile(99) / NS_PER_US,
      heldBackP99Us: heldBack.getValueAtPercentile(99) / NS_PER_US,
      heldBackEvents: this.heldBackEvents,
      histogram: encodeIntoCompressedBase64(all),
    }
  }

  private get batch(): number {
    return this.pump.batch
  }

  /** Events of one message are due together. */
  private received(first: number, count: number): void {
    const now = performance.now()
    const { batch } = this
    const end = first + count
    for (let event = first; event < end; ) {
      const next = Math.min(end, event - (event % batch) + batch)
      this.note(event, next - event, now)
      event = next
    }
  }

  private note(event: number, count: number, now: number): void {
    const intended = this.pump.intendedAt(event)
    if (intended >= this.fromMs && intended < this.toMs) this.counts.note(Math.max(0, now - intended), count)
  }
}
