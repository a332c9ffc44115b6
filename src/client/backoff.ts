/**
 * How long to wait before an attempt: full jitter, so that clients that lost the same daemon do not come back together (Brooker, "Exponential Backoff
 * And Jitter", AWS 2015).
 * @param attempt 0 for the first one after a connection that held
 * @returns milliseconds, evenly spread over [0, min(capMs, baseMs × 2^attempt))
 */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
}
