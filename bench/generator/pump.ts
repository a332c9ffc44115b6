import type { Connection } from './connection.js'
import type { Cycle } from './cycle.js'
import type { InFlight } from './in-flight.js'

/** Sends a stream's cycle over and over. `turn` is called once a loop turn and does a bounded amount of work. */
export interface Pump {
  /** Events handed to the socket. */
  readonly sent: number
  /** @returns whether it wants another turn at once; otherwise it says so by `onReady`. */
  turn(now: number): boolean
  onReady: () => void
}

/** The part of a cycle that is written next. */
export class Cursor {
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
  private readonly messageDeliveryBytes: number
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
    this.messageDeliveryBytes = cycle.batch * deliveryBytesEach
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
    // A quarter of it at a time, so that the next is written before the last has arrived.
    const windowMessages = Math.floor(this.inFlight.windowBytes / (4 * this.messageDeliveryBytes))
    this.socketFull = !this.cursor.write(Math.max(1, Math.min(this.messages, windowMessages)))
    this.inFlight.published((this.cursor.sent - before) * this.deliveryBytesEach)
    return !this.socketFull
  }
}
