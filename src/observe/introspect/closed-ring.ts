import type { Session } from '../../core/session.js'
import { codeName } from '../../protocol/codes.js'
import { connectionRow } from './describe.js'
import type { ClosedRow } from './rows.js'

/** So many are remembered: enough to see what a burst was about, and some 100 KiB. */
export const CLOSED_MAX = 256

/** Codes that a peer, or its absence, ends a WebSocket with (RFC 6455, 7.4.1), by their names in IANA's registry. */
const PEERS_CODES: Readonly<Record<number, string>> = {
  1000: 'normal_closure',
  1001: 'going_away',
  1002: 'protocol_error',
  1003: 'unsupported_data',
  1005: 'no_status',
  1006: 'abnormal_closure',
  1007: 'invalid_payload',
  1008: 'policy_violation',
  1009: 'message_too_big',
  1011: 'internal_error',
}

/** Why connections ended, and how they stood then: the last ones. */
export class ClosedRing {
  private readonly rows: ClosedRow[] = []
  private sequence = 0

  constructor(private readonly now: () => number) {}

  /** @param code 0 when the peer just went */
  note(session: Session, code: number, reason: string): void {
    // Only carried the events of a request.
    if (session.isPublishOnly) return
    const sequence = ++this.sequence
    this.rows[sequence % CLOSED_MAX] = {
      ...connectionRow(session, this.now()),
      sequence,
      closedAt: Date.now(),
      code,
      codeName: code === 0 ? '' : (PEERS_CODES[code] ?? codeName(code)),
      reason,
    }
  }

  /** Newest first, `count` at most, those with lower numbers than `before`. */
  latest(before: number, count: number): ClosedRow[] {
    const found: ClosedRow[] = []
    const oldest = Math.max(1, this.sequence - CLOSED_MAX + 1)
    for (let at = Math.min(this.sequence, before - 1); at >= oldest && found.length < count; at--) {
      found.push(this.rows[at % CLOSED_MAX])
    }
    return found
  }
}
