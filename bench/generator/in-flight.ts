/** How many bytes of deliveries are under way, over all streams and subscribers of a flow. */
export class InFlight {
  received = 0
  private expected = 0

  constructor(private readonly bytesMax: number) {}

  /** Bytes that subscribers will get for what was just published. */
  published(bytes: number): void {
    this.expected += bytes
  }

  get full(): boolean {
    return this.expected - this.received > this.bytesMax
  }

  get open(): boolean {
    return this.expected - this.received < this.bytesMax / 2
  }
}
