import { assert } from '../base/assert.js'
import { MetadataReader } from '../protocol/metadata.js'
import { EventScanner } from '../protocol/scan.js'
import type { Amount, ParkingLot, WaitingLane } from './backlog.js'
import type { Marks } from './marks.js'
import { REASON } from './meters.js'
import type { Span } from './span.js'
import type { Subscription } from './subscription.js'

interface Latest {
  bytes: Buffer
  expiresAt: number
  acceptedAt: number
  classes: number
}

/** What an entry costs beside its bytes: map entry, key and object. */
const ENTRY_BYTES = 200

const scanner = new EventScanner()
const metadata = new MetadataReader()

/**
 * Under the `conflate` policy only the latest event of each key waits. It allocates per event, which is fine here: events come this way only
 * while their receiver does not read, and the same bytes are replaced, not added.
 */
export class ConflatedLane implements WaitingLane {
  bytes = 0
  events = 0
  /** In the order of the latest change. */
  private readonly latest = new Map<string, Latest>()

  constructor(
    readonly subscription: Subscription,
    readonly lane: number,
    private readonly lot: ParkingLot,
  ) {}

  push(bytes: Buffer, { start, end, count, expiresAt, acceptedAt, classes }: Span): boolean {
    // An upper bound, so that the frames are all taken or none.
    const most = end - start + count * ENTRY_BYTES
    if (!this.lot.budget.take(most)) return false
    this.lot.budget.give(most)
    let replaced = 0
    for (let pos = start; pos < end; ) {
      const next = scanner.scan(bytes, pos, end)
      assert(next > 0, 'only whole events are parked')
      const key = keyOf(bytes)
      const known = this.latest.get(key)
      if (known !== undefined) {
        this.remove(key, known)
        replaced++
      }
      if (this.bytes === 0) this.lot.waiting[this.lane].add(this)
      const copy = Buffer.from(bytes.subarray(pos, next))
      const granted = this.lot.budget.take(copy.length + ENTRY_BYTES)
      assert(granted, 'room for the whole push was asked for')
      this.latest.set(key, { bytes: copy, expiresAt, acceptedAt, classes })
      this.bytes += copy.length
      this.events++
      pos = next
    }
    if (replaced > 0) this.subscription.session.outbox.missed(this.subscription, REASON.conflated, replaced)
    return true
  }

  private remove(key: string, entry: Latest): void {
    this.latest.delete(key)
    this.lot.budget.give(entry.bytes.length + ENTRY_BYTES)
    this.bytes -= entry.bytes.length
    this.events--
    if (this.bytes === 0) this.lot.waiting[this.lane].delete(this)
  }

  dropOldest(bytes: number, events: number, gone: Amount): void {
    const bytesWanted = gone.bytes + bytes
    const eventsWanted = gone.events + events
    for (const [key, entry] of this.latest) {
      if (gone.bytes >= bytesWanted && gone.events >= eventsWanted) return
      this.remove(key, entry)
      gone.bytes += entry.bytes.length
      gone.events++
      this.lot.timing.lost(entry.classes, 1)
    }
  }

  dropExpired(now: number, gone: Amount): void {
    for (const [key, entry] of this.latest) {
      if (entry.expiresAt === 0 || entry.expiresAt > now) return
      this.remove(key, entry)
      gone.bytes += entry.bytes.length
      gone.events++
      this.lot.timing.lost(entry.classes, 1)
    }
  }

  unload(_now: number, marks: Marks | null, write: (frames: Buffer, events: number) => void): void {
    const [[key, entry]] = this.latest
    this.remove(key, entry)
    marks?.add(entry.acceptedAt, entry.acceptedAt, this.lane, entry.classes, 1)
    write(entry.bytes, 1)
  }

  clear(): void {
    for (const [key, entry] of this.latest) this.remove(key, entry)
  }
}

/** The conflation key of the event last scanned, or its topic. Kept apart by a prefix. */
function keyOf(bytes: Buffer): string {
  if (scanner.metadataEnd > scanner.metadataStart) {
    metadata.read(bytes, scanner.metadataStart, scanner.metadataEnd)
    if (metadata.keyEnd > metadata.keyStart) return `k${bytes.toString('latin1', metadata.keyStart, metadata.keyEnd)}`
  }
  return `t${bytes.toString('latin1', scanner.topicStart, scanner.topicEnd)}`
}
