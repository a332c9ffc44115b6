import type { Router } from '../../core/router.js'
import type { Session } from '../../core/session.js'
import { Code } from '../../protocol/codes.js'
import { CUT } from '../../protocol/skip.js'
import { FrameWalker } from './frame-walker.js'

const TAIL_BYTES_MIN = 1024
/** A buffer that one long frame has grown beyond this is given back. */
const TAIL_BYTES_RETAINED = 64 << 10
/** What is looked at of a frame besides its payload is no longer than this. */
const DOUBLED_BYTES_MAX = 4096
const NOTHING = new Uint8Array(0)

const walker = new FrameWalker()

/**
 * Takes a body of frames back to back, cut anywhere: the whole frames of a chunk are copied once, into the slabs, and accepted together. Only
 * the beginning of a frame at a chunk's end is kept.
 */
export class FrameAssembler {
  /** tail[0, length) is the beginning of a frame, or a whole one while its chunk is looked at. */
  private tail = NOTHING
  private length = 0
  /** Bytes that the frame in the tail has at least. */
  private need = 0
  /** Whether that is its very length. */
  private isExact = false

  constructor(
    private readonly router: Router,
    private readonly session: Session,
  ) {}

  chunk(bytes: Uint8Array): void {
    const { router, session } = this
    const { messageBytesMax } = router.options
    const end = bytes.length
    let pos = 0
    while (pos < end && !session.outbox.ending) {
      if (this.length > 0) {
        pos = this.completeTail(bytes, pos)
        if (walker.code !== 0) {
          router.fail(session, walker.code)
          return
        }
        if (this.need > 0) return
      }
      const held = this.length
      const wholeEnd = walker.walk(bytes, pos, end, messageBytesMax, messageBytesMax - held)
      const { code, need, isExact } = walker
      const taken = held + wholeEnd - pos
      if (taken > 0) {
        const position = router.reserve(taken)
        if (held > 0) router.slabs.bytes.set(this.tail.subarray(0, held), position)
        router.slabs.bytes.set(bytes.subarray(pos, wholeEnd), position + held)
        this.forgetTail()
        router.accept(session, position, position + taken)
        if (session.outbox.ending) return
      }
      pos = wholeEnd
      if (code !== 0) {
        router.fail(session, code)
        return
      }
      if (need > 0) {
        this.keep(bytes, pos, end)
        this.need = need
        this.isExact = isExact
        return
      }
    }
  }

  /** The body has ended: within a frame, which is an error, or after one. */
  end(): void {
    if (this.length > 0 && !this.session.outbox.ending) this.router.fail(this.session, Code.MALFORMED)
    this.forgetTail()
  }

  /**
   * Goes on with the frame in the tail: afterwards the tail is one whole frame and `need` is 0, or `need` tells that bytes has been used up. Returns where
   * bytes goes on after it.
   */
  private completeTail(bytes: Uint8Array, pos: number): number {
    const { messageBytesMax } = this.router.options
    walker.code = 0
    while (this.need > 0 && pos < bytes.length) {
      const missing = this.need - this.length
      // Where the length is not known yet, the tail is doubled before it is looked at again, so that this stays linear.
      const wanted = this.isExact ? missing : Math.max(missing, Math.min(this.length, DOUBLED_BYTES_MAX))
      const upTo = Math.min(bytes.length, pos + wanted)
      this.keep(bytes, pos, upTo)
      pos = upTo
      if (this.length < this.need) return pos
      walker.need = 0
      const next = walker.frameEnd(this.tail, 0, this.length, messageBytesMax)
      if (next < 0) {
        walker.code = -next
        return pos
      }
      this.need = walker.need
      this.isExact = walker.isExact
      if (next === CUT) continue
      // What was taken too much belongs to the next frame.
      pos -= this.length - next
      this.length = next
    }
    return pos
  }

  private keep(bytes: Uint8Array, start: number, end: number): void {
    const need = this.length + end - start
    if (need > this.tail.length) {
      const grown = new Uint8Array(Math.max(TAIL_BYTES_MIN, need, Math.min(this.need, 2 * need)))
      grown.set(this.tail.subarray(0, this.length))
      this.tail = grown
    }
    this.tail.set(bytes.subarray(start, end), this.length)
    this.length = need
  }

  private forgetTail(): void {
    this.length = 0
    this.need = 0
    if (this.tail.length > TAIL_BYTES_RETAINED) this.tail = NOTHING
  }
}
