/**
 * A cache of at most 2 × `half` entries. Two generations: what was not asked for while `half` others were added is forgotten. Cheaper than a list of
 * recent use, and a scan over many keys costs one Map, not one eviction each.
 */
export class BoundedMap<K, V> {
  private readonly half: number
  private young = new Map<K, V>()
  private old = new Map<K, V>()

  constructor(half: number) {
    this.half = half
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  get(key: K): V | undefined {
    const value = this.young.get(key)
    if (value !== undefined) return value
    const aged = this.old.get(key)
    if (aged !== undefined) {
      this.old.delete(key)
      this.set(key, aged)
    }
    return aged
  }

  set(key: K, value: V): void {
    if (this.young.size >= this.half && !this.young.has(key)) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, value)
  }
}
