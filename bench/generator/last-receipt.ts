import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { LastResult } from './job.js'
import { LatencyCounts } from './latency-counts.js'
import type { PacedPump } from './paced-pump.js'
import type { Pump } from './pump.js'
import type { Receiver } from './receiver.js'

/** Moments of this process, in ms. */
interface Within {
  readonly fromMs: number
  readonly toMs: number
}

/** An event that some subscribers have and others have not. */
interface Spreading {
  missing: number
  firstAt: number
  idleMsAtFirst: number
}

/**
 * When the last of many subscribers had each event of a stream with a rate, from the moment it was meant to be sent. An event that one subscriber never gets
 * is in no percentile: it is counted as lost.
 */
export class LastReceipt {
  private readonly counts = new LatencyCounts()
  private readonly spreading = new Map<number, Spreading>()
  private tookMs = 0
  private readingMs = 0

  /**
   * @param subscribers how many there are to be reached
   * @param intendedAt when an event was meant to be sent, in ms
   * @param within the time that counts, in ms: events that were meant to be sent then
   */
  constructor(
    private readonly subscribers: number,
    private readonly intendedAt: (event: number) => number,
    private readonly within: Within,
    private readonly attention: Attention,
  ) {}

  /** A subscriber got these events, and got none of them before. */
  received(first: number, count: number, now: number): void {
    for (let event = first; event < first + count; event++) {
      const intended = this.intendedAt(event)
      if (intended < this.within.fromMs || intended >= this.within.toMs) continue
      let one = this.spreading.get(event)
      if (one === undefined) {
        one = { missing: this.subscribers, firstAt: now, idleMsAtFirst: this.attention.idleMs }
        this.spreading.set(event, one)
      }
      if (--one.missing > 0) continue
      this.spreading.delete(event)
      this.counts.note(Math.max(0, now - intended), 1)
      this.tookMs += now - intended
      this.readingMs += now - one.firstAt - (this.attention.idleMs - one.idleMsAtFirst)
    }
  }

  result(): LastResult {
    const { tookMs, readingMs } = this
    const histogram = this.counts.histogram()
    const us = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
    return {
      count: histogram.totalCount,
      p50Us: us(50),
      p99Us: us(99),
      p999Us: us(99.9),
      maxUs: histogram.maxValue / 1000,
      generatorShare: tookMs === 0 ? 0 : Math.max(0, readingMs / tookMs),
      histogram: encodeIntoCompressedBase64(histogram),
    }
  }
}

/**
 * How long this process had nothing to read, by turns of its loop. It is a pump that sends nothing, so that it is asked in each of them: in a turn in
 * which no delivery came it waited for the subject, in all others the subject waited for it, or nobody for anybody.
 */
export class Attention implements Pump {
  readonly sent = 0
  onReady: () => void = () => {}
  idleMs = 0
  private wasRead = true
  private lastAt = 0

  /** A delivery came. */
  read(): void {
    this.wasRead = true
  }

  turn(now: number): boolean {
    if (!this.wasRead) this.idleMs += now - this.lastAt
    this.wasRead = false
    this.lastAt = now
    return true
  }
}

/** Where a stream has several subscribers, watches the last of them. */
export function watchLast(
  pump: PacedPump,
  receivers: readonly Receiver[],
  stream: number,
  within: Within,
  attention: Attention,
): LastReceipt | null {
  const readers = receivers.filter(({ spec }) => spec.reads === undefined)
  const checks = readers.flatMap((receiver) => receiver.check(stream) ?? [])
  if (checks.length < 2) return null
  const last = new LastReceipt(checks.length, (event) => pump.intendedAt(event), within, attention)
  for (const check of checks) {
    const { onEvents } = check
    check.onEvents = (first, count) => {
      attention.read()
      last.received(first, count, performance.now())
      onEvents?.(first, count)
    }
  }
  return last
}
