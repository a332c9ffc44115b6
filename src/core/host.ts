/** Time and the event loop, handed in so that a simulation can own both. */
export interface RouterHost {
  /** Monotonic milliseconds. */
  now(): number
  /** Calls `turn` once, after the input that is ready now has been read. */
  schedule(turn: () => void): void
}
