import { type Access, FULL_ACCESS } from './access.js'
import type { Link } from './link.js'
import { Outbox, type OutboxContext } from './outbox.js'
import { NO_PEER, type Peer } from './peer.js'
import type { Rate } from './rate.js'
import { Refusals } from './refusals.js'
import type { Rules } from './rules.js'
import type { Subscription } from './subscription.js'

/** Number of sessions that no peer has. */
export const NOBODY = 0

/** A peer inside the core: what it published, what it subscribed to, and its outbox. */
export class Session {
  readonly outbox: Outbox
  readonly subscriptions = new Map<string, Subscription>()
  readonly refusals = new Refusals()
  /** Events accepted and refused since the session opened. */
  accepted = 0
  refused = 0
  /** Whether there is nowhere to deliver to: subscriptions are refused. */
  isPublishOnly = false
  /** What it may do. Set by whoever opens it; changed by Router.grant. */
  access: Access = FULL_ACCESS
  /** The rules whose patterns are noted for its subscriptions; null: none are. */
  pinned: Rules | null = null
  /** What it has sent before it was known who it is. */
  unauthenticatedBytes = 0
  /** How fast it may publish; null: as fast as it can. */
  rate: Rate | null = null
  /** What the client calls itself. */
  name = ''
  /** Set by the transport that opened it. */
  peer: Peer = NO_PEER
  /** Is told of each PONG: for who measures the way there and back. */
  onPong: ((token: number) => void) | null = null
  /** Clock milliseconds. */
  readonly openedAt: number

  constructor(
    readonly id: number,
    link: Link,
    context: OutboxContext,
  ) {
    this.openedAt = context.now()
    this.outbox = new Outbox(link, context)
  }
}
