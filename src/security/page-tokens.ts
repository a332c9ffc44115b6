import { Access } from '../core/access.js'
import { Rules } from '../core/rules.js'
import { LANES } from '../protocol/ops.js'
import { SYSTEM_TOKEN } from '../protocol/topic.js'
import type { Grant } from './roles.js'
import { hashToken, makeToken } from './tokens.js'

/** Whoever opens the page has shown who they are; the page asks for another one before. */
const TOKEN_MS = 5 * 60_000
/** Pages that are open at a time, and were lately: beyond that the oldest goes. */
const TOKENS_MAX = 4096

/** Nobody in the configuration can be called so. */
export const PAGE_USER = `${SYSTEM_TOKEN}-dashboard`
/** By which connections of pages can be ended. */
export const PAGE_TOKEN_ID = PAGE_USER

/** What a page of the admin port may do on the bus: see what the daemon tells of itself. */
export const PAGE_GRANT: Grant = {
  access: new Access(PAGE_USER, new Rules([], []), new Rules([`${SYSTEM_TOKEN}.>`], []), LANES - 1),
  rateLimits: null,
  connectionsMax: 0,
}

/** Tokens that the daemon makes itself, for its own page: a browser keeps the password of the admin port from the page's script, and the bus is another origin. */
export class PageTokens {
  /** Milliseconds since 1970 at which each ends, by hash; the oldest first. */
  private readonly ends = new Map<string, number>()

  /** @param wallNow milliseconds since 1970 */
  constructor(private readonly wallNow: () => number) {}

  make(): { readonly token: string; readonly expiresInMs: number } {
    const now = this.wallNow()
    for (const [hash, end] of this.ends) {
      if (end > now && this.ends.size < TOKENS_MAX) break
      this.ends.delete(hash)
    }
    const token = makeToken()
    this.ends.set(hashToken(token), now + TOKEN_MS)
    return { token, expiresInMs: TOKEN_MS }
  }

  /** When the token with this hash ends, milliseconds since 1970; 0: it is none, or has ended. */
  endOf(hash: string): number {
    const end = this.ends.get(hash) ?? 0
    return end > this.wallNow() ? end : 0
  }

  clear(): void {
    this.ends.clear()
  }
}
