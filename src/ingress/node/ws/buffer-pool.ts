/** Sizes are powers of two, from this to that; what is larger is made and thrown away. */
const LEAST_SHIFT = 9
const MOST_SHIFT = 18
/** Of free buffers no more than this is kept. */
const FREE_BYTES_MAX = 32 << 20

/**
 * Buffers for reuse: for what is on its way to sockets, since Node keeps what it is given until the kernel has it, and for what of a message has arrived. To
 * make one anew costs more than to fill it, most of it later, in the collector.
 */
export class BufferPool {
  private readonly free: Buffer[][] = Array.from({ length: MOST_SHIFT + 1 }, () => [])
  private freeBytes = 0

  /** A buffer of at least this many bytes; with anything in it. */
  take(bytes: number): Buffer {
    const shift = Math.max(LEAST_SHIFT, 32 - Math.clz32(bytes - 1))
    if (shift > MOST_SHIFT) return Buffer.allocUnsafeSlow(bytes)
    const known = this.free[shift].pop()
    if (known === undefined) return Buffer.allocUnsafeSlow(1 << shift)
    this.freeBytes -= known.length
    return known
  }

  /** Nobody looks at it any more. */
  give(buffer: Buffer): void {
    const shift = 31 - Math.clz32(buffer.length)
    if (shift > MOST_SHIFT || buffer.length !== 1 << shift || this.freeBytes + buffer.length > FREE_BYTES_MAX) return
    this.freeBytes += buffer.length
    this.free[shift].push(buffer)
  }
}
