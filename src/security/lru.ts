/** A map that forgets what was not asked for the longest when it is full. */
export class Lru<K, V> {
  private readonly places = new Map<K, V>()

  constructor(private readonly sizeMax: number) {}

  get size(): number {
    return this.places.size
  }

  get(key: K): V | undefined {
    const value = this.places.get(key)
    if (value === undefined) return undefined
    this.places.delete(key)
    this.places.set(key, value)
    return value
  }

  set(key: K, value: V): void {
    this.places.delete(key)
    this.places.set(key, value)
    if (this.places.size <= this.sizeMax) return
    for (const oldest of this.places.keys()) {
      this.places.delete(oldest)
      return
    }
  }

  delete(key: K): void {
    this.places.delete(key)
  }

  clear(): void {
    this.places.clear()
  }
}
