/** What has come of reading the configuration again. */
export type ReloadAnswer =
  | {
      readonly ok: true
      /** Of what runs now, and of what ran before. */
      readonly digest: string
      readonly before: string
      /** Dotted names of what has changed, and is in force. */
      readonly changed: readonly string[]
      /** Likewise of what is given and needs a restart. */
      readonly needsRestart: readonly string[]
    }
  | {
      readonly ok: false
      /** Of what runs, as before. */
      readonly digest: string
      /** Sentences, each with the place of what is wrong. */
      readonly problems: readonly string[]
    }

/**
 * How far the daemon is on its way out. `serving`: it is not; `grace`: it says that it is not ready, and serves all the same; `leaving`: clients are told to
 * go; `closing`: all have gone, and the rest is closed.
 */
export interface DrainState {
  readonly step: 'serving' | 'grace' | 'leaving' | 'closing'
  readonly sessions: number
  /** How many there were when it began. */
  readonly sessionsAtStart: number
  /** Events that wait for receivers. */
  readonly pendingEvents: number
  readonly elapsedMs: number
  /** It is over by then, counted from its beginning. */
  readonly endsWithinMs: number
}

/** What an operator may ask of the daemon as a whole. */
export interface OperatorQuestions {
  reload: { given: null; answer: ReloadAnswer }
  /** Begins it, unless it has begun. @param given.handover null: as configured */
  drain: { given: { readonly handover: boolean | null }; answer: DrainState }
  drainState: { given: null; answer: DrainState }
}
