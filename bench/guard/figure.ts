/** What a kind of figure may differ by; its reasons are in the baseline file. */
export const TOLERANCES = [
  'allocated',
  'objects',
  'boxed',
  'boxed by run',
  'counted',
  'copied',
  'calls',
  'waits',
  'other calls',
  'ratio',
] as const
export type ToleranceName = (typeof TOLERANCES)[number]

/** One number that says how much work something is. Less is better. */
export interface Figure {
  /** What the baseline knows it by. */
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly tolerance: ToleranceName
  /** It must not be more than this, whatever the baseline says; absent: the baseline alone judges. */
  readonly most?: number
  /** What to look at when it has grown: a sentence, and the places that the measurement itself names. */
  readonly look: readonly string[]
}
