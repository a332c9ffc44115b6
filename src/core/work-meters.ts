/**
 * Milliseconds that the routing thread has spent so, since the start; all 0 when nothing is timed. `acceptMs` and `writeMs` are estimates from a sample
 * of the calls. `matchMs` is mostly a part of `acceptMs`, `writeMs` of `drainMs`.
 */
export class WorkMeters {
  /** Taking messages apart, up to where their runs wait in lanes. */
  acceptMs = 0
  /** Finding out who receives topics for which that was not known, and walks through the patterns for it. */
  matchMs = 0
  matches = 0
  /** Handing out what waited in lanes, flushes included. */
  drainMs = 0
  drains = 0
  /** In the transports' write, which is mostly the kernel's. */
  writeMs = 0
  /** Text that transports have put into frames before they were accepted, in bytes: what tells how much time that may have taken. Counted always. */
  transcodedBytes = 0
}
