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

  constructor(public bytesMax: number) {}

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

/** What one stream was sent last, without a gap: a slot a batch, since there may be as many rings as connections. */
export class SentRing {
  /** From `head` on; what was before is null until the slots are given back. */
  private readonly sent: (EventBatch | null)[] = []
  private head = 0
  private bytes = 0
  /** Where the last look ended: a slot, and the number of the last event before it. Looks mostly go on from there. */
  private looked = 0
  private lookedBefore: number

  /** @param headBefore number of the last event before the first batch */
  constructor(
    private readonly log: SentLog,
    private headBefore: number,
  ) {
    this.lookedBefore = headBefore
  }

  push(batch: EventBatch): void {
    this.bytes += batch.bytes
    this.sent.push(batch)
    this.log.hold(batch)
  }

  /** Forgets the oldest down to so many bytes, but for the last: what was just sent is the likeliest to be asked for. */
  shrink(bytesMax: number): void {
    while (this.bytes > bytesMax && this.sent.length - this.head > 1) this.shift()
    if (this.head > FREE_SLOTS_MAX && this.head > this.sent.length >> 1) {
      this.sent.splice(0, this.head)
      this.head = 0
      this.lookFromHead()
    }
  }

  clear(): void {
    while (this.sent.length > this.head) this.shift()
    this.sent.length = 0
    this.head = 0
    this.lookFromHead()
  }

  private shift(): void {
    const batch = this.sent[this.head] as EventBatch
    this.sent[this.head++] = null
    this.headBefore += batch.size
    this.bytes -= batch.bytes
    this.log.release(batch)
  }

  /** The first batch kept that has anything after the event of this number, or null. */
  after(number: number): Sent | null {
    if (this.looked < this.head || this.lookedBefore > number) this.lookFromHead()
    for (; this.looked < this.sent.length; this.looked++) {
      const batch = this.sent[this.looked] as EventBatch
      const before = this.lookedBefore
      if (before + batch.size > number && !batch.isLost) return { batch, before }
      this.lookedBefore += batch.size
    }
    return null
  }

  private lookFromHead(): void {
    this.looked = this.head
    this.lookedBefore = this.headBefore
  }
}
