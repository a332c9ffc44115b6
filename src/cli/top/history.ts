import type { Stats, StatsPoint } from '../../observe/stats.js'

/** As many seconds as the widest terminal has columns. */
export const SECONDS_MAX = 600
const SECOND_MS = 1000

export interface Point {
  readonly at: number
  readonly accepted: number
  readonly delivered: number
  readonly dropped: number
  /** Null where nothing was delivered. */
  readonly routingP99Ms: number | null
  readonly deliveryP99Ms: number | null
}

/** What the figures of the last minutes were, one point a second; a second of which nothing was heard is a point without figures. */
export class History {
  readonly #points: (Point | null)[] = []
  #pid = 0
  #sequence = 0

  /** The latest last. */
  get points(): readonly (Point | null)[] {
    return this.#points
  }

  /** Those of another process begin anew; those that are not newer are known already. */
  add(stats: Stats): void {
    const { pid } = stats.server
    if (pid !== this.#pid && this.#points.length > 0) this.#push(null)
    else if (stats.sequence <= this.#sequence) return
    else if (this.#points.length > 0) this.#skip(stats.sequence - this.#sequence - 1)
    this.#pid = pid
    this.#sequence = stats.sequence
    this.#push(pointOf(stats))
  }

  /** Takes what was before all that is here: oldest first, of the same process. */
  precede(earlier: readonly StatsPoint[]): void {
    const firstAt = this.#points.find((point) => point !== null)?.at ?? Number.POSITIVE_INFINITY
    const points: (Point | null)[] = []
    let at = 0
    for (const each of earlier) {
      if (each.at > firstAt - SECOND_MS / 2) break
      const missing = points.length === 0 ? 0 : Math.round((each.at - at) / SECOND_MS) - 1
      for (let i = 0; i < Math.min(missing, SECONDS_MAX); i++) points.push(null)
      points.push(pointOf(each))
      at = each.at
    }
    this.#points.unshift(...points)
    this.#points.splice(0, Math.max(0, this.#points.length - SECONDS_MAX))
  }

  /** A copy that does not go on. */
  frozen(): History {
    const copy = new History()
    copy.#points.push(...this.#points)
    copy.#pid = this.#pid
    copy.#sequence = this.#sequence
    return copy
  }

  #skip(seconds: number): void {
    for (let i = 0; i < Math.min(seconds, SECONDS_MAX); i++) this.#push(null)
  }

  #push(point: Point | null): void {
    this.#points.push(point)
    if (this.#points.length > SECONDS_MAX) this.#points.shift()
  }
}

function pointOf({ at, rates, stages }: StatsPoint): Point {
  return {
    at,
    accepted: rates.accepted,
    delivered: rates.delivered,
    dropped: rates.dropped,
    routingP99Ms: stages.routing?.p99Ms ?? null,
    deliveryP99Ms: stages.delivery?.p99Ms ?? null,
  }
}
