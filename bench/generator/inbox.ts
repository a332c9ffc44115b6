const ANSWER_TIMEOUT_MS = 10_000
const INBOX_BYTES_MAX = 1024 * 1024

/** Takes the bytes of deliveries. The range is valid during the call only. */
export type BodySink = (chunk: Buffer, start: number, end: number) => void

/**
 * What a peer sent, without the headers of its carrier. At first it is kept and matched against what a handshake waits for;
 * after `stream` it goes to a sink in place.
 */
export class Inbox {
  failure: Error | null = null
  private kept: Buffer = Buffer.alloc(0)
  private sink: BodySink | null = null
  private waiter: (() => void) | null = null

  /**
   * Waits until `take` recognises an answer in the bytes received so far.
   * @param take returns how many bytes the answer and what came before it fill, or -1 for not yet
   */
  until(what: string, take: (bytes: Buffer) => number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error: Error | null) => {
        clearTimeout(timer)
        this.waiter = null
        if (error === null) resolve()
        else reject(error)
      }
      const timer = setTimeout(
        () => end(new Error(`no answer (${what}) within ${ANSWER_TIMEOUT_MS} ms`)),
        ANSWER_TIMEOUT_MS,
      )
      const check = () => {
        try {
          const taken = take(this.kept)
          if (taken >= 0) {
            this.kept = Buffer.from(this.kept.subarray(taken))
            end(null)
          } else if (this.failure !== null) end(this.failure)
        } catch (error) {
          end(error as Error)
        }
      }
      this.waiter = check
      check()
    })
  }

  /** From here on everything received goes to the sink. */
  stream(sink: BodySink): void {
    this.sink = sink
    const early = this.kept
    this.kept = Buffer.alloc(0)
    if (early.length > 0) sink(early, 0, early.length)
  }

  /** @returns false when more arrived than anything that is waited for can have */
  push(chunk: Buffer, start: number, end: number): boolean {
    if (this.sink !== null) {
      this.sink(chunk, start, end)
      return true
    }
    this.kept = Buffer.concat([this.kept, chunk.subarray(start, end)])
    this.waiter?.()
    return this.kept.length <= INBOX_BYTES_MAX
  }

  /** Nothing will come any more; whoever waits is told. */
  fail(error: Error): void {
    this.failure ??= error
    this.waiter?.()
  }
}
