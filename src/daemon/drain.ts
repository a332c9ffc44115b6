import type { Router } from '../core/router.js'
import type { Session } from '../core/session.js'
import { Code, codeMessage } from '../protocol/codes.js'

/** How often it is looked whether everybody has left. */
const LOOK_INTERVAL_MS = 20
/** A daemon that nobody sent anything to for this long, and that has nothing left to send, is done. */
const QUIET_MS = 500
/** Who only receives is told to go when nothing has come in for so long, or after the other time: publishers have heard it by then. */
const SUBSCRIBERS_QUIET_MS = 100
const SUBSCRIBERS_WAIT_MAX_MS = 1000
/** Who has been told to leave has this long for it, once nothing comes from there any more; who cannot leave by itself is ended then. */
const LEAVE_MS = 1000
/** Who is handed over may come back, to another daemon, at once; but not quite all at the same moment. */
const HANDOVER_RETRY_MS = 100

export interface DrainOptions {
  timeoutMs: number
  /** Clients are told to come back, or to leave, at a random time within this. */
  spreadMs: number
  /** Whether they have another daemon to go to. */
  isHandover: boolean
}

export interface DrainResult {
  /** Events that waited in outboxes when the time was over: they are counted as dropped. */
  lost: number
  /** Sessions whose transport had not passed on all that it was given, at most a batch each: that counts as delivered, and may not arrive. */
  behind: number
}

/** How long it may take. */
export function drainMsMax({ timeoutMs, spreadMs, isHandover }: DrainOptions): number {
  return isHandover ? spreadMs + LEAVE_MS + timeoutMs : timeoutMs
}

/** Lets every session go; those that stay are ended. Nothing is accepted any more when it resolves. */
export async function drainSessions(router: Router, options: DrainOptions): Promise<DrainResult> {
  await (options.isHandover ? handOver(router, options) : sendAway(router, options))
  router.drainAll()
  const result = { lost: router.meters.pendingInOutboxes, behind: sessionsBehind(router) }
  for (const session of [...router.sessions.values()]) end(session)
  return result
}

/**
 * Tells all when to come back, and waits until they have left or until nothing is pending and nothing comes in. Who only receives is told last: what was
 * accepted is to find those who were to receive it.
 */
async function sendAway(router: Router, { timeoutMs, spreadMs }: DrainOptions): Promise<void> {
  const tell = (session: Session): void => router.sayGoodbye(session, Math.round(Math.random() * spreadMs))
  const sessions = [...router.sessions.values()]
  const untold = sessions.filter((session) => rankOf(session) === Rank.SUBSCRIBER)
  for (const session of sessions) if (rankOf(session) !== Rank.SUBSCRIBER) tell(session)
  if (untold.length === sessions.length) for (const session of untold.splice(0)) tell(session)
  const started = performance.now()
  let quietSince = started
  let accepted = router.meters.accepted
  while (router.sessions.size > 0) {
    await pause()
    const now = performance.now()
    const { meters } = router
    const isQuiet = meters.accepted === accepted && router.lanes.length === 0
    if (untold.length > 0) {
      const isTime = (isQuiet && now - quietSince >= SUBSCRIBERS_QUIET_MS) || now - started >= SUBSCRIBERS_WAIT_MAX_MS
      if (isTime || now - started >= timeoutMs)
        for (const session of untold.splice(0)) if (isThere(router, session)) tell(session)
    }
    if (!isQuiet || sessionsBehind(router) > 0) {
      accepted = meters.accepted
      quietSince = now
    }
    if (now - quietSince >= QUIET_MS || now - started >= timeoutMs) break
  }
}

/** In the order in which they are to leave. */
enum Rank {
  PUBLISHER = 0,
  BOTH = 1,
  SUBSCRIBER = 2,
}

function rankOf({ subscriptions, accepted }: Session): Rank {
  if (subscriptions.size === 0) return Rank.PUBLISHER
  return accepted === 0 ? Rank.SUBSCRIBER : Rank.BOTH
}

function isThere(router: Router, session: Session): boolean {
  return router.sessions.get(session.id) === session
}

/** A session that is to be handed over. */
interface Leaving {
  readonly rank: Rank
  /** When it is told to go. */
  readonly atMs: number
  isTold: boolean
  /** Since when nothing has come from it, and what had until then. */
  quietSince: number
  accepted: number
}

/**
 * Tells each at its moment to go at once, and serves it until then. Who publishes goes first, and who receives not before they have gone: what was
 * accepted here is to find those who were to receive it.
 */
async function handOver(router: Router, { timeoutMs, spreadMs }: DrainOptions): Promise<void> {
  const started = performance.now()
  const sessions = [...router.sessions.values()]
  const ranks = [...new Set(sessions.map(rankOf))].sort()
  const leaving = new Map<Session, Leaving>()
  for (const session of sessions) {
    const rank = rankOf(session)
    const share = (ranks.indexOf(rank) + Math.random()) / ranks.length
    leaving.set(session, leave(rank, started + share * spreadMs))
  }
  const endsAt = started + drainMsMax({ timeoutMs, spreadMs, isHandover: true })
  while (router.sessions.size > 0) {
    await pause()
    const now = performance.now()
    if (now >= endsAt) return
    let first = Rank.SUBSCRIBER
    for (const session of router.sessions.values()) {
      let one = leaving.get(session)
      if (one === undefined) {
        // It has come over a connection that was there already.
        one = leave(Rank.PUBLISHER, now)
        leaving.set(session, one)
      }
      if (one.rank < first) first = one.rank
    }
    // Who goes on publishing for ever does not keep the others.
    if (now - started >= spreadMs + LEAVE_MS) first = Rank.SUBSCRIBER
    for (const session of [...router.sessions.values()]) {
      const one = leaving.get(session) as Leaving
      if (one.rank <= first) lead(router, session, one, now)
    }
  }
}

function leave(rank: Rank, atMs: number): Leaving {
  return { rank, atMs, isTold: false, quietSince: 0, accepted: 0 }
}

function lead(router: Router, session: Session, one: Leaving, now: number): void {
  // Behind what waits for it, so that it has all of that when it goes.
  if (now < one.atMs || session.outbox.blocked) return
  if (!one.isTold) {
    one.isTold = true
    one.quietSince = now
    one.accepted = session.accepted
    router.sayGoodbye(session, Math.round(Math.random() * HANDOVER_RETRY_MS))
  } else if (session.accepted !== one.accepted) {
    one.quietSince = now
    one.accepted = session.accepted
  } else if (now - one.quietSince >= LEAVE_MS) end(session)
}

function end({ outbox }: Session): void {
  outbox.end(Code.SHUTTING_DOWN, codeMessage(Code.SHUTTING_DOWN))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
}

/** An outbox with something waiting is blocked too. */
function sessionsBehind(router: Router): number {
  let behind = 0
  for (const { outbox } of router.sessions.values()) if (outbox.blocked) behind++
  return behind
}
