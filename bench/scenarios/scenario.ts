import type { FlowSpec, StreamResult } from '../generator/job.js'
import type { Floor } from '../report/floors.js'
import type { Need, SubjectName } from '../subjects/subject.js'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What may be measured beside our daemon, when it is installed. */
  readonly peers: readonly SubjectName[]
  readonly need: Need
  readonly cases: readonly Case[]
  readonly floors: readonly Floor[]
}

/** One thing that is measured. Its name is empty where a scenario has one only. */
export type Case = FlowCase | IdleCase | QueuedCase

interface CaseBase {
  readonly variant: string
  /** Whether peers run it too. */
  readonly withPeers: boolean
  readonly batch: number
  readonly payloadBytes: number
}

export interface FlowCase extends CaseBase {
  readonly kind: 'flow'
  readonly flow: FlowSpec
  /** The figures of one run, by name. */
  readonly figures: (streams: readonly StreamResult[]) => Figures
}

export interface IdleCase extends CaseBase {
  readonly kind: 'idle'
  readonly connections: number
}

export interface QueuedCase extends CaseBase {
  readonly kind: 'queued'
  readonly events: number
}

export type FigureName = 'rate' | 'p50' | 'p99' | 'p99.9' | 'bytesEach'
export type Figures = { readonly [name in FigureName]?: number }

/** Units of the figures, as they are printed. */
export const FIGURE_UNITS: { readonly [name in FigureName]: string } = {
  rate: '/s',
  p50: 'µs',
  p99: 'µs',
  'p99.9': 'µs',
  bytesEach: 'B',
}
