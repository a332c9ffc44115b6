import type { Span } from '../history/span.js'

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

  /** Arrow keys, Home and End go from point to point of a chart, Escape takes the crosshair away. */
  moveByKey(event: KeyboardEvent, span: Span | null): void {
    if (span === null || span.times.length === 0) return
    const last = span.times.length - 1
    const at = this.time === null ? last : span.nearest(this.time)
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }
    if (event.key === 'Escape') this.move(null, null)
    const to = steps[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.move(span.times[Math.min(last, Math.max(0, to))], null)
  }
}
