import type { NamedCounts } from './questions.js'

interface Entry {
  readonly name: string
  readonly count: number
}

/** Of many names those with the highest counts: a heap with the lowest of them on top, so that nothing has to be sorted. */
export class Most {
  private readonly heap: Entry[] = []

  constructor(private readonly max: number) {}

  add(name: string, count: number): void {
    const { heap } = this
    if (heap.length < this.max) {
      heap.push({ name, count })
      this.rise(heap.length - 1)
    } else if (heap.length > 0 && count > heap[0].count) {
      heap[0] = { name, count }
      this.sink()
    }
  }

  private rise(from: number): void {
    const { heap } = this
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (heap[parent].count <= heap[at].count) return
      swap(heap, at, parent)
      at = parent
    }
  }

  private sink(): void {
    const { heap } = this
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && heap[child].count < heap[least].count) least = child
      }
      if (least === at) return
      swap(heap, at, least)
      at = least
    }
  }

  /** In no order. */
  get found(): NamedCounts {
    return {
      names: this.heap.map(({ name }) => name).join('\n'),
      counts: Float64Array.from(this.heap, ({ count }) => count),
    }
  }
}

function swap(heap: Entry[], a: number, b: number): void {
  const entry = heap[a]
  heap[a] = heap[b]
  heap[b] = entry
}
