import type { PatternNode } from './patterns.js'
import type { Rules } from './rules.js'
import type { Subscription } from './subscription.js'

/** What all match lists together hold: lists, patterns and receivers, to be bounded as one. */
export interface MatchSize {
  entries: number
}

/**
 * The receivers of the topics that match the same set of patterns. Interned: topics with equal matches share one list, so that events
 * of different topics for the same receivers can be one run. A list is the one of a pattern less, and that pattern.
 */
export class MatchList {
  /** Set when a pattern's subscriptions changed; the next use rebuilds. */
  stale = true
  /** Classes of the topics that have this list, a bit mask. */
  readonly classes: number
  /** Lists that have one pattern more than this one. */
  readonly longer = new Map<PatternNode, MatchList>()
  private current: readonly Subscription[] = []
  /** The largest order among the receivers, -1 without any. */
  private newest = -1
  /** Given up: only runs that were accepted before still hold it. Nobody tells it of changes, so it is always stale. */
  private dropped = false
  /** Entries of `size` that are this list's. */
  private weight = 0

  constructor(
    readonly id: number,
    /** The last pattern; null in the list of nobody. */
    readonly node: PatternNode | null,
    readonly shorter: MatchList | null,
    private readonly size: MatchSize,
  ) {
    this.classes = (shorter?.classes ?? 0) | (node?.classes ?? 0)
    this.weigh(1)
  }

  /** One per session, the subscription that was made first. A new array whenever it changes: whoever walks the old one may go on. */
  get receivers(): readonly Subscription[] {
    if (this.stale) this.rebuild()
    return this.current
  }

  /**
   * The receivers of an event that was accepted when so many subscriptions had been made. Those made since do not get it: it could come to them
   * by another subscription of their session than the events after it, and be overtaken by those.
   */
  receiversOf(subscriptionsMade: number): readonly Subscription[] {
    const { receivers } = this
    return this.newest < subscriptionsMade ? receivers : receivers.filter(({ order }) => order < subscriptionsMade)
  }

  private rebuild(): void {
    this.stale = this.dropped
    const nodes = this.nodes()
    this.current = permitted(nodes.length === 1 ? [...nodes[0].subscriptions] : governing(nodes), nodes)
    this.newest = this.current.reduce((newest, { order }) => Math.max(newest, order), -1)
    if (this.dropped) return
    for (const node of nodes) node.lists.add(this)
    this.weigh(1 + nodes.length + this.current.length)
  }

  private nodes(): PatternNode[] {
    const nodes: PatternNode[] = []
    for (let list: MatchList | null = this; list !== null; list = list.shorter) {
      if (list.node !== null) nodes.push(list.node)
    }
    return nodes
  }

  private weigh(weight: number): void {
    this.size.entries += weight - this.weight
    this.weight = weight
  }

  /** No topic refers to it any more. */
  drop(): void {
    this.dropped = true
    this.stale = true
    // One that was never used is no more than a step to longer ones, and noted nowhere.
    if (this.weight > 1) for (const node of this.nodes()) node.lists.delete(this)
    this.weigh(0)
  }
}

/** Those whose sessions may receive what has this list. The patterns of their rules are among the nodes if they match. */
function permitted(subscriptions: Subscription[], nodes: readonly PatternNode[]): Subscription[] {
  if (subscriptions.every(({ session }) => session.access.subscribe === null)) return subscriptions
  const patterns = new Set(nodes.map(({ pattern }) => pattern))
  const verdicts = new Map<Rules, boolean>()
  return subscriptions.filter(({ session }) => {
    const rules = session.access.subscribe
    if (rules === null) return true
    const known = verdicts.get(rules)
    if (known !== undefined) return known
    const verdict = rules.permitsMatched(patterns)
    verdicts.set(rules, verdict)
    return verdict
  })
}

function governing(nodes: readonly PatternNode[]): Subscription[] {
  const first = new Map<object, Subscription>()
  for (const node of nodes) {
    for (const subscription of node.subscriptions) {
      const known = first.get(subscription.session)
      if (known === undefined || subscription.order < known.order) first.set(subscription.session, subscription)
    }
  }
  return [...first.values()]
}
