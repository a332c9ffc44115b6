import type { PatternNode } from './patterns.js'
import type { Subscription } from './subscription.js'

/**
 * The receivers of the topics that match the same set of patterns. Interned: topics with equal matches share one list, so that runs
 * of different topics for the same receivers can be delivered as one.
 */
export class MatchList {
  /** One per session, the subscription that was made first. A new array whenever it changes: a drain may walk the old one. */
  receivers: readonly Subscription[] = []
  /** Set when a pattern's subscriptions changed; the next look-up rebuilds. */
  stale = true
  /** Lists that have one pattern more than this one. */
  readonly longer = new Map<PatternNode, MatchList>()

  constructor(
    readonly id: number,
    readonly nodes: readonly PatternNode[],
    readonly shorter: MatchList | null,
  ) {}

  rebuild(): void {
    this.stale = false
    if (this.nodes.length === 1) {
      this.receivers = [...this.nodes[0].subscriptions]
      return
    }
    const first = new Map<object, Subscription>()
    for (const node of this.nodes) {
      for (const subscription of node.subscriptions) {
        const known = first.get(subscription.session)
        if (known === undefined || subscription.order < known.order) first.set(subscription.session, subscription)
      }
    }
    this.receivers = [...first.values()]
  }
}
