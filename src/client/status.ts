import type { DropReason } from '../protocol/ops.js'

/** Why a subscription missed events: the daemon's reasons, a reconnection, or our own queue being full. */
export type GapReason = DropReason | 'reconnected' | 'local-buffer'

/** Events that a subscription missed. */
export interface Gap {
  readonly pattern: string
  /** How many; null when nobody can know, as across a reconnection. */
  readonly count: number | null
  readonly reason: GapReason
}

/**
 * What happens to the bus as a whole. `code` is one of the protocol's table or a WebSocket close code; a `url` is without the name and password that it
 * may hold.
 */
export type Status =
  | { readonly type: 'connecting'; readonly url: string; readonly attempt: number }
  | { readonly type: 'connected'; readonly url: string; readonly server: string; readonly reconnected: boolean }
  | { readonly type: 'reconnecting'; readonly delayMs: number; readonly code: number; readonly reason: string }
  /** The daemon will close this connection; the bus connects again after the given time. */
  | { readonly type: 'goaway'; readonly code: number; readonly retryAfterMs: number; readonly reason: string }
  /** The connection broke with up to `count` events unconfirmed. They are not sent again. */
  | { readonly type: 'lost'; readonly count: number }
  /** Events that found the local buffer full: not taken (`refuse`, `wait` past its hard limit) or dropped (`drop-oldest`). */
  | { readonly type: 'dropped'; readonly count: number }
  /** The daemon refused `count` events because its memory is full; nothing is sent for `retryAfterMs`. */
  | { readonly type: 'overloaded'; readonly count: number; readonly retryAfterMs: number }
  /** The daemon refused something, or sent what is no frame. */
  | ErrorStatus
  | ({ readonly type: 'gap' } & Gap)
  /** The end: closed by us, or by the daemon with a code that says not to try again. */
  | {
      readonly type: 'closed'
      readonly code: number
      readonly reason: string
      /** Events that never left the local buffer. */
      readonly unsent: number
      /** Events that were sent and not confirmed. */
      readonly unconfirmed: number
    }

export interface ErrorStatus {
  readonly type: 'error'
  readonly code: number
  /** Stable name of the code. */
  readonly name: string
  readonly message: string
  /** Events that were refused, 0 when it is not about events. */
  readonly count: number
  /** The first event's topic, or the subscription's pattern. */
  readonly topic?: string
}

export type StatusListener = (status: Status) => void
