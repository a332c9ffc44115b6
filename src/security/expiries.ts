const SECOND_MS = 1000

/** What ends when, by the second, without a timer for each. */
export class Expiries<T> {
  private readonly seconds = new Map<number, Set<T>>()
  /** Nothing is due before this second. */
  private from = Number.POSITIVE_INFINITY

  /** @param at milliseconds since 1970; 0: never */
  add(item: T, at: number): void {
    if (at === 0) return
    const second = Math.ceil(at / SECOND_MS)
    const items = this.seconds.get(second)
    if (items === undefined) this.seconds.set(second, new Set([item]))
    else items.add(item)
    this.from = Math.min(this.from, second)
  }

  /** @param at as it was added with */
  delete(item: T, at: number): void {
    const second = Math.ceil(at / SECOND_MS)
    const items = this.seconds.get(second)
    if (items?.delete(item) && items.size === 0) this.seconds.delete(second)
  }

  /** Takes out what has ended. @param now milliseconds since 1970 */
  take(now: number): T[] {
    const second = Math.floor(now / SECOND_MS)
    if (second < this.from) return []
    const taken: T[] = []
    for (const [at, items] of this.seconds) {
      if (at > second) continue
      taken.push(...items)
      this.seconds.delete(at)
    }
    this.from = second + 1
    return taken
  }
}
