import {
  constants,
  type EventLoopUtilization,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import type { LoopSample } from '../sample.js'

/** A timer that is due this often shows by how late it is what holds the loop; it costs some microseconds each time. */
const LAG_RESOLUTION_MS = 5

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

/** As Node has them; its types leave the detail out. */
interface GcEntry {
  readonly duration: number
  readonly detail: { readonly kind: number }
}

interface Pauses {
  count: number
  ms: number
}

/** Watches the event loop of the thread that it is made on. */
export class LoopWatch {
  private readonly delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
  private readonly gc: Record<string, Pauses> = Object.fromEntries(
    Object.values(GC_KINDS).map((kind) => [kind, { count: 0, ms: 0 }]),
  )
  private readonly collector = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as unknown as GcEntry[]) {
      const pauses = this.gc[GC_KINDS[detail.kind]]
      if (pauses === undefined) continue
      pauses.count++
      pauses.ms += duration
      if (duration > this.gcMaxMs) this.gcMaxMs = duration
    }
  })
  private gcMaxMs = 0
  private before: EventLoopUtilization = performance.eventLoopUtilization()

  constructor() {
    this.delay.enable()
    this.collector.observe({ entryTypes: ['gc'] })
  }

  /** What was since the interval began. */
  read(): LoopSample {
    const { utilization } = performance.eventLoopUtilization(this.before)
    const { delay, gc, gcMaxMs } = this
    return {
      lagP50Ms: lateness(delay.percentile(50)),
      lagP99Ms: lateness(delay.percentile(99)),
      lagMaxMs: lateness(delay.max),
      utilization,
      gc,
      gcMaxMs,
      // Of the process, not of this thread: whoever takes the sample up fills it in.
      cpuUserS: 0,
      cpuSystemS: 0,
    }
  }

  beginInterval(): void {
    this.before = performance.eventLoopUtilization()
    this.delay.reset()
    this.gcMaxMs = 0
  }

  close(): void {
    this.delay.disable()
    this.collector.disconnect()
  }
}

/** The monitor tells how far apart its timers were; 0 while it has seen none. */
function lateness(apartNs: number): number {
  return Math.max(0, apartNs / 1e6 - LAG_RESOLUTION_MS)
}
