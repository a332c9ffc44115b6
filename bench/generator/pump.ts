import { build, type Histogram } from 'hdr-histogram-js'
import type { Connection } from './connection.js'
import type { Cycle } from './cycle.js'
import type { InFlight } from './in-flight.js'

/** One second in ns: later sends than this count as one second. */
export const LATENCY_NS_MAX = 10_000_000_000

export function latencyHistogram(): Histogram {
  return build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3, highestTrackableValue: LATENCY_NS_MAX })
}

/** Sends a stream's cycle over and over. `turn` is called once a loop turn and does a bounded amount of work. */
export interface Pump {
  /** Events handed to the socket. */
  readonly sent: number
  /** @returns whether it wants another turn at once; otherwise it says so by `onReady`. */
  turn(now: number): boolean
  onReady: () => void
}

/** The part of a cycle that is written next. */
class Cursor {
  sent = 0
  private place = 0

  constructor(
    private readonly connection: Connection,
    private readonly cycle: Cycle,
  ) {}

  /** Writes up to this many messages, fewer at the end of the cycle. @returns whether the socket took them */
  write(messages: number): boolean {
    const { publications, messageBytes, batch } = this.cycle
    const start = this.place
    const end = Math.min(publications.length, start + messages * messageBytes)
    this.place = end === publications.length ? 0 : end
    this.sent += ((end - start) / messageBytes) * batch
    return this.connection.write(publications.subarray(start, end))
  }
}

/** As fast as the socket takes it, and as the subscribers' backlog allows. */
export class FirehosePump implements Pump {
  onReady: () => void = () => {}
  private readonly cursor: Cursor
  private readonly messages: number
  private socketFull = false

  /** @param deliveryBytesEach what all subscribers together receive for one event */
  constructor(
    connection: Connection,
    cycle: Cycle,
    chunkBytesMax: number,
    private readonly inFlight: InFlight,
    private readonly deliveryBytesEach: number,
  ) {
    this.cursor = new Cursor(connection, cycle)
    this.messages = Math.max(1, Math.floor(chunkBytesMax / cycle.messageBytes))
    connection.onDrain(() => {
      this.socketFull = false
      this.onReady()
    })
  }

  get sent(): number {
    return this.cursor.sent
  }

  turn(): boolean {
    if (this.socketFull) return false
    if (this.inFlight.full) {
      this.inFlight.onceOpen(() => this.onReady())
      return false
    }
    const before = this.cursor.sent
    this.socketFull = !this.cursor.write(this.messages)
    this.inFlight.published((this.cursor.sent - before) * this.deliveryBytesEach)
    return !this.socketFull
  }
}

/**
 * Open loop: an event is due at a time fixed beforehand, whatever happened to those before it. One that is written late
 * keeps its intended time, so nothing is omitted from the latencies when the peer or the generator stalls.
 */
export class PacedPump implements Pump {
  onReady: () => void = () => {}
  readonly late = latencyHistogram()
  /** Called in place of a write, with the place of its first event. */
  onWrite: (first: number, write: () => void) => void = (_, write) => write()
  private readonly cursor: Cursor
  private readonly intervalMs: number
  private startAt = 0

  constructor(
    connection: Connection,
    private readonly cycle: Cycle,
    eventsPerSecond: number,
  ) {
    this.cursor = new Cursor(connection, cycle)
    this.intervalMs = 1000 / eventsPerSecond
  }

  get sent(): number {
    return this.cursor.sent
  }

  start(now: number): void {
    this.startAt = now
  }

  /** Moves what is still to be sent: for time in which this process had no processor, so that it does not send the events of that time in one go. */
  postpone(ms: number): void {
    this.startAt += ms
  }

  /** When an event was to be sent, in ms; its place counts from the start. */
  intendedAt(event: number): number {
    return this.startAt + event * this.intervalMs
  }

  turn(now: number): boolean {
    const { batch } = this.cycle
    // The last event of a message decides when it is due.
    const due = Math.floor(((now - this.startAt) / this.intervalMs + 1) / batch)
    const written = this.cursor.sent / batch
    if (due > written) {
      this.late.recordValue(Math.min(LATENCY_NS_MAX, Math.max(0, (now - this.intendedAt(this.cursor.sent)) * 1e6)))
      this.onWrite(this.cursor.sent, () => this.cursor.write(due - written))
    }
    return true
  }
}
