import { CHUNK_BYTES, Chunk, eventBytes, SLACK_BYTES } from './chunk.js'
import type { WhenFull } from './options.js'
import { Parked } from './parked.js'
import { SOCKET_BYTES_MAX } from './runtime.js'

/** `wait` takes events up to so many times the limit. */
const HARD_LIMIT_FACTOR = 2

/** Where the batches go. */
export interface Sink {
  send(bytes: Uint8Array): void
  bufferedBytes(): number
}

export interface OutgoingHooks {
  /** A batch with so many events is about to be sent. Returns a frame to append, such as SYNC, or null. */
  batchSends(events: number): Uint8Array | null
  /** Runs `flush` after the code that is running now. */
  defer(flush: () => void): void
  /** What could not be sent before was sent, or the buffer is below its limit again. */
  eased(): void
  /** So many events found the buffer full since the last call. */
  dropped(count: number): void
}

/**
 * The way of an event out. While the sink takes bytes, events *flow*: they are encoded into one open chunk, which is sent at the end of the current
 * task or when it is full. While it does not (no connection, a slow one, a daemon that asked for a pause), they are *parked* by lane, within a bound.
 */
export class Outgoing {
  /** Taken, among them those that were dropped later. */
  published = 0
  /** Not taken because the buffer was full. */
  notTaken = 0
  /** Taken, then dropped to make room. */
  dropped = 0
  private readonly bytesMax: number
  private readonly whenFull: WhenFull
  private readonly hooks: OutgoingHooks
  private readonly parked = new Parked()
  private sink: Sink | null = null
  private open = new Chunk(CHUNK_BYTES)
  private chunkBytes = CHUNK_BYTES
  private flowing = false
  private paused = false
  /** Whether the pause is to slow the caller down. */
  private pushesBack = false
  private scheduled = false
  private untold = 0

  constructor(bytesMax: number, whenFull: WhenFull, hooks: OutgoingHooks) {
    this.bytesMax = bytesMax
    this.whenFull = whenFull
    this.hooks = hooks
  }

  /** Events taken and neither sent nor dropped. */
  get bufferedEvents(): number {
    return this.parked.events + this.open.events
  }

  /** Events that will be sent before a control frame written now. */
  get flowingEvents(): number {
    return this.flowing ? this.open.events : 0
  }

  get bufferedBytes(): number {
    return this.parked.bytes + this.open.end
  }

  /** Whether the next event would be taken without being over the limit. */
  get isBelowLimit(): boolean {
    return this.flowing || (this.parked.bytes < this.bytesMax && !this.pushesBack)
  }

  /**
   * Takes one event, whose payload is source[start, end).
   * @returns whether the caller may go on: see `WhenFull` for what false means
   */
  write(
    head: Uint8Array,
    lane: number,
    source: Uint8Array,
    start: number,
    end: number,
    metadata: Uint8Array | null,
  ): boolean {
    const size = eventBytes(head, end - start, metadata)
    if (this.flowing && !this.open.hasRoom(size)) {
      // Sending packs control frames, and a packed value lies where they are packed. (A Buffer's slice() would be a view.)
      source = new Uint8Array(source.subarray(start, end))
      end -= start
      start = 0
      this.makeRoom(size)
    }
    if (!this.flowing) return this.park(size, head, lane, source, start, end, metadata)
    this.published++
    this.open.addEvent(head, source, start, end, metadata)
    if (!this.scheduled) this.schedule()
    return true
  }

  /** Sends a control frame behind everything that was sent or flows. Dropped when there is no connection. */
  writeControl(frame: Uint8Array): void {
    if (this.flowing) this.makeRoom(frame.length)
    if (!this.flowing) {
      this.sink?.send(frame)
      return
    }
    this.open.addFrame(frame)
    if (!this.scheduled) this.schedule()
  }

  /** Makes the open chunk one that has room, sending what it holds if need be. */
  private makeRoom(size: number): void {
    if (this.open.hasRoom(size)) return
    this.flush()
    if (!this.open.hasRoom(size)) this.open = new Chunk(Math.max(size, this.chunkBytes))
  }

  private schedule(): void {
    this.scheduled = true
    this.hooks.defer(this.flushDeferred)
  }

  private readonly flushDeferred = (): void => {
    this.scheduled = false
    this.flush()
  }

  /** Sends the open chunk. */
  flush(): void {
    if (!this.flowing || this.open.end === 0) return
    this.send(this.open)
    if (this.open.bytes.length > this.chunkBytes + SLACK_BYTES) this.open = new Chunk(this.chunkBytes)
    else this.open.clear()
    if (this.isBlocked()) this.flowing = false
  }

  private send(chunk: Chunk): void {
    if (chunk.events > 0) {
      const frame = this.hooks.batchSends(chunk.events)
      if (frame !== null) chunk.addFrame(frame)
    }
    this.sink?.send(chunk.bytes.subarray(chunk.start, chunk.end))
  }

  private isBlocked(): boolean {
    return this.sink === null || this.sink.bufferedBytes() > SOCKET_BYTES_MAX
  }

  private park(
    size: number,
    head: Uint8Array,
    lane: number,
    source: Uint8Array,
    start: number,
    end: number,
    metadata: Uint8Array | null,
  ): boolean {
    const wanted = this.parked.bytes + size
    if (wanted > this.bytesMax || this.pushesBack) {
      if (this.whenFull === 'refuse') return this.refuse()
      if (this.whenFull === 'wait' && wanted > this.bytesMax * HARD_LIMIT_FACTOR) return this.refuse()
    }
    if (this.whenFull === 'drop-oldest' && wanted > this.bytesMax) {
      const dropped = size > this.bytesMax ? 0 : this.parked.dropOldest(lane, this.bytesMax - size)
      this.dropped += dropped
      this.tell(dropped)
      if (this.parked.bytes + size > this.bytesMax) return this.refuse()
    }
    this.published++
    this.parked.add(lane, size, head, source, start, end, metadata)
    return wanted <= this.bytesMax && !this.pushesBack
  }

  private refuse(): false {
    this.notTaken++
    // What `refuse` does not take is told by its return value alone.
    if (this.whenFull !== 'refuse') this.tell(1)
    return false
  }

  /** A status per task, not per event. */
  private tell(count: number): void {
    if (this.untold === 0 && count > 0) {
      this.hooks.defer(() => {
        const untold = this.untold
        this.untold = 0
        this.hooks.dropped(untold)
      })
    }
    this.untold += count
  }

  /**
   * @param messageBytesMax longest message that this sink takes
   * @param writeFirst writes the control frames that go before all events
   */
  attach(sink: Sink, messageBytesMax: number, writeFirst: () => void): void {
    this.sink = sink
    writeFirst()
    this.chunkBytes = Math.min(CHUNK_BYTES, messageBytesMax - SLACK_BYTES)
    this.parked.chunkBytes = this.chunkBytes
    this.open = new Chunk(this.chunkBytes)
    this.pump()
  }

  /** The sink is gone; what it was not given waits for the next one. */
  detach(): void {
    this.sink = null
    this.stopFlowing()
  }

  /** Sends what flows and then holds everything back until `resume`. Control frames still go out. */
  pause(pushesBack: boolean): void {
    this.flush()
    this.paused = true
    this.pushesBack = pushesBack
    this.stopFlowing()
  }

  resume(): void {
    this.paused = false
    this.pushesBack = false
    this.pump()
  }

  private stopFlowing(): void {
    this.flowing = false
    this.parked.addAll(this.open)
    this.open.clear()
  }

  /** Sends what is parked as long as the sink takes it; when nothing is left, events flow again. */
  pump(): void {
    if (this.flowing) return
    while (!this.paused && !this.isBlocked()) {
      const chunk = this.parked.take()
      if (chunk === undefined) {
        this.flowing = true
        break
      }
      this.send(chunk)
      this.parked.recycle(chunk)
    }
    this.hooks.eased()
  }

  /** Remembers what waits now, to be asked with `hasPassed`. */
  mark(): Float64Array {
    return this.parked.mark()
  }

  /** Whether everything that waited at the mark has been sent or dropped, or flows. */
  hasPassed(mark: Float64Array): boolean {
    return this.parked.hasPassed(mark)
  }
}
