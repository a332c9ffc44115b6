import { type Bus, ClosedError, type SyncResult, UnconfirmedError } from '../client/index.js'
import { unlessAborted } from './waiting.js'

/** How long an interrupted command waits for the daemon to confirm what was published; Ctrl-C is meant to end it. */
const INTERRUPTED_WAIT_MS = 2_000

/**
 * Waits until the daemon has taken or refused everything that was published, over as many connections as that takes.
 * @returns undefined when the bus has closed for good, or the command was interrupted and the daemon is silent
 */
export async function settle(bus: Bus, interrupted: AbortSignal): Promise<SyncResult | undefined> {
  for (;;) {
    try {
      const synced = bus.sync()
      const result = await unlessAborted(synced, interrupted)
      if (result !== undefined || !interrupted.aborted) return result
      return await unlessAborted(synced, AbortSignal.timeout(INTERRUPTED_WAIT_MS))
    } catch (error) {
      if (error instanceof ClosedError) return undefined
      // Told by status, and counted there; what can still be confirmed is.
      if (!(error instanceof UnconfirmedError)) throw error
    }
  }
}
