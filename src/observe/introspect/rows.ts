/** What the routing thread tells of sessions, topics and subscriptions: plain data, as it goes from thread to thread, out as JSON, and into the command line's tables. */

/** A session that has a peer: one that only carries the events of one HTTP request is not told of. */
export interface ConnectionRow {
  readonly session: number
  /** What the client calls itself; empty when it said nothing. */
  readonly name: string
  readonly listener: string
  readonly transport: string
  /** Address of the peer, with its port where the engine tells it. */
  readonly address: string
  readonly ageMs: number
  readonly subscriptions: number
  /** What waits in its outbox. */
  readonly pendingBytes: number
  readonly pendingEvents: number
  /** Events since it opened. */
  readonly accepted: number
  readonly refused: number
  readonly delivered: number
  readonly dropped: number
  /** How long its link has been taking nothing; 0 while it takes. */
  readonly blockedMs: number
}

/** The same on the admin port, with what only the observer thread knows. */
export interface ConnectionView extends ConnectionRow {
  /** Events per second, over the time between two looks; null for one that was not there at the first. */
  readonly acceptedRate: number | null
  readonly deliveredRate: number | null
  /** Only where it was asked for: there and back by PING and PONG, with what waits before the PING; null without an answer. */
  readonly roundTripMs?: number | null
}

export interface SubscriptionRow {
  readonly session: number
  /** Of the session. */
  readonly name: string
  readonly address: string
  readonly pattern: string
  readonly policy: string
  readonly bytesMax: number
  readonly eventsMax: number
  readonly pendingBytes: number
  readonly pendingEvents: number
}

export interface ClosedRow extends ConnectionRow {
  /** Grows by one with each that closes. */
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly closedAt: number
  /** Of the table of the protocol or of RFC 6455; 0 when the peer just went. */
  readonly code: number
  readonly codeName: string
  readonly reason: string
}

export interface TopicRow {
  readonly topic: string
  readonly events: number
}

export interface PatternRow {
  readonly pattern: string
  readonly subscriptions: number
}

/** What became of a traced event at one receiver. Milliseconds since it was accepted. */
export interface TraceRow {
  readonly session: number
  readonly name: string
  readonly address: string
  readonly pattern: string
  /** `sent`: handed to the kernel; `buffered`: to the transport, which waits; `waiting`: in the outbox; `gone`: the connection has ended. */
  readonly outcome: string
  readonly atMs: number
  /** What stood before it in the outbox. */
  readonly waitingEvents: number
  readonly waitingBytes: number
}

/** Who would get an event, one row each. */
export interface ReceiverRow {
  readonly session: number
  readonly name: string
  readonly address: string
  readonly pattern: string
  readonly policy: string
  readonly pendingBytes: number
  readonly blockedMs: number
}
