/** How many bytes of deliveries are under way, over all streams and subscribers of a flow. */
export class InFlight {
  private received = 0
  private expected = 0
  private waiting: (() => void)[] = []

  constructor(private readonly bytesMax: number) {}

  /** Bytes of deliveries that have come so far. */
  get receivedBytes(): number {
    return this.received
  }

  /** Bytes that subscribers will get for what was just published. */
  published(bytes: number): void {
    this.expected += bytes
  }

  get full(): boolean {
    return this.expected - this.received > this.bytesMax
  }

  /** Deliveries came in. */
  took(bytes: number): void {
    this.received += bytes
    // Looked at with every read, so that it must not cost a walk over all publishers.
    if (this.waiting.length === 0 || this.expected - this.received >= this.bytesMax / 2) return
    const woken = this.waiting
    this.waiting = []
    for (const goOn of woken) goOn()
  }

  /** Calls once when half of what may be under way is free again; those who wait longest are called first. */
  onceOpen(goOn: () => void): void {
    this.waiting.push(goOn)
  }
}
