import type { FlowResult } from '../generator/job.js'
import type { CaseResult, Series } from '../measure.js'
import type { Case, FigureName, Figures, Scenario } from '../scenarios/scenario.js'
import { count } from './quantity.js'
import { median, type Row } from './row.js'

/** A rate this near to what the generator can do by itself says little about the subject. */
const CEILING_SHARE_MAX = 0.8
/** Saturated generator, subject with time to spare. */
const GENERATOR_BUSY_PERCENT = 95
const SUBJECT_BUSY_PERCENT = 90
/** Of a latency, the part that the generator's own lateness may be. */
const LATE_SHARE_MAX = 0.5
/** A generator with more time to spare than this was not what limited, whatever its ceiling looked like on a busy machine. */
const GENERATOR_SPARE_PERCENT = 20
/** Of one core; beyond it the figures suffer visibly. */
const OTHER_CPU_PERCENT_MAX = 5

/** All runs of one series as a row. */
export function summary(scenario: Scenario, series: Series): Row {
  const { item, results, errors, ceilingPerSecond, subject } = series
  const flows = results.filter((result): result is FlowResult => result.kind === 'flow')
  const streams = flows.flatMap((result) => result.streams)
  const queued = results.flatMap((result) => (result.kind === 'queued' ? [result] : []))
  const figures = medians(results.map((result) => figuresOf(item, result)))
  const subjectCpuPercent = medianOr0(flows.map((result) => result.subjectCpuPercent))
  const generatorCpuPercent = medianOr0(flows.map((result) => result.generatorCpuPercent))
  const row: Row = {
    scenario: scenario.name,
    variant: item.variant,
    subject: subject.name,
    figures,
    publishers: item.kind === 'flow' ? item.flow.streams.length : item.kind === 'queued' ? 1 : 0,
    subscribers: item.kind === 'flow' ? item.flow.subscribers.length : item.kind === 'queued' ? 1 : item.connections,
    batch: item.batch,
    payloadBytes: item.payloadBytes,
    eventsIn: sum(streams, 'published') + sum(queued, 'published'),
    deliveriesOut: sum(streams, 'delivered') + sum(queued, 'delivered'),
    lost: sum(streams, 'lost') + sum(queued, 'lost'),
    doubled: sum(streams, 'doubled'),
    reordered: sum(streams, 'reordered'),
    subjectCpuPercent,
    generatorCpuPercent,
    otherCpuPercent: medianOr0(flows.map((result) => result.otherCpuPercent)),
    subjectRssBytes: medianOr0(flows.map((result) => result.subjectRssBytes)),
    generatorCeilingPerSecond: ceilingPerSecond,
    generatorBound: false,
    notes: [],
    histograms: streams.flatMap((each) => (each.latency === null ? [] : [each.latency.histogram])),
    errors,
  }
  judgeGenerator(row, flows)
  const other = row.otherCpuPercent
  if (other > OTHER_CPU_PERCENT_MAX) row.notes.push(`other processes took ${Math.round(other)} % of a core meanwhile`)
  const notices = sum(streams, 'notices')
  if (notices > 0) row.notes.push(`${notices} notices of the peer between deliveries`)
  const churned = sum(flows, 'churned')
  const measuredSeconds = sum(flows, 'measuredMs') / 1000
  if (churned > 0) row.notes.push(`${Math.round(churned / measuredSeconds)} subscribes and unsubscribes a second`)
  for (const each of queued) row.notes.push(`${count(each.queued)} queued, ${count(each.kernelBytes)} B in the kernel`)
  return row
}

/** Says when a figure is the generator's and not the subject's. */
function judgeGenerator(row: Row, flows: readonly FlowResult[]): void {
  const { subjectCpuPercent, generatorCpuPercent, generatorCeilingPerSecond: ceiling } = row
  const rate = row.figures.rate?.median
  const bound = (why: string) => {
    row.generatorBound = true
    row.notes.push(`generator-bound: ${why}`)
  }
  if (ceiling !== null && rate !== undefined) {
    if (rate > CEILING_SHARE_MAX * ceiling && generatorCpuPercent > 100 - GENERATOR_SPARE_PERCENT) {
      bound(
        `the generator alone reaches ${count(ceiling)}/s, and this is ${Math.round((rate / ceiling) * 100)} % of it`,
      )
    }
    if (generatorCpuPercent > GENERATOR_BUSY_PERCENT && subjectCpuPercent < SUBJECT_BUSY_PERCENT) {
      bound('its core was saturated, the subject’s was not')
    } else if (subjectCpuPercent < SUBJECT_BUSY_PERCENT && flows.length > 0) {
      row.notes.push('the subject’s core was not saturated, nor the generator’s: a lower bound of what it can do')
    }
  }
  const late = medianOr0(flows.flatMap((flow) => flow.streams.flatMap((each) => each.latency?.sendLateP99Us ?? [])))
  const p99 = row.figures.p99?.median
  if (p99 !== undefined && late > LATE_SHARE_MAX * p99) {
    bound(`its own sends were ${Math.round(late)} µs late at p99, which is part of the latency`)
  }
}

function figuresOf(item: Case, result: CaseResult): Figures {
  if (result.kind !== 'flow') return { bytesEach: result.bytesEach }
  return item.kind === 'flow' ? item.figures(result.streams) : {}
}

function medians(runs: readonly Figures[]): Row['figures'] {
  const figures: Row['figures'] = {}
  const names = new Set(runs.flatMap((run) => Object.keys(run) as FigureName[]))
  for (const name of names) {
    const values = runs.flatMap((run) => run[name] ?? [])
    figures[name] = { median: median(values), runs: values }
  }
  return figures
}

function sum<K extends string>(items: readonly { readonly [key in K]: number }[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0)
}

function medianOr0(values: readonly number[]): number {
  return values.length === 0 ? 0 : median(values)
}
