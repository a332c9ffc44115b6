import type { Router } from './router.js'
import type { Session } from './session.js'

/** What is longer is accepted at once: of long messages it is their bytes that cost. */
const GATHERED_BYTES_MAX = 2048
/** Bytes that are gathered at a time: what is accepted was copied just before, and is still in the processor's nearest cache. */
const BYTES_MAX = 32 * 1024
const MESSAGES_MAX = 1024

/**
 * Gathers messages that a transport hands over one by one, each in a call of its own. Those of one session that follow each other are accepted in one go, which
 * costs a third of accepting each: a publisher that sends single events has hundreds of them in what is read of its socket at a time. None waits for longer than until
 * the end of the turn.
 */
export class Intake {
  private session: Session | null = null
  /** They lie back to back in one slab. */
  private start = 0
  private end = 0
  private count = 0
  private readonly ends: Uint32Array

  constructor(private readonly router: Router) {
    this.ends = router.slabs.words(Math.min(router.options.inlineDrainFrames, MESSAGES_MAX))
  }

  /** Takes a copy of a message of whole frames, at most messageBytesMax. It is accepted by the end of the turn, as are all that came before it. */
  take(session: Session, message: Uint8Array): void {
    const { router, ends } = this
    const { length } = message
    if (session !== this.session) this.flush()
    let position = router.reserve(length)
    if (this.count > 0 && !this.continues(position)) {
      this.flush()
      position = router.reserve(length)
    }
    router.slabs.bytes.set(message, position)
    if (this.count === 0) {
      // What a session may send is looked at for each message, so that one of a few events a second cannot send hundreds in a turn.
      if (length > GATHERED_BYTES_MAX || session.rate !== null || session.access.isLocked) {
        router.accept(session, position, position + length)
        return
      }
      this.session = session
      this.start = position
      router.slabs.hold(position)
      router.gathering()
    }
    this.end = position + length
    ends[this.count++] = this.end
    if (this.count === ends.length || length > GATHERED_BYTES_MAX || this.end - this.start > BYTES_MAX) this.flush()
  }

  /** Whether something else was put into the slabs meanwhile, or another slab begins, is seen by the position. */
  private continues(position: number): boolean {
    return position === this.end && (position & (this.router.slabs.slabBytes - 1)) !== 0
  }

  /** Accepts what is gathered. */
  flush(): void {
    const { router, session, start, count } = this
    if (session === null) return
    this.session = null
    this.count = 0
    router.acceptMessages(session, start, this.ends, count, count)
    router.slabs.release(start)
  }
}
