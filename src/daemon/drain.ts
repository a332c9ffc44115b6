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

export interface DrainResult {
  /** Events that waited in outboxes when the time was over: they are counted as dropped. */
  lost: number
  /** Sessions whose transport had not passed on all that it was given, at most a batch each: that counts as delivered, and may not arrive. */
  behind: number
}

/**
 * Lets every session go: tells it when to come back, waits until it has left or until nothing is pending and nothing comes in, then ends
 * those that stayed.
 */
export async function drainSessions(router: Router, { timeoutMs, spreadMs }: DrainOptions): Promise<DrainResult> {
  for (const session of [...router.sessions.values()]) router.sayGoodbye(session, Math.round(Math.random() * spreadMs))
  const started = performance.now()
  let quietSince = started
  let accepted = router.meters.accepted
  while (router.sessions.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
    const now = performance.now()
    const { meters } = router
    if (meters.accepted !== accepted || router.lanes.length > 0 || sessionsBehind(router) > 0) {
      accepted = meters.accepted
      quietSince = now
    }
    if (now - quietSince >= QUIET_MS || now - started >= timeoutMs) break
  }
  router.drainAll()
  const result = { lost: router.meters.pendingInOutboxes, behind: sessionsBehind(router) }
  for (const session of [...router.sessions.values()]) {
    session.outbox.end(Code.SHUTTING_DOWN, codeMessage(Code.SHUTTING_DOWN))
  }
  return result
}

/** An outbox with something waiting is blocked too. */
function sessionsBehind(router: Router): number {
  let behind = 0
  for (const { outbox } of router.sessions.values()) if (outbox.blocked) behind++
  return behind
}
