import type { Board } from '../board.js'

/**
 * Silence of the routing thread after which it counts as dead. Beats and canaries come twice a second: two seconds are four of them, and who asks every
 * second knows of it within three.
 */
export const SILENCE_MAX_MS = 2000

export interface Verdict {
  readonly ok: boolean
  readonly body: {
    readonly status: 'live' | 'dead' | 'ready' | 'not ready'
    /** A sentence for the operator; only when it is not ok. */
    readonly reason?: string
    readonly phase: string
    /** When an event of the daemon's own last came through the router, and how long it took. */
    readonly canary: { readonly agoMs: number; readonly tookMs: number }
    /** When the event loop of the routing thread last came round. */
    readonly loop: { readonly agoMs: number }
  }
}

/** Whether events come through the router, for what can be known from here. */
export function isRouting(board: Board, now: number): boolean {
  return whyDead(board, now) === null
}

/** Whether the process should be left alone. */
export function liveness(board: Board, now: number): Verdict {
  const reason = whyDead(board, now)
  if (reason === null) return { ok: true, body: { status: 'live', ...figures(board, now) } }
  return { ok: false, body: { status: 'dead', reason, ...figures(board, now) } }
}

/** Whether the process should be given clients. */
export function readiness(board: Board, now: number, isOverloaded: boolean): Verdict {
  const reason = whyNotReady(board, now, isOverloaded)
  if (reason === null) return { ok: true, body: { status: 'ready', ...figures(board, now) } }
  return { ok: false, body: { status: 'not ready', reason, ...figures(board, now) } }
}

function whyNotReady(board: Board, now: number, isOverloaded: boolean): string | null {
  if (board.phase !== 'ready') return board.phase
  if (isOverloaded) return 'overloaded: the memory budget is reached'
  return whyDead(board, now)
}

function whyDead(board: Board, now: number): string | null {
  if (board.phase === 'stopped') return null
  const silent = now - board.beatAt
  if (silent > SILENCE_MAX_MS) {
    return `the routing thread stands still: its event loop last came round ${seconds(silent)} ago`
  }
  const lost = now - board.canaryAt
  if (lost > SILENCE_MAX_MS) {
    return `nothing is routed: the event loop comes round, but no event of the daemon's own has come through the router for ${seconds(lost)}`
  }
  return null
}

function figures(board: Board, now: number): Pick<Verdict['body'], 'phase' | 'canary' | 'loop'> {
  return {
    phase: board.phase,
    canary: { agoMs: rounded(now - board.canaryAt), tookMs: rounded(board.canaryWayMs) },
    loop: { agoMs: rounded(now - board.beatAt) },
  }
}

function rounded(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
