import type { Machine } from '../machine.js'
import type { CoreNoise } from '../noise.js'
import type { Pinning } from '../pinned.js'
import type { Axis, Group } from '../scenarios/scenario.js'
import type { Timing } from '../timing.js'
import type { Verdict } from './floors.js'
import type { Row } from './row.js'

/** All that was measured, and all that a reader needs to judge it. It explains itself: names of figures and subjects that are gone from the sources can still be drawn. */
export interface Report {
  /** When it began, ISO 8601. */
  at: string
  machine: Machine
  pinning: Pinning
  /** Ended by a signal before all was measured. */
  isCut: boolean
  subjects: ReportedSubject[]
  /** Units of the figures that rows have, in the order of tables. */
  units: { [figure: string]: string }
  scenarios: ReportedScenario[]
  rows: Row[]
  verdicts: ReportedVerdict[]
  /** Noise of the cores just before a scenario. */
  noise: { scenario: string; cores: CoreNoise[] }[]
  /** The same daemon measured against itself, A against A. */
  aa: SelfNoise[]
}

export interface ReportedSubject {
  name: string
  label: string
  isOurs: boolean
  /** It does less than is asked of all others, and shows how far anybody could get. */
  isLimit?: boolean
  settings: string
  version?: string
  /** Why it did not take part. */
  absent?: string
}

export interface ReportedScenario {
  name: string
  title: string
  group: Group
  axis?: Axis
  /** The figure that it is about, where that is not the usual one. */
  headline?: string
  /** Limits raised above the defaults. */
  need: { [limit: string]: number }
  timing: Timing
  /** A milestone may be measured in parts, which may be of several moments and commits. */
  at: string
  commit: string
}

export type ReportedVerdict = Verdict & { scenario: string }

/** What differs when nothing differs: no difference below it can be told. */
export interface SelfNoise {
  scenario: string
  variant: string
  figure: string
  /** Of neighbouring runs, A / A' - 1. */
  differences: number[]
}
