import type { Router } from '../core/router.js'
import { Code, codeMessage } from '../protocol/codes.js'

/** How often it is looked whether everybody has left. */
const LOOK_INTERVAL_MS = 20
/** A daemon that nobody sent anything to for this long, and that has nothing left to send, is done. */
const QUIET_MS = 500

export interface DrainOptions {
  timeoutMs: number
  /** Clients are told to come back at a random time within this. */
  spreadMs: number
}

/**
 * Lets every session go: tells it when to come back, waits until it has left or until nothing is pending and nothing comes in, then ends
 * those that stayed.
 * @returns how many events waited in outboxes when the time was over, which are lost and counted as dropped
 */
export async function drainSessions(router: Router, { timeoutMs, spreadMs }: DrainOptions): Promise<number> {
  for (const session of [...router.sessions.values()]) router.sayGoodbye(session, Math.round(Math.random() * spreadMs))
  const started = performance.now()
  let quietSince = started
  let accepted = router.meters.accepted
  while (router.sessions.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
    const now = performance.now()
    const { meters } = router
    if (meters.accepted !== accepted || meters.pendingInOutboxes > 0 || router.lanes.length > 0) {
      accepted = meters.accepted
      quietSince = now
    }
    if (now - quietSince >= QUIET_MS || now - started >= timeoutMs) break
  }
  router.drainAll()
  const lost = router.meters.pendingInOutboxes
  for (const session of [...router.sessions.values()]) {
    session.outbox.end(Code.SHUTTING_DOWN, codeMessage(Code.SHUTTING_DOWN))
  }
  return lost
}
