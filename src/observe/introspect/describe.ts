import type { Session } from '../../core/session.js'
import type { Subscription } from '../../core/subscription.js'
import type { ConnectionRow, ReceiverRow, SubscriptionRow } from './rows.js'

/** @param now of the clock of the core, milliseconds */
export function connectionRow(session: Session, now: number): ConnectionRow {
  const { outbox, peer } = session
  return {
    session: session.id,
    name: session.name,
    listener: peer.listener,
    transport: peer.transport,
    address: peer.address,
    ageMs: now - session.openedAt,
    subscriptions: session.subscriptions.size,
    pendingBytes: outbox.backlogBytes,
    pendingEvents: outbox.backlogEvents,
    accepted: session.accepted,
    refused: session.refused,
    delivered: outbox.deliveredEvents,
    dropped: outbox.droppedEvents,
    blockedMs: blockedMs(session, now),
  }
}

export function blockedMs({ outbox }: Session, now: number): number {
  return outbox.blocked ? Math.max(0, now - outbox.blockedSince) : 0
}

export function subscriptionRow(subscription: Subscription): SubscriptionRow {
  const { session, backlog } = subscription
  return {
    session: session.id,
    name: session.name,
    address: session.peer.address,
    pattern: subscription.pattern,
    policy: subscription.policy,
    bytesMax: subscription.bytesMax,
    eventsMax: subscription.eventsMax,
    pendingBytes: backlog?.bytes ?? 0,
    pendingEvents: backlog?.events ?? 0,
  }
}

/** @param now of the clock of the core, milliseconds */
export function receiverRow({ session, pattern, policy }: Subscription, now: number): ReceiverRow {
  return {
    session: session.id,
    name: session.name,
    address: session.peer.address,
    pattern,
    policy,
    pendingBytes: session.outbox.backlogBytes,
    blockedMs: blockedMs(session, now),
  }
}
