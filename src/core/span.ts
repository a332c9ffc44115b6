/** Whole frames in the slabs, of one lane: a run, or what is left of one. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly count: number
  readonly lane: number
  /** Clock milliseconds; 0 for never. */
  readonly expiresAt: number
  /** When the first and the last of its events were accepted, clock milliseconds; 0 when nothing is timed. */
  readonly acceptedAt: number
  readonly acceptedLast: number
  /** Classes of topics that its events are of, a bit mask. */
  readonly classes: number
}
