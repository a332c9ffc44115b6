import type { Writable } from 'node:stream'

/** Bytes gathered before they are written without waiting for the end of the loop's turn: what a pipe takes in one go. */
const BATCH_BYTES = 64 * 1024
/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT_MAX = 3

/** Writes many small pieces to a stream as few large ones, and tells when the stream's reader cannot follow. */
export class Output {
  readonly #stream: Writable
  #batch = Buffer.allocUnsafe(BATCH_BYTES)
  #used = 0
  #flushing: NodeJS.Immediate | undefined
  #stalled = false
  #gone = false
  #failure: NodeJS.ErrnoException | undefined
  #waiters: (() => void)[] = []
  #whenGone: () => void = () => {}

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('drain', () => {
      this.#stalled = false
      this.#wake()
    })
    const end = (error?: NodeJS.ErrnoException): void => {
      const wasGone = this.#gone
      this.#gone = true
      if (error !== undefined && error.code !== 'EPIPE') this.#failure ??= error
      this.#wake()
      if (!wasGone) this.#whenGone()
    }
    stream.on('error', end)
    stream.on('close', () => end())
  }

  /** The reader has gone away (EPIPE) or the stream failed: nothing more can be written. */
  get gone(): boolean {
    return this.#gone
  }

  /** Runs once, when nothing more can be written. */
  onGone(run: () => void): void {
    this.#whenGone = run
    if (this.#gone) run()
  }

  /** Why the stream ended, unless its reader just went away: a full disk, for one. */
  get failure(): NodeJS.ErrnoException | undefined {
    return this.#failure
  }

  /** The reader is behind: wait for `drained` before writing more. */
  get full(): boolean {
    return this.#stalled && !this.#gone
  }

  write(text: string): void {
    const bytesMax = text.length * UTF8_BYTES_PER_UNIT_MAX
    if (bytesMax > BATCH_BYTES) {
      this.writeBytes(Buffer.from(text))
      return
    }
    if (this.#used + bytesMax > BATCH_BYTES) this.flush()
    this.#used += this.#batch.write(text, this.#used)
    this.#flushSoon()
  }

  /** The bytes are copied, or written before it returns: the caller may reuse them only once the stream has drained if they are over 64 KiB. */
  writeBytes(bytes: Uint8Array): void {
    if (this.#used + bytes.length > BATCH_BYTES) this.flush()
    if (bytes.length > BATCH_BYTES) {
      this.#send(Buffer.from(bytes))
      return
    }
    this.#batch.set(bytes, this.#used)
    this.#used += bytes.length
    this.#flushSoon()
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing)
    this.#flushing = undefined
    if (this.#used === 0) return
    const bytes = this.#batch.subarray(0, this.#used)
    // The stream keeps what it cannot write at once, so a batch is never written into again. A small one is copied instead, to go on with the rest of its memory.
    if (this.#used < BATCH_BYTES / 8) this.#send(Buffer.from(bytes))
    else {
      this.#send(bytes)
      this.#batch = Buffer.allocUnsafe(BATCH_BYTES)
    }
    this.#used = 0
  }

  /** Resolves when the stream takes more, or never will. */
  drained(): Promise<void> {
    return this.full ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve()
  }

  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.flush())
  }

  #send(bytes: Uint8Array): void {
    if (this.#gone) return
    if (!this.#stream.write(bytes)) this.#stalled = true
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}
