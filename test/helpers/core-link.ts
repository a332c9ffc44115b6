import { type Link, Written } from '../../src/core/link.js'
import { readFrames, type Seen, type SeenEvent } from './core-frames.js'

/** A link that answers as it is told and keeps what was written. */
export class ManualLink implements Link {
  /** What the next writes answer; `answers` go first, one each. */
  answer: Written = Written.SENT
  readonly answers: Written[] = []
  readonly writes: Buffer[] = []
  ended: { code: number; reason: string } | null = null
  /** Called by end, as a transport that closes at once would. */
  onEnd: (() => void) | null = null
  /** Set while the link said BUFFERED and nobody was told otherwise. */
  blocked = false

  write(frames: Uint8Array): Written {
    if (this.blocked) throw new Error('written to a link that said BUFFERED')
    const answer = this.answers.shift() ?? this.answer
    if (answer !== Written.GONE) this.writes.push(Buffer.from(frames))
    if (answer === Written.BUFFERED) this.blocked = true
    return answer
  }

  end(code: number, reason: string): void {
    this.ended = { code, reason }
    this.onEnd?.()
  }

  /** All frames written since the last take, in order. */
  take(): Seen[] {
    return readFrames(Buffer.concat(this.writes.splice(0)))
  }

  takeEvents(): SeenEvent[] {
    return this.take().filter((frame): frame is SeenEvent => frame.op === 1)
  }
}
