import type { WaitingLane } from '../../core/backlog.js'
import type { Session } from '../../core/session.js'
import { SLOW_SUBSCRIBERS_MAX, type SlowSubscriber } from '../sample.js'

/** Of what waits, so much is looked at in one sample: it must not take long however many are slow. */
const LOOKED_AT_MAX = 512

/**
 * The subscribers that are furthest behind, worst first.
 * @param waiting what waits in outboxes, by lane
 * @param now of the clock of the core, milliseconds
 */
export function furthestBehind(waiting: readonly Iterable<WaitingLane>[], now: number): SlowSubscriber[] {
  const seen = new Set<Session>()
  let left = LOOKED_AT_MAX
  for (const lane of waiting) {
    for (const { subscription } of lane) {
      seen.add(subscription.session)
      if (--left === 0) break
    }
    if (left === 0) break
  }
  return [...seen]
    .sort((a, b) => b.outbox.backlogBytes - a.outbox.backlogBytes)
    .slice(0, SLOW_SUBSCRIBERS_MAX)
    .map((session) => describe(session, now))
}

function describe({ id, name, peer, outbox }: Session, now: number): SlowSubscriber {
  return {
    session: id,
    name,
    address: peer.address,
    pendingBytes: outbox.backlogBytes,
    pendingEvents: outbox.backlogEvents,
    dropped: outbox.droppedEvents,
    blockedMs: outbox.blockedSince === 0 ? 0 : Math.max(0, now - outbox.blockedSince),
  }
}
