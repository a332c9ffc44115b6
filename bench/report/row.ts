import type { FigureName } from '../scenarios/scenario.js'
import type { SubjectName } from '../subjects/subject.js'

/** What one case of a scenario gave for one subject, over all runs. */
export interface Row {
  scenario: string
  variant: string
  /** As the case says. */
  x?: number
  line?: string
  subject: SubjectName
  figures: { [name in FigureName]?: Figure }
  publishers: number
  subscribers: number
  batch: number
  payloadBytes: number
  /** Sums over all runs. */
  eventsIn: number
  deliveriesOut: number
  lost: number
  doubled: number
  reordered: number
  /** Medians. 0 where the case has no rate. */
  subjectCpuPercent: number
  generatorCpuPercent: number
  /** What other processes took of the two cores, in percent of one. */
  otherCpuPercent: number
  subjectRssBytes: number
  /** Deliveries a second that this generator reaches in the same flow when nothing is in between; null where no rate is measured. */
  generatorCeilingPerSecond: number | null
  /** The generator, not the subject, set the figure: it is what was reached, not what the subject can do. */
  generatorBound: boolean
  /** Set: it was not shown that the generator can do twice as much: a latency of such a run says nothing for certain. */
  isVoid?: boolean
  /** Set: this subject cannot take the load that the others are under. */
  isUnable?: boolean
  /** Why, or what else a reader has to know. */
  notes: string[]
  /** HDR histograms of the runs' latencies, V2 compressed, base64, in ns. */
  histograms: string[]
  /** Runs that could not be completed. */
  errors: string[]
  /** What changed in the course of the last run; absent: that is not looked at. */
  series?: TimeSeries[]
}

/** Something over time, such as the memory of the subject. */
export interface TimeSeries {
  name: string
  /** Of y. */
  unit: string
  /** Seconds since the start, and what was seen then. */
  points: [x: number, y: number][]
}

export interface Figure {
  median: number
  runs: number[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
