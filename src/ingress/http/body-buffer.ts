export const NO_BYTES = new Uint8Array(0)
const BYTES_MIN = 1024

/** Gathers a body that must be whole before it is looked at. */
export class BodyBuffer {
  private buffer = NO_BYTES
  private length = 0

  constructor(private readonly bytesMax: number) {}

  /** Copies a part. False, and nothing taken, when the body would be longer than it may be. */
  append(part: Uint8Array): boolean {
    const need = this.length + part.length
    if (need > this.bytesMax) return false
    if (need > this.buffer.length) {
      // Never more than twice what has come, whatever the head of the request announced.
      const grown = new Uint8Array(Math.min(this.bytesMax, Math.max(BYTES_MIN, 2 * need)))
      grown.set(this.bytes)
      this.buffer = grown
    }
    this.buffer.set(part, this.length)
    this.length = need
    return true
  }

  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}
