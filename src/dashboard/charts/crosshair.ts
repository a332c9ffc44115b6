/** The moment that the reader points at, in seconds since 1970: one for all charts. */
export class Crosshair {
  time: number | null = null
  private readonly listeners: ((time: number | null, origin: unknown) => void)[] = []

  onMove(run: (time: number | null, origin: unknown) => void): void {
    this.listeners.push(run)
  }

  /** @param origin the chart that the reader points into */
  move(time: number | null, origin: unknown): void {
    if (time === this.time) return
    this.time = time
    for (const run of this.listeners) run(time, origin)
  }
}
