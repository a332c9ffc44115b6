import { Duplex } from 'node:stream'
import { ServerFrames } from './ws-frames.js'

/** A stream that takes at once, or when the test says so. Like Node's, it keeps what it is given until then. */
export class Channel extends Duplex {
  readonly came = new ServerFrames()
  takesAtOnce = true
  private waiting: { chunk: Buffer; done: () => void }[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.takesAtOnce) {
      this.came.feed(Buffer.from(chunk))
      done()
    } else this.waiting.push({ chunk, done })
  }

  /** Takes all that waits. */
  async release(): Promise<void> {
    while (this.waiting.length > 0) {
      for (const { chunk, done } of this.waiting.splice(0)) {
        this.came.feed(Buffer.from(chunk))
        done()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  payloads(opcode: number): string[] {
    return this.came.frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload.toString('latin1'))
  }
}
