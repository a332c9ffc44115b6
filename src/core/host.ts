/** Time and the event loop, handed in so that a simulation can own both. */
export interface RouterHost {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `turn` once, after the input that is ready now has been read. */
  schedule(turn: () => void): void
  /** For how long the loop has waited for input so far, milliseconds; not there: nobody knows. It must not grow when there was input at once. */
  idleMs?(): number
}
