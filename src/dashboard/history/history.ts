import { HEAT_BUCKETS, type StatsPoint } from '../../observe/stats.js'
import { COLUMNS, type Column } from './columns.js'

/** The longest range that can be looked at, and a minute so that its left edge is never bare. */
export const HISTORY_S = 3600 + 60

/** A step of the daemon's clock back by more than this begins the history anew; less is two seconds in one. */
const CLOCK_STEP_MS = 5000

/** The figures of the last hour, one slot to the second, in memory that is fixed at the start: 2.8 MB. */
export class History {
  /** Milliseconds since 1970 of what is in a slot; 0 when there is nothing. */
  readonly stamps = new Float64Array(HISTORY_S)
  readonly heat = new Float32Array(HISTORY_S * HEAT_BUCKETS)
  /** Milliseconds since 1970 of the newest figures; 0 when there are none. */
  newestMs = 0
  private readonly columns = new Map<string, { readonly column: Column; readonly values: Float32Array }>(
    COLUMNS.map((column) => [column.name, { column, values: new Float32Array(HISTORY_S).fill(Number.NaN) }]),
  )

  /**
   * In any order: what comes from the past and what comes live meet by their time.
   * @param stepS seconds that the point stands for, up to its time; where one of them is known by itself, that stays
   */
  put(point: StatsPoint, stepS = 1): void {
    for (let back = 0; back < stepS; back++) {
      const atMs = point.at - back * 1000
      if (stepS === 1 || this.slotOf(Math.floor(atMs / 1000)) < 0) this.putSecond(point, atMs)
    }
  }

  private putSecond(point: StatsPoint, atMs: number): void {
    if (atMs <= this.newestMs - HISTORY_S * 1000) return
    const slot = Math.floor(atMs / 1000) % HISTORY_S
    this.stamps[slot] = atMs
    for (const { column, values } of this.columns.values()) values[slot] = column.pick(point) ?? Number.NaN
    const start = slot * HEAT_BUCKETS
    for (let i = 0; i < HEAT_BUCKETS; i++) this.heat[start + i] = point.heat[i] ?? 0
    if (atMs > this.newestMs) this.newestMs = atMs
  }

  /** The same for what has just happened: if it is older than what was there, the daemon's clock was set back, and what was there is of no time now. */
  putLive(stats: StatsPoint): void {
    if (stats.at < this.newestMs - CLOCK_STEP_MS) this.clear()
    this.put(stats)
  }

  clear(): void {
    this.stamps.fill(0)
    this.newestMs = 0
  }

  /** As it is now, for who wants to look at it for longer. */
  copy(): History {
    const other = new History()
    other.stamps.set(this.stamps)
    other.heat.set(this.heat)
    other.newestMs = this.newestMs
    for (const [name, { values }] of this.columns) other.columns.get(name)?.values.set(values)
    return other
  }

  /** The slot of a second since 1970, or -1 when nothing is known of it. */
  slotOf(second: number): number {
    const slot = second % HISTORY_S
    return Math.floor(this.stamps[slot] / 1000) === second ? slot : -1
  }

  /** Throws for a name that is not in COLUMNS. */
  column(name: string): { readonly column: Column; readonly values: Float32Array } {
    const column = this.columns.get(name)
    if (column === undefined) throw new Error(`no column ${name}`)
    return column
  }
}
