import type { Budget } from '../../core/budget.js'
import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code } from '../../protocol/codes.js'
import { CUT } from '../../protocol/skip.js'
import type { BodyReader } from './body-reader.js'
import { FrameWalker } from './frame-walker.js'
import { HeldBuffer } from './held-buffer.js'

/** What is looked at of a frame besides its payload is no longer than this. */
const DOUBLED_BYTES_MAX = 4096

const walker = new FrameWalker()

/**
 * Takes a body of frames back to back, cut anywhere: the whole frames of a chunk are copied once, into the slabs, and accepted together. Only
 * the beginning of a frame at a chunk's end is kept.
 */
export class FrameAssembler implements BodyReader {
  /** The beginning of a frame, or a whole one while its chunk is looked at. */
  private readonly tail: HeldBuffer
  /** Bytes that the frame in the tail has at least. */
  private need = 0
  /** Whether that is its very length. */
  private isExact = false

  constructor(
    private readonly router: Router,
    private readonly session: Session,
    held: Budget,
  ) {
    this.tail = new HeldBuffer(held)
  }

  chunk(bytes: Uint8Array): void {
    const { router, session } = this
    const { messageBytesMax } = router.options
    const end = bytes.length
    let pos = 0
    while (pos < end && !session.outbox.ending) {
      if (this.tail.length > 0) {
        pos = this.completeTail(bytes, pos)
        if (walker.code !== 0) {
          router.fail(session, walker.code)
          return
        }
        if (this.need > 0) return
      }
      const held = this.tail.length
      const wholeEnd = walker.walk(bytes, pos, end, messageBytesMax, messageBytesMax - held)
      const { code, need, isExact } = walker
      const taken = held + wholeEnd - pos
      if (taken > 0) {
        const position = router.reserve(taken)
        if (held > 0) router.slabs.bytes.set(this.tail.bytes, position)
        router.slabs.bytes.set(bytes.subarray(pos, wholeEnd), position + held)
        this.clearTail()
        router.accept(session, position, position + taken)
        if (session.outbox.ending) return
      }
      pos = wholeEnd
      if (code !== 0) {
        router.fail(session, code)
        return
      }
      if (need > 0) {
        if (!this.tail.append(bytes, pos, end)) router.fail(session, Code.OVERLOADED)
        this.need = need
        this.isExact = isExact
        return
      }
    }
  }

  /** The body has ended: within a frame, which is an error, or after one. */
  end(): void {
    if (this.tail.length > 0 && !this.session.outbox.ending) this.router.fail(this.session, Code.MALFORMED)
  }

  close(): void {
    this.tail.free()
  }

  /**
   * Goes on with the frame in the tail: afterwards the tail is one whole frame and `need` is 0, or `need` tells that bytes has been used up. Returns where
   * bytes goes on after it.
   */
  private completeTail(bytes: Uint8Array, pos: number): number {
    const { tail } = this
    const { messageBytesMax } = this.router.options
    walker.code = 0
    while (this.need > 0 && pos < bytes.length) {
      const missing = this.need - tail.length
      // Where the length is not known yet, the tail is doubled before it is looked at again, so that this stays linear.
      const wanted = this.isExact ? missing : Math.max(missing, Math.min(tail.length, DOUBLED_BYTES_MAX))
      const upTo = Math.min(bytes.length, pos + wanted)
      if (!tail.append(bytes, pos, upTo)) {
        walker.code = Code.OVERLOADED
        return pos
      }
      pos = upTo
      if (tail.length < this.need) return pos
      walker.need = 0
      const next = walker.frameEnd(tail.bytes, 0, tail.length, messageBytesMax)
      if (next < 0) {
        walker.code = -next
        return pos
      }
      this.need = walker.need
      this.isExact = walker.isExact
      if (next === CUT) continue
      // What was taken too much belongs to the next frame.
      pos -= tail.length - next
      tail.length = next
    }
    return pos
  }

  private clearTail(): void {
    this.tail.clear()
    this.need = 0
  }
}
