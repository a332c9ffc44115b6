import type { Budget } from '../../../core/budget.js'
import type { BufferPool } from './buffer-pool.js'

/** Room for the first fragments of a message. Room is doubled each time, so that a byte is moved no more than twice on average. */
const LEAST_BYTES = 4 << 10
const NOTHING = Buffer.alloc(0)

/**
 * A message that is not whole yet, unmasked: of several frames, or of one that comes in many pieces. Its memory grows with what has arrived, whatever a
 * header announces, and is booked in the budget of what is not whole yet.
 */
export class Unfinished {
  length = 0
  private buffer: Buffer = NOTHING

  constructor(
    private readonly budget: Budget,
    private readonly buffers: BufferPool,
  ) {}

  /**
   * Appends from[start, end).
   * @param bytesMax what the message will have at most, as far as is known
   * @returns whether the budget had room for it
   */
  append(from: Buffer, start: number, end: number, bytesMax: number): boolean {
    const needed = this.length + end - start
    if (needed > this.buffer.length && !this.grow(needed, bytesMax)) return false
    from.copy(this.buffer, this.length, start, end)
    this.length = needed
    return true
  }

  private grow(needed: number, bytesMax: number): boolean {
    const grown = this.buffers.take(Math.min(bytesMax, Math.max(needed, LEAST_BYTES, 2 * this.buffer.length)))
    if (!this.budget.take(grown.length)) {
      this.buffers.give(grown)
      return false
    }
    this.buffer.copy(grown, 0, 0, this.length)
    this.giveBack(grown)
    return true
  }

  /** What has arrived; holds until the next append. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** Nothing is wanted of it any more. */
  release(): void {
    this.giveBack(NOTHING)
    this.length = 0
  }

  /** Another buffer takes the place of the one there is. */
  private giveBack(next: Buffer): void {
    this.budget.give(this.buffer.length)
    if (this.buffer !== NOTHING) this.buffers.give(this.buffer)
    this.buffer = next
  }
}
