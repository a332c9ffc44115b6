import { Code } from '../protocol/codes.js'
import { checkTopic, isSystemTopic } from '../protocol/topic.js'
import type { Access } from './access.js'
import type { Patterns } from './patterns.js'

/** Bytes of a topic that lie in its record; longer ones have bytes of their own. With these a record is one cache line. */
const INLINE_BYTES = 32
const RECORD_BYTES = 64
const RECORD_INTS = RECORD_BYTES / 4
const RECORD_SHORTS = RECORD_BYTES / 2

/** Fields of a record, in 32-bit steps. The topic's inline bytes follow the first eight. */
const HASH = 0
const LENGTH = 1
const GENERATION = 2
const LIST = 3
/** Four 16-bit counters of Generations. */
const LOCATED_SHORTS = 8
/** Age, in ticks, of the last use. */
const USED = 6
/** Events since the last visit. */
const EVENTS = 7
const INLINE = 32

const CAPACITY_AT_START = 1024
/** Topics that are looked at to find some to evict. */
const EVICTION_SCAN = 256
/** Topics are looked at for idleness this often, as a part of the time that makes one idle. */
const IDLE_TICKS = 8

/**
 * From the bytes of a topic to its match. A cache, no more: a topic has no state that is lost by evicting it, so the table is
 * bounded by giving up what was not used lately. Records are flat, one cache line each, since with a hundred thousand topics the misses
 * are what a look-up costs.
 */
export class TopicTable {
  private capacity = CAPACITY_AT_START
  private ints!: Int32Array
  private shorts!: Uint16Array
  private bytes!: Uint8Array
  private view!: DataView
  /** Numbers of topics by id: each is given once. */
  private serials!: Float64Array
  private serialsMade = 0
  /**
   * Whose verdict on publishing a topic is known, by id of the topic: the number of the access, and in the lowest bit whether it is permitted. Most topics have
   * publishers of one kind, and there may be more topics than an access keeps verdicts on.
   */
  private verdicts!: Float64Array
  private readonly longTopics: (Uint8Array | undefined)[] = []
  /** Open addressing: hash, id + 1; 0 is empty. */
  private slots!: Int32Array
  private mask = 0
  private readonly freeIds: number[] = []
  private next = 0
  private hand = 0
  private tick = 1
  /** Clock milliseconds; 0 before the first look. */
  private nextAgeAt = 0
  /** Record of the topic that was looked up last. */
  private latest = 0
  size = 0
  evicted = 0

  constructor(
    private readonly patterns: Patterns,
    private readonly max: number,
    private readonly seed: number,
  ) {
    this.capacity = Math.min(CAPACITY_AT_START, max)
    this.makeRecords(null)
    this.makeSlots()
  }

  /**
   * The match list of the topic in bytes[start, end), which is noted if it is new.
   * @param view of the same memory: words are read at any position
   * @returns the id of the list (Patterns.list), good until patterns change; or a negative code of the table for what is no topic
   */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start
    let hash = this.seed ^ length
    if (length >= 4) {
      const last = end - 4
      for (let pos = start; pos < last; pos += 4) {
        hash = Math.imul(hash ^ view.getInt32(pos), 0x9e3779b1)
        hash ^= hash >>> 15
      }
      // The last word overlaps the one before: no byte is left over.
      hash = Math.imul(hash ^ view.getInt32(last), 0x9e3779b1)
    } else for (let pos = start; pos < end; pos++) hash = Math.imul(hash ^ bytes[pos], 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    hash ^= hash >>> 13

    const slots = this.slots
    const mask = this.mask
    const ints = this.ints
    let slot = hash & mask
    for (;;) {
      const id = slots[slot * 2 + 1] - 1
      if (id < 0) return this.add(bytes, start, end, hash)
      if (slots[slot * 2] === hash) {
        const record = id * RECORD_INTS
        if (ints[record + LENGTH] === length && this.same(id, bytes, view, start, length)) {
          ints[record + USED] = this.tick
          ints[record + EVENTS]++
          this.latest = record
          const generation = this.patterns.generations.sum(this.shorts, id * RECORD_SHORTS + LOCATED_SHORTS)
          if (ints[record + GENERATION] !== generation) this.rematch(id)
          return ints[record + LIST]
        }
      }
      slot = (slot + 1) & mask
    }
  }

  private same(id: number, bytes: Uint8Array, view: DataView, start: number, length: number): boolean {
    if (length > INLINE_BYTES) {
      const known = this.longTopics[id] as Uint8Array
      for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false
      return true
    }
    const base = id * RECORD_BYTES + INLINE
    if (length < 4) {
      for (let i = 0; i < length; i++) if (this.bytes[base + i] !== bytes[start + i]) return false
      return true
    }
    const records = this.view
    const last = length - 4
    for (let i = 0; i < last; i += 4) if (records.getInt32(base + i) !== view.getInt32(start + i)) return false
    return records.getInt32(base + last) === view.getInt32(start + last)
  }

  private add(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const bad = checkTopic(bytes, start, end)
    if (bad !== 0) return -bad
    if (isSystemTopic(bytes, start, end)) return -Code.RESERVED_TOPIC
    while (this.size >= this.max) this.evictSome()
    if (this.size === this.capacity) this.grow()
    const id = this.freeIds.pop() ?? this.next++
    const length = end - start
    const record = id * RECORD_INTS
    this.ints[record + HASH] = hash
    this.ints[record + LENGTH] = length
    this.serials[id] = ++this.serialsMade
    this.verdicts[id] = 0
    this.ints[record + USED] = this.tick
    this.ints[record + EVENTS] = 1
    this.latest = record
    if (length > INLINE_BYTES) this.longTopics[id] = bytes.slice(start, end)
    else for (let i = 0; i < length; i++) this.bytes[id * RECORD_BYTES + INLINE + i] = bytes[start + i]
    this.patterns.generations.locate(bytes, start, end, this.shorts, id * RECORD_SHORTS + LOCATED_SHORTS)
    this.rematch(id)
    this.place(hash, id)
    this.size++
    return this.ints[record + LIST]
  }

  private rematch(id: number): void {
    const record = id * RECORD_INTS
    // The match first: it may itself make all earlier ones stale.
    this.ints[record + LIST] = this.patterns.match(this.text(id))
    this.ints[record + GENERATION] = this.patterns.generations.sum(this.shorts, id * RECORD_SHORTS + LOCATED_SHORTS)
  }

  /** Whether whoever has this access may publish on the topic that was looked up last. To be asked where it has rules for that. */
  mayPublish(access: Access): boolean {
    const id = this.latest / RECORD_INTS
    const known = this.verdicts[id]
    if (known === access.id * 2 + 1) return true
    if (known === access.id * 2) return false
    const isPermitted = access.mayPublish(this.serials[id], this.latestText)
    this.verdicts[id] = access.id * 2 + (isPermitted ? 1 : 0)
    return isPermitted
  }

  private readonly latestText = (): string => this.text(this.latest / RECORD_INTS)

  /** So many more events of the topic that was looked up last. */
  countMore(events: number): void {
    this.ints[this.latest + EVENTS] += events
  }

  /**
   * Visits the topics in some of the table's places, with how many events each has had since it was visited last, and begins to count anew. For whoever wants
   * to know the busiest ones: a table of a million is to be visited in slices.
   * @param from 0, or what the visit before returned
   * @returns where to go on; 0 when the table has been gone through
   */
  sweep(from: number, count: number, visit: (topic: string, events: number) => void): number {
    const end = Math.min(from + count, this.next)
    for (let id = from; id < end; id++) {
      const record = id * RECORD_INTS
      const events = this.ints[record + EVENTS] >>> 0
      if (events === 0) continue
      this.ints[record + EVENTS] = 0
      if (this.ints[record + LENGTH] !== 0) visit(this.text(id), events)
    }
    return end >= this.next ? 0 : end
  }

  private text(id: number): string {
    const length = this.ints[id * RECORD_INTS + LENGTH]
    if (length > INLINE_BYTES) return decoder.decode(this.longTopics[id])
    const base = id * RECORD_BYTES + INLINE
    return decoder.decode(this.bytes.subarray(base, base + length))
  }

  /**
   * Gives up topics that were not used for `idleMs`. To be called about once a second.
   * @param now monotonic milliseconds
   */
  look(now: number, idleMs: number): void {
    if (this.nextAgeAt === 0) this.nextAgeAt = now + idleMs / IDLE_TICKS
    if (now < this.nextAgeAt) return
    this.nextAgeAt = now + idleMs / IDLE_TICKS
    this.age()
    for (let left = this.size; left > 0; left -= EVICTION_SCAN) this.evictIdle(IDLE_TICKS)
  }

  /** Ages all topics by one tick; what is used from now on is younger. */
  age(): void {
    this.tick++
  }

  /**
   * Gives up some of the topics not used since `ticks` ago, looking at a bounded number.
   * @returns how many were given up
   */
  evictIdle(ticks: number): number {
    return this.evict(EVICTION_SCAN, this.tick - ticks)
  }

  /** Makes room in a full table: gives up those of some topics that were not used since the last tick, or else a few of any age. */
  private evictSome(): void {
    if (this.evict(EVICTION_SCAN, this.tick) === 0) this.evict(EVICTION_SCAN / 4, this.tick + 1)
  }

  private evict(scan: number, usedBefore: number): number {
    let gone = 0
    for (let i = Math.min(scan, this.next); i > 0; i--) {
      if (this.hand >= this.next) this.hand = 0
      const id = this.hand++
      const record = id * RECORD_INTS
      if (this.ints[record + LENGTH] === 0 || this.ints[record + USED] >= usedBefore) continue
      this.removeSlot(this.ints[record + HASH], id)
      this.ints[record + LENGTH] = 0
      this.longTopics[id] = undefined
      this.freeIds.push(id)
      this.size--
      gone++
    }
    this.evicted += gone
    return gone
  }

  private place(hash: number, id: number): void {
    let slot = hash & this.mask
    while (this.slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.mask
    this.slots[slot * 2] = hash
    this.slots[slot * 2 + 1] = id + 1
  }

  /** Deletion that shifts back what follows (Knuth, vol. 3, 6.4, algorithm R), so that there are no tombstones to pile up. */
  private removeSlot(hash: number, id: number): void {
    const { slots, mask } = this
    let hole = hash & mask
    while (slots[hole * 2 + 1] !== id + 1) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = slots[slot * 2] & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole * 2] = slots[slot * 2]
      slots[hole * 2 + 1] = slots[slot * 2 + 1]
      hole = slot
    }
    slots[hole * 2] = 0
    slots[hole * 2 + 1] = 0
  }

  private grow(): void {
    this.capacity = Math.min(this.capacity * 2, this.max)
    this.makeRecords(this.bytes)
    this.makeSlots()
    for (let id = 0; id < this.next; id++) this.place(this.ints[id * RECORD_INTS + HASH], id)
  }

  private makeRecords(old: Uint8Array | null): void {
    const buffer = new ArrayBuffer(this.capacity * RECORD_BYTES)
    this.bytes = new Uint8Array(buffer)
    this.view = new DataView(buffer)
    this.ints = new Int32Array(buffer)
    this.shorts = new Uint16Array(buffer)
    if (old !== null) this.bytes.set(old)
    const serials = new Float64Array(this.capacity)
    if (old !== null) serials.set(this.serials)
    this.serials = serials
    const verdicts = new Float64Array(this.capacity)
    if (old !== null) verdicts.set(this.verdicts)
    this.verdicts = verdicts
  }

  private makeSlots(): void {
    let size = 1
    while (size < this.capacity * 2) size *= 2
    this.slots = new Int32Array(size * 2)
    this.mask = size - 1
  }
}

const decoder = new TextDecoder()
