import type { Connection } from './connection.js'
import type { Cycle } from './cycle.js'
import { LatencyCounts } from './latency-counts.js'
import { Cursor, type Pump } from './pump.js'

/**
 * Open loop: a message is due at a time fixed beforehand, whatever happened to those before it. One that is written late keeps its intended time, so
 * nothing is omitted from the latencies when the peer or the generator stalls. All events of a message are due when it is: what gathers them is a
 * publisher's own matter.
 */
export class PacedPump implements Pump {
  onReady: () => void = () => {}
  /** How late messages were written though the socket took them: the generator's own fault. */
  late = new LatencyCounts()
  /** How late those were written that found the socket full: held back by the peer. */
  heldBack = new LatencyCounts()
  /** Called in place of a write, with the place of its first event. */
  onWrite: (first: number, write: () => void) => void = (_, write) => write()
  private readonly cursor: Cursor
  private readonly intervalMs: number
  private readonly messagesMax: number
  private startAt = 0
  private endAt = Number.POSITIVE_INFINITY
  private socketFull = false
  /** A turn came while the socket was full. */
  private isHeld = false
  /** Messages up to this one were due before the socket took bytes again. */
  private heldUntil = 0

  /** @param chunkBytesMax what is written at a time when more is due */
  constructor(
    connection: Connection,
    private readonly cycle: Cycle,
    eventsPerSecond: number,
    chunkBytesMax: number,
  ) {
    this.cursor = new Cursor(connection, cycle)
    this.intervalMs = (1000 * cycle.batch) / eventsPerSecond
    this.messagesMax = Math.max(1, Math.floor(chunkBytesMax / cycle.messageBytes))
    connection.onDrain(() => {
      this.socketFull = false
      if (this.isHeld) this.heldUntil = this.dueAt(performance.now())
      this.isHeld = false
      this.onReady()
    })
  }

  get batch(): number {
    return this.cycle.batch
  }

  get sent(): number {
    return this.cursor.sent
  }

  start(now: number): void {
    this.startAt = now
  }

  /** Only what is due before is sent. */
  end(at: number): void {
    this.endAt = at
  }

  /** Events that are due before the end and not written yet. */
  get unsent(): number {
    return Math.max(0, this.dueAt(Math.min(performance.now(), this.endAt)) * this.cycle.batch - this.cursor.sent)
  }

  /** Nobody was late yet. */
  forget(): void {
    this.late = new LatencyCounts()
    this.heldBack = new LatencyCounts()
  }

  /** Moves what is still to be sent: for time in which this process had no processor, so that it does not send the events of that time in one go. */
  postpone(ms: number): void {
    this.startAt += ms
  }

  /** When an event was to be sent, in ms; its place counts from the start. */
  intendedAt(event: number): number {
    return this.startAt + Math.floor(event / this.cycle.batch) * this.intervalMs
  }

  turn(now: number): boolean {
    if (this.socketFull) {
      this.isHeld = true
      return now < this.endAt
    }
    const { batch } = this.cycle
    const due = this.dueAt(Math.min(now, this.endAt))
    const written = this.cursor.sent / batch
    if (due > written) {
      this.onWrite(this.cursor.sent, () => {
        this.socketFull = !this.cursor.write(Math.min(this.messagesMax, due - written))
      })
      for (let message = written; message < this.cursor.sent / batch; message++) {
        const lateness = message < this.heldUntil ? this.heldBack : this.late
        lateness.note(now - this.startAt - message * this.intervalMs, 1)
      }
    }
    return now < this.endAt || this.unsent > 0
  }

  /** Messages that are due at a moment. */
  private dueAt(now: number): number {
    return Math.max(0, Math.floor((now - this.startAt) / this.intervalMs) + 1)
  }
}
