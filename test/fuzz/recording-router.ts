import { Budget } from '../../src/core/budget.js'
import { Router } from '../../src/core/router.js'
import type { Session } from '../../src/core/session.js'
import { ManualHost } from '../helpers/core-host.js'
import { ManualLink } from '../helpers/core-link.js'
import { coreOptions } from '../helpers/core-options.js'
import { must } from './target.js'

/** Small, so that short inputs reach it; no control frame is longer. */
export const MESSAGE_BYTES_MAX = 5000
const HELD_BYTES_MAX = 1 << 20

/** Keeps what is accepted, and routes nothing: what one input leaves behind must not change what the next one finds. */
class RecordingRouter extends Router {
  parts: Buffer[] = []

  override acceptMessages(_session: Session, start: number, ends: Uint32Array, count: number): void {
    if (count > 0) this.parts.push(Buffer.from(this.slabs.bytes.subarray(start, ends[count - 1])))
  }
}

/** What came of a body. */
export interface Taken {
  /** The frames that were accepted, back to back. */
  frames: Buffer
  refused: number
  /** The code that the session was ended with, 0 when it was not. */
  ended: number
}

const host = new ManualHost()
const router = new RecordingRouter(coreOptions({ messageBytesMax: MESSAGE_BYTES_MAX, payloadBytesMax: 4096 }), host)

/** Counts the most that was held. */
class CountingBudget extends Budget {
  most = 0

  override take(bytes: number): boolean {
    const taken = super.take(bytes)
    this.most = Math.max(this.most, this.used)
    return taken
  }
}

interface Body {
  chunk(bytes: Uint8Array): void
  end(): void
  close(): void
}

/** Gives a body, in these pieces, to a reader of its own, and looks that all is given back that was held of it. */
export function takeBody(
  chunks: readonly Uint8Array[],
  make: (router: Router, session: Session, held: Budget) => Body,
): Taken {
  const held = new CountingBudget(HELD_BYTES_MAX)
  const link = new ManualLink()
  const session = router.open(link)
  session.isPublishOnly = true
  const body = make(router, session, held)
  router.parts = []
  let bytes = 0
  for (const chunk of chunks) {
    if (session.outbox.ending) break
    bytes += chunk.length
    body.chunk(chunk)
  }
  if (!session.outbox.ending) body.end()
  body.close()
  const { refused } = session
  router.close(session)
  host.runTurns()
  must(held.used === 0, 'all that was held is given back', held.used)
  must(
    held.most <= Math.max(1024, 2 * Math.min(bytes, 2 * MESSAGE_BYTES_MAX)),
    'no more is held than twice what came',
    held.most,
  )
  return { frames: Buffer.concat(router.parts), refused, ended: link.ended?.code ?? 0 }
}
