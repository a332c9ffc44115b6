/** So much of the subscribers' own time may be under way: more would not make a slow peer faster, and it would take long to end. */
const WINDOW_MS = 200
/** How often it is looked at what they take. */
const LOOK_MS = 50
const WINDOW_BYTES_MIN = 4 * 1024 * 1024

/** How many bytes of deliveries are under way, over all streams and subscribers of a flow. */
export class InFlight {
  private received = 0
  private expected = 0
  private waiting: (() => void)[] = []
  private window: number
  private lookedAt = performance.now()
  private receivedThen = 0

  constructor(private readonly bytesMax: number) {
    this.window = Number.isFinite(bytesMax) ? Math.min(bytesMax, WINDOW_BYTES_MIN) : bytesMax
  }

  /** Bytes that may be under way. It grows with what subscribers take, up to what the flow allows. */
  get windowBytes(): number {
    return this.window
  }

  /** Bytes of deliveries that have come so far. */
  get receivedBytes(): number {
    return this.received
  }

  /** Bytes that subscribers will get for what was just published. */
  published(bytes: number): void {
    this.expected += bytes
  }

  get full(): boolean {
    if (this.window < this.bytesMax) this.look(performance.now())
    return this.expected - this.received > this.window
  }

  /** Deliveries came in. */
  took(bytes: number): void {
    this.received += bytes
    // Looked at with every read, so that it must not cost a walk over all publishers.
    if (this.waiting.length === 0 || this.expected - this.received >= this.window / 2) return
    const woken = this.waiting
    this.waiting = []
    for (const goOn of woken) goOn()
  }

  /** Calls once when half of what may be under way is free again; those who wait longest are called first. */
  onceOpen(goOn: () => void): void {
    this.waiting.push(goOn)
  }

  private look(now: number): void {
    const passedMs = now - this.lookedAt
    if (passedMs < LOOK_MS) return
    const taken = ((this.received - this.receivedThen) / passedMs) * WINDOW_MS
    this.window = Math.min(this.bytesMax, Math.max(this.window, taken))
    this.lookedAt = now
    this.receivedThen = this.received
  }
}
