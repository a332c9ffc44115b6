import { NO_LINK } from './link.js'
import type { Router } from './router.js'
import { NOBODY, type Session } from './session.js'

/**
 * A session for what is published without a connection that lasts. It is told nothing and never ends: whoever holds it takes what was refused from
 * `refusals` after each accept.
 */
export function openPublisher({ delivery }: Router): Session {
  const session = delivery.makeSession(NOBODY, NO_LINK)
  session.isPublishOnly = true
  session.outbox.close()
  return session
}
