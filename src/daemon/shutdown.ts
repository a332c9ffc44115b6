import type { Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import { type DrainResult, drainSessions } from './drain.js'
import type { Logger } from './log.js'
import type { Parts } from './parts.js'

/** Drains and closes everything, in the order in which nobody is left waiting for what has gone already. */
export async function shutDown(
  { log, router, observer, listeners, api, tls, tick }: Parts,
  { shutdown }: Config,
  reason: string,
): Promise<void> {
  log.info({ reason, sessions: router.sessions.size }, 'draining')
  observer.phase = 'draining'
  for (const { ingress } of listeners) ingress.stopListening()
  api.drain()
  const drained = await drainSessions(router, {
    timeoutMs: shutdown.drainTimeoutMs,
    spreadMs: shutdown.goawaySpreadMs,
  })
  clearInterval(tick)
  api.close()
  await Promise.all(listeners.map(({ ingress }) => ingress.close()))
  tls?.close()
  observer.phase = 'stopped'
  await observer.stop()
  report(log, router, drained)
}

function report(log: Logger, router: Router, { lost, behind }: DrainResult): void {
  const { accepted, delivered, dropped } = router.meters
  log.info(
    { accepted, delivered, dropped: dropped.reduce((sum, n) => sum + n, 0), lostAtStop: lost, sessionsBehind: behind },
    'stopped',
  )
}
