import type { EventBatch } from './event-text.js'

/** Trimming goes down to this share of the bound, so that it is not done for every batch. */
const TRIMMED_SHARE = 7 / 8
/** More free slots than this at the front of a ring, and more than are in use, are given back. */
const FREE_SLOTS_MAX = 32

/**
 * What all streams together keep to be sent again: each text once, however many streams were sent it, and all of them
 * within one bound. Above it the oldest are given up, whoever holds them.
 */
export class SentLog {
  bytes = 0
  /** In the order in which they were first sent. */
  private readonly batches = new Set<EventBatch>()

  constructor(private readonly bytesMax: number) {}

  hold(batch: EventBatch): void {
    if (batch.holders++ > 0) return
    this.batches.add(batch)
    this.bytes += batch.bytes
    if (this.bytes > this.bytesMax) this.trim()
  }

  release(batch: EventBatch): void {
    if (--batch.holders === 0 && this.batches.delete(batch)) this.bytes -= batch.bytes
  }

  private trim(): void {
    for (const batch of this.batches) {
      if (this.bytes <= this.bytesMax * TRIMMED_SHARE) return
      this.batches.delete(batch)
      this.bytes -= batch.bytes
      batch.giveUp()
    }
  }
}

/** A batch as one stream was sent it. */
export interface Sent {
  batch: EventBatch
  /** Number of the last event before it. */
  before: number
}

/** What one stream was sent last. */
export class SentRing {
  /** From `head` on; what was before is null until the slots are given back. */
  private readonly sent: (Sent | null)[] = []
  private head = 0
  private bytes = 0

  constructor(private readonly log: SentLog) {}

  push(batch: EventBatch, before: number): void {
    this.bytes += batch.bytes
    this.sent.push({ batch, before })
    this.log.hold(batch)
  }

  /** Forgets the oldest down to so many bytes, but for the last: what was just sent is the likeliest to be asked for. */
  shrink(bytesMax: number): void {
    while (this.bytes > bytesMax && this.sent.length - this.head > 1) {
      const { batch } = this.sent[this.head] as Sent
      this.sent[this.head++] = null
      this.bytes -= batch.bytes
      this.log.release(batch)
    }
    if (this.head > FREE_SLOTS_MAX && this.head > this.sent.length >> 1) {
      this.sent.splice(0, this.head)
      this.head = 0
    }
  }

  /** The first batch kept that has anything after the event of this number, or null. */
  after(number: number): Sent | null {
    let low = this.head
    let high = this.sent.length
    while (low < high) {
      const middle = (low + high) >> 1
      const { batch, before } = this.sent[middle] as Sent
      if (before + batch.size > number) high = middle
      else low = middle + 1
    }
    while (low < this.sent.length && this.sent[low]?.batch.isLost) low++
    return this.sent[low] ?? null
  }

  clear(): void {
    for (const sent of this.sent) if (sent !== null) this.log.release(sent.batch)
    this.sent.length = 0
    this.head = 0
    this.bytes = 0
  }
}
