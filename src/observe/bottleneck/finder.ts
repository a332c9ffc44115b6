import type { Bottleneck, Limit } from '../stats.js'
import type { Finding } from './findings.js'

/** A limit is replaced at once by one that presses so many times harder; between those that are alike, the first one stays. */
const MARGIN = 1.3
/** Seconds for which a weak limit must be seen before it is named, and a past one not be seen before it is let go. */
const SEEN_BEFORE_NAMED = 2
const UNSEEN_BEFORE_LET_GO = 3

/**
 * Names one limit out of what was found, and stays with it: what flickers tells nobody anything. A limit that is clear is named at once, one that is barely
 * there when it is there twice; it is let go when it was not there three times.
 */
export class Finder {
  current: Bottleneck
  private unseen = 0
  private challenger: Limit = 'idle'
  private seen = 0

  constructor(at: number) {
    this.current = { limit: 'idle', says: 'has just started', share: 0, since: at, subscriber: null }
  }

  /**
   * @param at milliseconds since 1970
   * @returns whether the limit, or the subscriber that it is about, is another one than before
   */
  update(findings: readonly Finding[], at: number): boolean {
    const held = findings.find(({ limit }) => limit === this.current.limit) ?? null
    const best = findings.reduce((most, finding) => (finding.pressure > most.pressure ? finding : most))
    const named = this.choose(held, best)
    if (named === null) return false
    const { limit, says, share, subscriber } = named
    const isOther =
      limit !== this.current.limit || (subscriber?.session ?? null) !== (this.current.subscriber?.session ?? null)
    const since = limit === this.current.limit ? this.current.since : at
    this.current = { limit, says, share, since, subscriber }
    return isOther
  }

  /** What to name now; null for the one before as it was, because it is not there at the moment. */
  private choose(held: Finding | null, best: Finding): Finding | null {
    const isHeld = held !== null && held.pressure >= 1
    this.unseen = isHeld ? 0 : this.unseen + 1
    if (best === held) {
      this.seen = 0
      return best
    }
    // Nobody needs to be told quickly that nothing is the matter any more.
    if (best.limit === 'idle') {
      this.seen = 0
      if (this.unseen < UNSEEN_BEFORE_LET_GO) return null
      this.unseen = 0
      return best
    }
    this.seen = best.limit === this.challenger ? this.seen + 1 : 1
    this.challenger = best.limit
    const isClear = best.pressure >= MARGIN * (isHeld ? held.pressure : 1)
    const isSeen = this.seen >= SEEN_BEFORE_NAMED && (this.current.limit === 'idle' || !isHeld)
    if (!isClear && !isSeen) return isHeld ? held : null
    this.seen = 0
    this.unseen = 0
    return best
  }
}
