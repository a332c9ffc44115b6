import { Router } from '../../src/core/router.js'
import type { Session } from '../../src/core/session.js'
import { NO_PROXIES } from '../../src/ingress/addresses.js'
import { IngressMeters, type IngressOptions } from '../../src/ingress/ingress.js'
import { BufferPool } from '../../src/ingress/node/ws/buffer-pool.js'
import { Receiver, type ReceiverEvents } from '../../src/ingress/node/ws/receiver.js'
import { Staging } from '../../src/ingress/node/ws/staging.js'
import { PlainWalker, SimdWalker } from '../../src/ingress/node/ws/walker.js'
import { admissionOf } from './admission.js'
import { ManualHost } from './core-host.js'
import { ManualLink } from './core-link.js'
import { coreOptions } from './core-options.js'

/** Keeps messages instead of routing them. */
class KeepingRouter extends Router {
  messages: string[] = []

  override acceptMessages(_session: Session, start: number, ends: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      this.messages.push(this.slabs.bytes.toString('latin1', start, ends[i]))
      start = ends[i]
    }
  }
}

/** What a receiver made of the bytes that it was given. */
export interface Intake {
  /** Binary messages, a character for a byte. */
  messages: string[]
  pings: string[]
  /** The peer's close code; null when it has not closed. */
  closed: number | null
  /** What the connection was ended with. */
  ended: { code: number; reason: string } | null
}

const router = new KeepingRouter(coreOptions(), new ManualHost())
const buffers = new BufferPool()
const staging = new Staging(router.slabs)
export const WALKERS = [new SimdWalker(staging), new PlainWalker(staging)]

/** Feeds a receiver of its own with these chunks, and looks whether it has given back what it held. */
export function takeIn(
  chunks: readonly Buffer[],
  { messageBytesMax = 4096, isJson = false, walker = WALKERS[0] } = {},
): Intake {
  const intake: Intake = { messages: [], pings: [], closed: null, ended: null }
  const options: IngressOptions = {
    listener: 'listen',
    admission: admissionOf(new IngressMeters()),
    proxies: NO_PROXIES,
    idleTimeoutMs: 0,
    headerTimeoutMs: 5000,
    messageTimeMs: 30_000,
    messageBytesMax,
    socketBuffers: { receive: 0, send: 0 },
    warn: () => {},
  }
  const link = new ManualLink()
  const session = router.open(link)
  const events: ReceiverEvents = {
    ping: (body) => intake.pings.push(body.toString('latin1')),
    close: (code) => {
      intake.closed = code
      session.outbox.ending = true
    },
  }
  const receiver = new Receiver(
    { router, options, meters: new IngressMeters(), staging, walker, buffers },
    session,
    isJson,
    events,
  )
  for (const chunk of chunks) {
    if (intake.closed !== null || link.ended !== null) break
    chunk.copy(staging.bytes, staging.arrival)
    receiver.arrived(chunk.length)
    // What a socket reads next lies in the same place.
    staging.bytes.fill(0xee, staging.arrival, staging.arrival + chunk.length)
  }
  receiver.release()
  router.close(session)
  if (router.unfinished.used !== 0) throw new Error('memory is still booked')
  intake.ended = link.ended
  intake.messages = router.messages
  router.messages = []
  return intake
}
