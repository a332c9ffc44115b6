import type { Deliveries } from './cycle.js'

/** What one subscriber received of one stream. */
export class StreamCheck {
  /** Events received, doubled ones included. */
  delivered = 0
  /** Place of the next expected event, counted from the start of the run. */
  next = 0
  lost = 0
  doubled = 0
  reordered = 0
  /** Events that the peer itself has told to be missing. */
  missed = 0
  /** Called with the places of events that came in order, for latencies. */
  onEvents: ((first: number, count: number) => void) | null = null

  /** Of each topic, the place of its next expected event; made when a stream over several is not in the order sent. */
  private nextOfTopic: Float64Array | null = null

  constructor(readonly deliveries: Deliveries) {}

  /** The peer has told that the next `count` events do not come: it has to go on with exactly the one after them. */
  miss(count: number): void {
    this.missed += count
    this.next += count
  }

  /** `count` consecutive events came whose first has this place in the cycle. */
  accept(place: number, count: number): void {
    const { events, topics } = this.deliveries
    if (topics > 1 && (this.nextOfTopic !== null || place !== this.next % events)) {
      for (let i = 0; i < count; i++) this.acceptOfTopic((place + i) % events)
      return
    }
    const ahead = (place - (this.next % events) + events) % events
    if (ahead < events / 2) {
      this.delivered += count
      this.lost += ahead
      this.next += ahead + count
      this.onEvents?.(this.next - count, count)
      return
    }
    // Behind: the rest of the row may be in order.
    const again = Math.min(count, events - ahead)
    this.behind(again)
    if (count > again) this.accept((place + again) % events, count - again)
  }

  /** Topics may overtake each other; each by itself has to be in order. */
  private acceptOfTopic(place: number): void {
    const { events, topics } = this.deliveries
    this.nextOfTopic ??= this.expectedByTopic()
    const topic = place % topics
    const next = this.nextOfTopic[topic]
    const ahead = (place - (next % events) + events) % events
    if (ahead >= events / 2) {
      this.behind(1)
      return
    }
    this.delivered++
    this.lost += ahead / topics
    this.nextOfTopic[topic] = next + ahead + topics
  }

  private expectedByTopic(): Float64Array {
    const { topics } = this.deliveries
    const round = this.next - (this.next % topics)
    return Float64Array.from({ length: topics }, (_, topic) =>
      round + topic < this.next ? round + topic + topics : round + topic,
    )
  }

  /** Either the missing ones come after all, or they come again. */
  private behind(count: number): void {
    const late = Math.min(this.lost, count)
    this.delivered += count
    this.lost -= late
    this.reordered += late
    this.doubled += count - late
  }
}

/** Checks a subscriber's byte stream event for event. Bytes are those of deliveries and notices, without WebSocket headers. */
export interface Verifier {
  readonly checks: readonly StreamCheck[]
  /** Notices of the peer between deliveries. */
  readonly notices: number
  /** Set when bytes came that are neither the expected deliveries nor notices; nothing is counted after. */
  readonly corrupt: string | null
  feed(chunk: Buffer, start: number, end: number): void
  /** Brings the counts of `checks` up to date. */
  settle(): void
}

export type NoticeEnd = (bytes: Uint8Array, pos: number, end: number) => number

/** What a notice tells to be missing: how many events, and of which of the checks. Null: it tells no such thing. */
export type GapIn = (bytes: Uint8Array, pos: number, end: number) => { check: number; count: number } | null

/**
 * Streams in any order, notices in between: walks record by record, reads each stamp, and compares each unbroken row of
 * events with the encoded cycle as one block of memory.
 */
export class RecordVerifier implements Verifier {
  notices = 0
  corrupt: string | null = null
  private readonly byStream: (StreamCheck | undefined)[] = []
  private readonly recordBytes: number
  private readonly stampAt: number
  private carry: Buffer = Buffer.alloc(0)

  /** @param streams the numbers that the events of each of `checks` carry */
  constructor(
    readonly checks: readonly StreamCheck[],
    streams: readonly number[],
    private readonly noticeEnd: NoticeEnd,
    private readonly gapIn: GapIn | null = null,
  ) {
    streams.forEach((stream, i) => {
      this.byStream[stream] = checks[i]
    })
    this.recordBytes = checks[0].deliveries.recordBytes
    this.stampAt = checks[0].deliveries.stampAt
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.corrupt !== null) return
    let pos = start
    while (this.carry.length > 0 && pos < end) {
      const missing = Math.max(1, this.recordBytes - this.carry.length)
      const stop = Math.min(end, pos + missing)
      const joined = Buffer.concat([this.carry, chunk.subarray(pos, stop)])
      pos = stop
      this.carry = Buffer.from(joined.subarray(this.walk(joined, 0, joined.length)))
      if (this.corrupt !== null) return
    }
    if (pos === end) return
    const rest = this.walk(chunk, pos, end)
    if (rest < end) this.carry = Buffer.from(chunk.subarray(rest, end))
  }

  settle(): void {}

  /** @returns where the first record or notice begins that is not complete */
  private walk(chunk: Buffer, start: number, end: number): number {
    const { recordBytes, stampAt } = this
    let pos = start
    while (pos < end) {
      if (end - pos >= recordBytes) {
        const check = this.byStream[chunk.readUInt32LE(pos + stampAt)]
        const count = check === undefined ? 0 : this.row(check, chunk, pos, end)
        if (count > 0) {
          check!.accept(chunk.readUInt32LE(pos + stampAt + 4), count)
          pos += count * recordBytes
          continue
        }
      }
      const next = this.noticeEnd(chunk, pos, end)
      if (next > pos && !this.isDelivery(chunk, pos)) {
        this.notices++
        const gap = this.gapIn?.(chunk, pos, next) ?? null
        if (gap !== null) this.checks[gap.check].miss(gap.count)
        pos = next
      } else if (end - pos < recordBytes) break
      else {
        this.corrupt = `unexpected bytes ${chunk.toString('hex', pos, Math.min(end, pos + 24))}`
        break
      }
    }
    return pos
  }

  /** Length of the row of consecutive events at pos that are byte for byte those of the cycle; 0 when the first is not. */
  private row(check: StreamCheck, chunk: Buffer, pos: number, end: number): number {
    const { recordBytes, stampAt } = this
    const { bytes, events } = check.deliveries
    const stream = chunk.readUInt32LE(pos + stampAt)
    const first = chunk.readUInt32LE(pos + stampAt + 4)
    if (first >= events) return 0
    const most = Math.min(Math.floor((end - pos) / recordBytes), events - first)
    let count = 1
    for (let at = pos + recordBytes + stampAt; count < most; count++, at += recordBytes) {
      if (chunk.readUInt32LE(at + 4) !== first + count || chunk.readUInt32LE(at) !== stream) break
    }
    while (count > 0) {
      const from = first * recordBytes
      if (chunk.compare(bytes, from, from + count * recordBytes, pos, pos + count * recordBytes) === 0) return count
      count >>>= 1
    }
    return 0
  }

  /** A damaged delivery begins like a sound one and must not pass for a notice. */
  private isDelivery(chunk: Buffer, pos: number): boolean {
    const { bytes } = this.checks[0].deliveries
    return chunk[pos] === bytes[0] && chunk[pos + 1] === bytes[1]
  }
}

/**
 * One stream, which is expected byte for byte: whole reads are compared with the cycle as memory, so that a generator on
 * one core can check tens of millions of deliveries a second. At the first difference the records are walked instead,
 * to tell what happened.
 */
export class CycleVerifier implements Verifier {
  readonly checks: readonly StreamCheck[]
  private readonly check: StreamCheck
  /** Bytes received, and verified, so far. */
  private received = 0
  private place = 0
  private walker: RecordVerifier | null = null

  constructor(
    deliveries: Deliveries,
    private readonly stream: number,
    private readonly noticeEnd: NoticeEnd,
    private readonly gapIn: GapIn | null = null,
  ) {
    this.check = new StreamCheck(deliveries)
    this.checks = [this.check]
  }

  get notices(): number {
    return this.walker?.notices ?? 0
  }

  get corrupt(): string | null {
    return this.walker?.corrupt ?? null
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.walker !== null) {
      this.walker.feed(chunk, start, end)
      return
    }
    const { bytes } = this.check.deliveries
    let pos = start
    while (pos < end) {
      const count = Math.min(end - pos, bytes.length - this.place)
      if (chunk.compare(bytes, this.place, this.place + count, pos, pos + count) !== 0) {
        this.diverge(chunk, pos, end)
        return
      }
      this.received += count
      this.place += count
      if (this.place === bytes.length) this.place = 0
      pos += count
    }
    if (this.check.onEvents !== null) this.settle()
  }

  settle(): void {
    if (this.walker !== null) return
    const { check } = this
    const complete = Math.floor(this.received / check.deliveries.recordBytes)
    const count = complete - check.next
    check.next = complete
    check.delivered = complete
    if (count > 0) check.onEvents?.(complete - count, count)
  }

  private diverge(chunk: Buffer, start: number, end: number): void {
    this.settle()
    const { bytes, recordBytes } = this.check.deliveries
    // The part of a record that came before this chunk was equal to the cycle's, so it is taken from there.
    const partial = this.place % recordBytes
    const before = bytes.subarray(this.place - partial, this.place)
    this.walker = new RecordVerifier([this.check], [this.stream], this.noticeEnd, this.gapIn)
    this.walker.feed(Buffer.concat([before, chunk.subarray(start, end)]), 0, partial + end - start)
  }
}
