const HEAD_BYTES = 32

/** What a worker shows while it runs, so that the input is known that it hangs in or dies of. */
export class SharedState {
  private readonly counts: Float64Array
  private readonly bytes: Uint8Array

  static make(bytesMax: number): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + bytesMax)
  }

  constructor(memory: SharedArrayBuffer) {
    this.counts = new Float64Array(memory, 0, HEAD_BYTES / 8)
    this.bytes = new Uint8Array(memory, HEAD_BYTES)
  }

  begin(input: Uint8Array): void {
    this.bytes.set(input)
    this.counts[1] = input.length
    this.counts[2] = 1
  }

  end(): void {
    this.counts[0]++
    this.counts[2] = 0
  }

  /** Runs that have ended. */
  get runs(): number {
    return this.counts[0]
  }

  /** Whether a run is under way. */
  get isRunning(): boolean {
    return this.counts[2] === 1
  }

  /** The input of the last run, ended or not. */
  get input(): Buffer {
    return Buffer.from(this.bytes.slice(0, this.counts[1]))
  }
}
