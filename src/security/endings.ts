/** So many in one turn of the loop, about a millisecond: others have events to send meanwhile. */
const AT_A_TIME = 16

/** Connections that are to end, as many as they are: those of a crowd one after the other, with turns of the loop between. */
export class Endings<T> {
  private waiting: T[] = []
  private at = 0

  constructor(private readonly end: (item: T) => void) {}

  /** The first ones end before this returns. */
  add(items: readonly T[]): void {
    if (items.length === 0) return
    const isUnderWay = this.waiting.length > 0
    this.waiting.push(...items)
    if (!isUnderWay) this.some()
  }

  private readonly some = (): void => {
    const until = Math.min(this.at + AT_A_TIME, this.waiting.length)
    while (this.at < until) this.end(this.waiting[this.at++])
    if (this.at < this.waiting.length) {
      setImmediate(this.some)
      return
    }
    this.waiting = []
    this.at = 0
  }
}
