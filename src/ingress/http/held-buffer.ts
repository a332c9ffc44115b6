import type { Budget } from '../../core/budget.js'

export const NO_BYTES = new Uint8Array(0)

/** Smallest piece of memory that is worth having. */
const BYTES_MIN = 1024
/** A buffer that one long frame or line has grown beyond this is given back when it is empty. */
const RETAINED_BYTES_MAX = 4096

/** Keeps of a body what cannot be dealt with yet. */
export class HeldBuffer {
  length = 0
  private buffer = NO_BYTES

  constructor(private readonly held: Budget) {}

  /**
   * Copies bytes[start, end) behind what there is.
   * @returns false, and nothing is taken, when there is no room for it
   */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const need = this.length + end - start
    const { buffer } = this
    if (need > buffer.length) {
      // By doubling: never more than twice what has come, whatever was announced.
      const capacity = Math.max(BYTES_MIN, 2 * need)
      if (!this.held.take(capacity - buffer.length)) return false
      this.buffer = new Uint8Array(capacity)
      this.buffer.set(buffer.subarray(0, this.length))
    }
    this.buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.length)
    this.length = need
    return true
  }

  /** Holds until the next change. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
    if (this.buffer.length > RETAINED_BYTES_MAX) this.free()
  }

  /** To be called when the request is over. */
  free(): void {
    this.held.give(this.buffer.length)
    this.buffer = NO_BYTES
    this.length = 0
  }
}
