import type { Pump } from './pump.js'

/** Of ten thousand publishers, those that write in one turn of the loop: the subscriber is read in between. */
const PUMPS_A_TURN = 256

/** Gives pumps their turns, in the order in which they became ready, so that reads are served between writes and none is left out. Sleeps when all pumps wait. */
export class Turns {
  private readonly ready: Set<Pump>
  private scheduled = false
  private stopped = false

  constructor(pumps: readonly Pump[]) {
    this.ready = new Set(pumps)
    for (const pump of pumps) {
      pump.onReady = () => {
        this.ready.add(pump)
        this.schedule()
      }
    }
  }

  start(): void {
    this.schedule()
  }

  stop(): void {
    this.stopped = true
  }

  /** A turn of some pumps in the midst of a turn of the loop. */
  between(pumps: readonly Pump[]): void {
    if (this.stopped) return
    const now = performance.now()
    for (const pump of pumps) pump.turn(now)
  }

  private schedule(): void {
    if (this.scheduled || this.stopped) return
    this.scheduled = true
    setImmediate(() => this.run())
  }

  private run(): void {
    this.scheduled = false
    if (this.stopped) return
    const { ready } = this
    const now = performance.now()
    let left = Math.min(ready.size, PUMPS_A_TURN)
    for (const pump of ready) {
      if (left-- === 0) break
      ready.delete(pump)
      // Behind all others that are ready.
      if (pump.turn(now)) ready.add(pump)
    }
    if (ready.size > 0) this.schedule()
  }
}
