import { LANES, Op } from '../protocol/ops.js'
import { EventScanner, frameEnd } from '../protocol/scan.js'
import { CHUNK_BYTES, Chunk, SLACK_BYTES } from './chunk.js'

/** Of so many chunks sent, one is the oldest, so that no lane starves behind a more urgent one. */
const OLDEST_EVERY = 8
/** Chunks that were sent and are kept for what comes: new memory has to be cleared, which costs as much as filling it. */
const SPARE_MAX = 4

/** Events that cannot be sent now, by lane. A more urgent lane leaves first; within a lane, order is kept. */
export class Parked {
  bytes = 0
  events = 0
  /** Of chunks made from now on. */
  chunkBytes = CHUNK_BYTES
  private readonly lanes: Chunk[][] = Array.from({ length: LANES }, () => [])
  /** Per lane, events that came in and that left again, either way. Counts only grow. */
  private readonly came = new Float64Array(LANES)
  private readonly left = new Float64Array(LANES)
  private readonly scanner = new EventScanner()
  private readonly spare: Chunk[] = []
  private chunksMade = 0
  private chunksTaken = 0

  add(
    lane: number,
    size: number,
    head: Uint8Array,
    source: Uint8Array,
    start: number,
    end: number,
    metadata: Uint8Array | null,
  ): void {
    this.room(lane, size).addEvent(head, source, start, end, metadata)
    this.came[lane]++
    this.events++
    this.bytes += size
  }

  /** The events of a chunk that could not be sent any more; its control frames belonged to the connection that broke. */
  addAll(chunk: Chunk): void {
    let pos = chunk.start
    while (pos < chunk.end) {
      const isEvent = chunk.bytes[pos + 1] === Op.EVENT
      const next = isEvent ? this.scanner.scan(chunk.bytes, pos, chunk.end) : frameEnd(chunk.bytes, pos, chunk.end)
      if (isEvent) {
        const lane = this.scanner.lane
        const own = this.room(lane, next - pos)
        own.addFrame(chunk.bytes.subarray(pos, next))
        own.events++
        this.came[lane]++
        this.events++
        this.bytes += next - pos
      }
      pos = next
    }
  }

  private room(lane: number, size: number): Chunk {
    const chunks = this.lanes[lane]
    const last = chunks.at(-1)
    if (last?.hasRoom(size)) return last
    const chunk = this.chunkFor(size)
    chunk.order = this.chunksMade++
    chunks.push(chunk)
    return chunk
  }

  private chunkFor(size: number): Chunk {
    const spare = this.spare.pop()
    return spare?.hasRoom(size) ? spare : new Chunk(Math.max(size, this.chunkBytes))
  }

  /** A chunk that was taken has been sent. None is kept once nothing is parked. */
  recycle(chunk: Chunk): void {
    if (this.events === 0) this.spare.length = 0
    else if (this.spare.length < SPARE_MAX && chunk.bytes.length === this.chunkBytes + SLACK_BYTES) {
      chunk.clear()
      this.spare.push(chunk)
    }
  }

  /** The chunk that is to be sent next; it is no longer parked. */
  take(): Chunk | undefined {
    if (this.events === 0) return undefined
    const lane = ++this.chunksTaken % OLDEST_EVERY === 0 ? this.oldestLane() : this.firstLane()
    const chunk = this.lanes[lane].shift() as Chunk
    this.left[lane] += chunk.events
    this.events -= chunk.events
    this.bytes -= chunk.end - chunk.start
    return chunk
  }

  private firstLane(): number {
    return this.lanes.findIndex((chunks) => chunks.length > 0)
  }

  private oldestLane(): number {
    let found = -1
    for (let lane = 0; lane < LANES; lane++) {
      const order = this.lanes[lane][0]?.order
      if (order !== undefined && (found < 0 || order < this.lanes[found][0].order)) found = lane
    }
    return found
  }

  /**
   * Drops the oldest events of the least urgent lane, never of one more urgent than `lane`, until at most `bytesMax` bytes are parked.
   * @returns how many were dropped
   */
  dropOldest(lane: number, bytesMax: number): number {
    let dropped = 0
    for (let from = LANES - 1; from >= lane; from--) {
      while (this.bytes > bytesMax && this.lanes[from].length > 0) {
        this.dropOne(from)
        dropped++
      }
    }
    return dropped
  }

  private dropOne(lane: number): void {
    const chunk = this.lanes[lane][0]
    const next = this.scanner.scan(chunk.bytes, chunk.start, chunk.end)
    this.bytes -= next - chunk.start
    chunk.start = next
    chunk.events--
    this.events--
    this.left[lane]++
    if (chunk.events === 0) this.lanes[lane].shift()
  }

  /** Remembers what is parked now, to be asked with `hasPassed`. */
  mark(): Float64Array {
    return this.came.slice()
  }

  /** Whether everything that was parked at the mark has left. */
  hasPassed(mark: Float64Array): boolean {
    for (let lane = 0; lane < LANES; lane++) if (this.left[lane] < mark[lane]) return false
    return true
  }
}
