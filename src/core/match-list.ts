import type { PatternNode } from './patterns.js'
import type { Subscription } from './subscription.js'

/**
 * The receivers of the topics that match the same set of patterns. Interned: topics with equal matches share one list, so that events
 * of different topics for the same receivers can be one run.
 */
export class MatchList {
  /** Set when a pattern's subscriptions changed; the next use rebuilds. */
  stale = true
  private current: readonly Subscription[] = []
  /** Lists that have one pattern more than this one. */
  readonly longer = new Map<PatternNode, MatchList>()

  constructor(
    readonly id: number,
    readonly nodes: readonly PatternNode[],
    readonly shorter: MatchList | null,
  ) {}

  /** One per session, the subscription that was made first. A new array whenever it changes: whoever walks the old one may go on. */
  get receivers(): readonly Subscription[] {
    if (this.stale) this.rebuild()
    return this.current
  }

  private rebuild(): void {
    this.stale = false
    if (this.nodes.length === 1) {
      this.current = [...this.nodes[0].subscriptions]
      return
    }
    const first = new Map<object, Subscription>()
    for (const node of this.nodes) {
      for (const subscription of node.subscriptions) {
        const known = first.get(subscription.session)
        if (known === undefined || subscription.order < known.order) first.set(subscription.session, subscription)
      }
    }
    this.current = [...first.values()]
  }
}
