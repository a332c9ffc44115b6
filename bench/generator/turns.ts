import type { Pump } from './pump.js'

/** Gives each pump its turn once a loop turn, so that reads are served between writes. Sleeps when all pumps wait. */
export class Turns {
  private scheduled = false
  private stopped = false

  constructor(private readonly pumps: readonly Pump[]) {
    for (const pump of pumps) pump.onReady = () => this.schedule()
  }

  start(): void {
    this.schedule()
  }

  stop(): void {
    this.stopped = true
  }

  private schedule(): void {
    if (this.scheduled || this.stopped) return
    this.scheduled = true
    setImmediate(() => this.run())
  }

  private run(): void {
    this.scheduled = false
    if (this.stopped) return
    const now = performance.now()
    let again = false
    for (const pump of this.pumps) if (pump.turn(now)) again = true
    if (again) this.schedule()
  }
}
