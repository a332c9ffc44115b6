import { assert } from '../base/assert.js'
import { frameEnd } from '../protocol/scan.js'
import type { Amount, ParkingLot, WaitingLane } from './backlog.js'
import type { Marks } from './marks.js'
import type { Page } from './pages.js'
import type { Span } from './span.js'
import type { Subscription } from './subscription.js'

const RECORDS_AT_START = 8
/** A record without a time to live takes in what follows it up to here, so that records cost little beside their bytes. */
const RECORD_BYTES_MAX = 4096
/** And up to so many milliseconds: how long its events waited is told by the first. */
const RECORD_SPAN_MS = 0.5

/**
 * Frames that wait in order of arrival: pages of bytes, and a ring of records (length, count, expiry, when and what) over them. A record never spans
 * two pages.
 */
export class ParkedLane implements WaitingLane {
  bytes = 0
  events = 0
  private readonly pages: Page[] = []
  private lengths = new Int32Array(RECORDS_AT_START)
  private counts = new Int32Array(RECORDS_AT_START)
  private expiries = new Float64Array(RECORDS_AT_START)
  /** When the first event of each record was accepted. */
  private accepted = new Float64Array(RECORDS_AT_START)
  private classes = new Uint16Array(RECORDS_AT_START)
  private head = 0
  private records = 0

  constructor(
    readonly subscription: Subscription,
    readonly lane: number,
    private readonly lot: ParkingLot,
  ) {}

  push(bytes: Buffer, span: Span): boolean {
    const { start, end } = span
    const length = end - start
    let page = this.pages[this.pages.length - 1]
    let fresh = false
    if (page === undefined || page.end + length > page.bytes.length) {
      const size = this.lot.pages.sizeFor(length, page === undefined ? 0 : page.bytes.length)
      if (!this.lot.budget.take(size)) return false
      page = this.lot.pages.acquire(size)
      this.pages.push(page)
      fresh = true
    }
    bytes.copy(page.bytes, page.end, start, end)
    page.end += length
    this.note(length, span, fresh)
    if (this.bytes === 0) this.lot.waiting[this.lane].add(this)
    this.bytes += length
    this.events += span.count
    return true
  }

  private note(length: number, { count, expiresAt, acceptedAt, classes }: Span, freshPage: boolean): void {
    const mask = this.lengths.length - 1
    if (this.records > 0 && expiresAt === 0 && !freshPage) {
      const tail = (this.head + this.records - 1) & mask
      if (
        this.expiries[tail] === 0 &&
        this.lengths[tail] + length <= RECORD_BYTES_MAX &&
        acceptedAt - this.accepted[tail] <= RECORD_SPAN_MS &&
        this.classes[tail] === classes
      ) {
        this.lengths[tail] += length
        this.counts[tail] += count
        return
      }
    }
    if (this.records === this.lengths.length) this.growRecords()
    const at = (this.head + this.records) & (this.lengths.length - 1)
    this.lengths[at] = length
    this.counts[at] = count
    this.expiries[at] = expiresAt
    this.accepted[at] = acceptedAt
    this.classes[at] = classes
    this.records++
  }

  private growRecords(): void {
    const size = this.lengths.length
    const { lengths, counts, expiries, accepted, classes } = this
    this.lengths = new Int32Array(size * 2)
    this.counts = new Int32Array(size * 2)
    this.expiries = new Float64Array(size * 2)
    this.accepted = new Float64Array(size * 2)
    this.classes = new Uint16Array(size * 2)
    for (let i = 0; i < size; i++) {
      const from = (this.head + i) & (size - 1)
      this.lengths[i] = lengths[from]
      this.counts[i] = counts[from]
      this.expiries[i] = expiries[from]
      this.accepted[i] = accepted[from]
      this.classes[i] = classes[from]
    }
    this.head = 0
  }

  dropOldest(bytes: number, events: number, gone: Amount): void {
    let bytesLeft = bytes
    let eventsLeft = events
    while (this.records > 0 && (bytesLeft > 0 || eventsLeft > 0)) {
      const length = this.lengths[this.head]
      const count = this.counts[this.head]
      let dropBytes = length
      let dropEvents = count
      if (length > bytesLeft && count > eventsLeft && count > 1) {
        // No more than needed: the frames of this record go one by one.
        const page = this.pages[0]
        const end = page.start + length
        let pos = page.start
        dropEvents = 0
        while (pos < end && (pos - page.start < bytesLeft || dropEvents < eventsLeft)) {
          pos = frameEnd(page.bytes, pos, end)
          assert(pos > 0, 'only whole frames are parked')
          dropEvents++
        }
        dropBytes = pos - page.start
      }
      bytesLeft -= dropBytes
      eventsLeft -= dropEvents
      gone.bytes += dropBytes
      gone.events += dropEvents
      this.lot.timing.lost(this.classes[this.head], dropEvents)
      this.consume(dropBytes, dropEvents)
    }
  }

  dropExpired(now: number, gone: Amount): void {
    while (this.records > 0 && this.isExpired(this.head, now)) {
      gone.bytes += this.lengths[this.head]
      gone.events += this.counts[this.head]
      this.lot.timing.lost(this.classes[this.head], this.counts[this.head])
      this.consume(this.lengths[this.head], this.counts[this.head])
    }
  }

  unload(now: number, marks: Marks | null, write: (frames: Buffer, events: number) => void): void {
    // All of the page up to its end, or to the next record whose time has come.
    const page = this.pages[0]
    const mask = this.lengths.length - 1
    const inPage = page.end - page.start
    let length = 0
    let count = 0
    for (let i = 0; i < this.records && length < inPage; i++) {
      const at = (this.head + i) & mask
      if (this.isExpired(at, now)) break
      length += this.lengths[at]
      count += this.counts[at]
      marks?.add(this.accepted[at], this.accepted[at], this.lane, this.classes[at], this.counts[at])
    }
    write(page.bytes.subarray(page.start, page.start + length), count)
    for (let left = length; left > 0; ) {
      const piece = this.lengths[this.head]
      left -= piece
      this.consume(piece, this.counts[this.head])
    }
  }

  private isExpired(at: number, now: number): boolean {
    return this.expiries[at] !== 0 && this.expiries[at] <= now
  }

  /** Takes frames off the front: all or the first part of the first record. */
  private consume(bytes: number, events: number): void {
    const page = this.pages[0]
    page.start += bytes
    this.lengths[this.head] -= bytes
    this.counts[this.head] -= events
    if (this.lengths[this.head] === 0) {
      assert(this.counts[this.head] === 0, 'a record without bytes has no events')
      this.head = (this.head + 1) & (this.lengths.length - 1)
      this.records--
    }
    this.bytes -= bytes
    this.events -= events
    if (page.start === page.end) this.releasePage()
    if (this.bytes === 0) this.emptied()
  }

  private releasePage(): void {
    const page = this.pages.shift() as Page
    this.lot.budget.give(page.bytes.length)
    this.lot.pages.release(page)
  }

  private emptied(): void {
    this.lot.waiting[this.lane].delete(this)
    this.head = 0
    if (this.lengths.length > RECORDS_AT_START) {
      this.lengths = new Int32Array(RECORDS_AT_START)
      this.counts = new Int32Array(RECORDS_AT_START)
      this.expiries = new Float64Array(RECORDS_AT_START)
      this.accepted = new Float64Array(RECORDS_AT_START)
      this.classes = new Uint16Array(RECORDS_AT_START)
    }
  }

  clear(): void {
    while (this.pages.length > 0) this.releasePage()
    this.records = 0
    this.bytes = 0
    this.events = 0
    this.emptied()
  }
}
