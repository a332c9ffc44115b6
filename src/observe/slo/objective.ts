import { type LatencyCounts, latencyBucket, Stage } from '../../core/latency.js'
import type { SloSettings } from '../settings.js'
import { BURN_WINDOWS, type BurnWindow, type SloStats } from '../stats.js'
import { type AlertWindow, budgetLeft, burnRate, judge, WINDOW_MS } from './burn.js'
import { History } from './history.js'
import { RecentSum, RowReader } from './row.js'

const DAY_MS = 86_400_000
/** Whoever is told that it is better is not to be told the opposite a second later: no rule must have held for so long. */
const RECOVERY_MS = 60_000
/** Ticks over which it is found out where the time goes. */
export const RECENT_TICKS = 60

/** What has become of an objective's state. */
export interface Change {
  readonly previous: SloStats['state']
  readonly state: SloStats['state']
}

/**
 * One objective: counts its events once a second, and judges. An event is good when it took less than the threshold, rounded down to a bucket of
 * the counters (1/128 of it); on stage delivery an event counts once per receiver, when it has left, and what was dropped or expired is not good.
 */
export class Objective {
  readonly history: History
  /** Since the start. */
  good = 0
  total = 0
  private state: SloStats['state'] = 'ok'
  private fineSince = Number.POSITIVE_INFINITY
  private row: RowReader
  private routing: RowReader
  private delivery: RowReader
  private routingMs = new RecentSum(RECENT_TICKS)
  private deliveryMs = new RecentSum(RECENT_TICKS)
  private lostBefore = 0
  private current: SloStats

  constructor(
    readonly settings: SloSettings,
    private readonly counts: LatencyCounts,
  ) {
    const { stage, topicClass, thresholdMs, windowDays } = settings
    this.history = new History(windowDays)
    const timed = stage === 'routing' ? Stage.ROUTING : Stage.DELIVERY
    this.row = new RowReader(counts.ofClass(timed, topicClass), latencyBucket(thresholdMs))
    this.routing = new RowReader(counts.ofClass(Stage.ROUTING, topicClass))
    this.delivery = new RowReader(counts.ofClass(Stage.DELIVERY, topicClass))
    this.current = this.statsAt(0)
  }

  /** What has come until now has been counted by somebody else. */
  skip(): void {
    for (const row of [this.row, this.routing, this.delivery]) row.skip()
    this.readLost()
  }

  /** Whether what it has counted is what another one is to count. */
  asksAs({ name, topics, stage, thresholdMs, topicClass }: SloSettings): boolean {
    const own = this.settings
    return (
      own.name === name &&
      own.topics === topics &&
      own.stage === stage &&
      own.thresholdMs === thresholdMs &&
      own.topicClass === topicClass
    )
  }

  /** Goes on where one leaves off that has asked the same question, and was judged otherwise. */
  follow(before: Objective): void {
    this.history.restore(before.history.save())
    this.good = before.good
    this.total = before.total
    this.state = before.state
    this.fineSince = before.fineSince
    this.row = before.row
    this.routing = before.routing
    this.delivery = before.delivery
    this.routingMs = before.routingMs
    this.deliveryMs = before.deliveryMs
    this.lostBefore = before.lostBefore
    this.current = before.current
  }

  get stats(): SloStats {
    return this.current
  }

  /** Milliseconds that its events have waited for receivers lately, beyond what routing took. */
  get waitingMs(): number {
    return Math.max(0, this.deliveryMs.sum - this.routingMs.sum)
  }

  /**
   * @param atMs of a clock that runs on over a restart
   * @returns what has changed, or null
   */
  tick(atMs: number): Change | null {
    const { below, total: timed } = this.row.read()
    const total = timed + this.readLost()
    this.routingMs.push(this.routing.read().ms)
    this.deliveryMs.push(this.delivery.read().ms)
    this.good += below
    this.total += total
    this.history.add(atMs, { good: below, total })
    const previous = this.state
    this.state = this.settled(atMs)
    this.current = this.statsAt(atMs)
    return this.state === previous ? null : { previous, state: this.state }
  }

  /** Deliveries that were never made, since it was read before: the router has done its part of those. */
  private readLost(): number {
    const { stage, topicClass } = this.settings
    if (stage === 'routing') return 0
    const lost = this.counts.lostOfClass(topicClass)
    const since = (lost - this.lostBefore) >>> 0
    this.lostBefore = lost
    return since
  }

  private settled(atMs: number): SloStats['state'] {
    const found = judge((window) => this.over(atMs, window), this.settings.objective)
    if (severity(found) >= severity(this.state)) {
      this.fineSince = Number.POSITIVE_INFINITY
      return found
    }
    this.fineSince = Math.min(this.fineSince, atMs)
    return atMs - this.fineSince >= RECOVERY_MS ? found : this.state
  }

  private over(atMs: number, window: AlertWindow) {
    return this.history.over(atMs, WINDOW_MS[window])
  }

  private statsAt(atMs: number): SloStats {
    const { name, topics, stage, thresholdMs, objective, windowDays } = this.settings
    const counted = this.history.over(atMs, windowDays * DAY_MS)
    const burn = Object.fromEntries(
      BURN_WINDOWS.map((window) => [window, burnRate(this.over(atMs, window), objective)]),
    ) as Record<BurnWindow, number>
    return {
      name,
      topics,
      stage,
      thresholdMs,
      objective,
      windowDays,
      ...counted,
      budgetLeft: budgetLeft(counted, objective),
      burn,
      state: this.state,
    }
  }
}

export function severity(state: SloStats['state']): number {
  return ['ok', 'ticket', 'page'].indexOf(state)
}
