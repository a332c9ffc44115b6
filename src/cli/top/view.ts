import type { Stats } from '../../observe/stats.js'
import type { History } from './history.js'

export const PAGES = ['overview', 'lanes', 'help'] as const
export type Page = (typeof PAGES)[number]

export const SUBSCRIBER_ORDERS = ['pending', 'events', 'dropped', 'blocked', 'name'] as const
export type SubscriberOrder = (typeof SUBSCRIBER_ORDERS)[number]

/** What of the connection is worth a word. */
export interface LinkState {
  readonly isLive: boolean
  /** Of one line: "live", "reconnecting in 0.4s: connection refused". */
  readonly says: string
}

/** All that the picture is made of. */
export interface View {
  /** Null before the first are here. */
  readonly stats: Stats | null
  readonly history: History
  readonly link: LinkState
  /** Where the daemon is, without a password. */
  readonly url: string
  readonly isFrozen: boolean
  readonly page: Page
  readonly order: SubscriberOrder
  /** From the least to the most. */
  readonly isReversed: boolean
  /** Whether keys do anything: not where there is no terminal. */
  readonly hasKeys: boolean
}

/** A view that there are figures for. */
export interface Seen extends View {
  readonly stats: Stats
}

/** Where figures are shown. */
export interface Show {
  /** New figures, or a change of the connection. */
  update(hasFigures: boolean): void
  /** Resolves with the exit code, or null when it is not for the show to say. */
  readonly over: Promise<number | null>
  close(): Promise<void>
}
