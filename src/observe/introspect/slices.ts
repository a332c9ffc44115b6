/** A walk over many things goes on for so long before others have their turn. */
const SLICE_MS = 0.2
/** Between two looks at the clock. */
const STRIDE = 32

/**
 * Walks over many things on the routing thread, some in each turn of the event loop, and over one lot at a time, however many ask: events
 * go on in between.
 */
export class Slices {
  private last: Promise<unknown> = Promise.resolve()

  /** @param visit each; what is added to, or taken from, `items` meanwhile may be seen or not */
  each<Item>(items: () => Iterable<Item>, visit: (item: Item) => void): Promise<void> {
    return this.queued(async () => {
      let until = performance.now() + SLICE_MS
      let left = STRIDE
      for (const item of items()) {
        visit(item)
        if (--left > 0) continue
        left = STRIDE
        if (performance.now() < until) continue
        await turn()
        until = performance.now() + SLICE_MS
      }
    })
  }

  /** Calls `step` until it answers false. */
  steps(step: () => boolean): Promise<void> {
    return this.queued(async () => {
      let until = performance.now() + SLICE_MS
      while (step()) {
        if (performance.now() < until) continue
        await turn()
        until = performance.now() + SLICE_MS
      }
    })
  }

  private queued(walk: () => Promise<void>): Promise<void> {
    const done = this.last.then(walk)
    // One that fails holds up nobody behind it.
    this.last = done.catch(() => {})
    return done
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
