import type { FlowResult, LatencyResult } from '../generator/job.js'
import type { Series } from '../measure.js'
import type { OpenLoop } from '../open-loop.js'
import type { Case, FigureName, Figures, Scenario } from '../scenarios/scenario.js'
import { behindNote } from './behind.js'
import { type Outcome, outcomeOf } from './outcome.js'
import { count } from './quantity.js'
import { median, type Row } from './row.js'

/** A rate this near to what the generator can do by itself says little about the subject. */
const CEILING_SHARE_MAX = 0.8
/** Saturated generator, subject with time to spare. */
const GENERATOR_BUSY_PERCENT = 95
const SUBJECT_BUSY_PERCENT = 90
/** Of a latency, the part that the generator's own lateness may be. */
const LATE_SHARE_MAX = 0.5
/** Of the time until the last subscriber has an event, the part in which the generator may be busy with reading. */
const READING_SHARE_MAX = 0.5
/** A generator with more time to spare than this was not what limited, whatever its ceiling looked like on a busy machine. */
const GENERATOR_SPARE_PERCENT = 20
/** Of one core; beyond it the figures suffer visibly. */
const OTHER_CPU_PERCENT_MAX = 5

/** All runs of one series as a row. */
export function summary(scenario: Scenario, series: Series): Row {
  const { item, results, ceilingPerSecond, subject, open } = series
  const errors = [...series.errors]
  const outcomes = results.flatMap((result, i) => {
    try {
      return [outcomeOf(item, result)]
    } catch (error) {
      errors.push(`run ${i + 1}: ${(error as Error).message}`)
      return []
    }
  })
  const loads = outcomes.flatMap(({ load }) => load ?? [])
  const flows = results.filter((result): result is FlowResult => result.kind === 'flow')
  const soaked = results.flatMap((result) => (result.kind === 'soak' ? [result.latency] : []))
  const row: Row = {
    scenario: scenario.name,
    variant: item.variant,
    ...(item.x !== undefined && { x: item.x }),
    ...(item.line !== undefined && { line: item.line }),
    subject: subject.name,
    figures: medians(outcomes.map(({ figures }) => figures)),
    ...ends(item),
    batch: item.batch,
    payloadBytes: item.payloadBytes,
    eventsIn: sum(outcomes, 'eventsIn'),
    deliveriesOut: sum(outcomes, 'deliveriesOut'),
    lost: sum(outcomes, 'lost'),
    doubled: sum(outcomes, 'doubled'),
    reordered: sum(outcomes, 'reordered'),
    subjectCpuPercent: medianOr0(loads.map((load) => load.subjectCpuPercent)),
    generatorCpuPercent: medianOr0(loads.map((load) => load.generatorCpuPercent)),
    otherCpuPercent: medianOr0(loads.map((load) => load.otherCpuPercent)),
    subjectRssBytes: medianOr0(loads.map((load) => load.subjectRssBytes)),
    generatorCeilingPerSecond: ceilingPerSecond,
    generatorBound: false,
    ...(open.voidBecause !== null && { isVoid: true }),
    ...(open.unable !== null && { isUnable: true }),
    notes: notesOf(open),
    histograms: [
      ...flows.flatMap(({ streams }) => streams.flatMap(({ latency, last }) => (last ?? latency)?.histogram ?? [])),
      ...soaked.map(({ histogram }) => histogram),
    ],
    errors,
  }
  judgeGenerator(row, flows, soaked)
  const other = row.otherCpuPercent
  if (other > OTHER_CPU_PERCENT_MAX) row.notes.push(`other processes took ${Math.round(other)} % of a core meanwhile`)
  const behind = behindNote(item, flows)
  if (behind !== null) row.notes.push(behind)
  row.notes.push(...new Set(outcomes.flatMap(({ notes }) => notes)))
  if (series.leftOut !== null) row.notes.push(`left out: ${series.leftOut}`)
  const timed = outcomes.at(-1)?.series
  if (timed !== undefined) row.series = timed
  return row
}

function notesOf({ load, unable, voidBecause }: OpenLoop): string[] {
  const notes: string[] = []
  if (unable !== null) notes.push(`unable: ${unable}`)
  if (voidBecause !== null) notes.push(`void: ${voidBecause}`)
  if (load !== null) notes.push(load)
  return notes
}

/** Connections that publish and that receive. */
function ends(item: Case): Pick<Row, 'publishers' | 'subscribers'> {
  switch (item.kind) {
    case 'client':
      return { publishers: 1, subscribers: 1 }
    case 'agreement':
    case 'flow':
      return { publishers: item.flow.streams.length, subscribers: item.flow.subscribers.length }
    case 'soak': {
      const { flow, comers } = item.soak
      return { publishers: flow.streams.length, subscribers: flow.subscribers.length + comers.connections + 1 }
    }
    case 'queued':
      return { publishers: 1, subscribers: 1 }
    case 'idle':
      return { publishers: 0, subscribers: item.connections * Math.max(1, item.streamsEach) }
    case 'requests':
      return { publishers: item.requests.connections, subscribers: 1 }
    case 'work':
      return { publishers: 1, subscribers: item.flow.subscribers }
    case 'handshakes':
      return { publishers: 0, subscribers: item.handshakes.concurrency }
  }
}

/** Says when a figure is the generator's and not the subject's. */
function judgeGenerator(row: Row, flows: readonly FlowResult[], soaked: readonly LatencyResult[]): void {
  const { subjectCpuPercent, generatorCpuPercent, generatorCeilingPerSecond: ceiling, figures } = row
  const rate = (figures.rate ?? figures.requests ?? figures.handshakes)?.median
  const bound = (why: string) => {
    row.generatorBound = true
    row.notes.push(`generator-bound: ${why}`)
  }
  // A closed loop, which runs as fast as both can.
  const isClosed = ceiling !== null || figures.requests !== undefined || figures.handshakes !== undefined
  if (rate !== undefined && isClosed) {
    if (ceiling !== null && rate > CEILING_SHARE_MAX * ceiling && generatorCpuPercent > 100 - GENERATOR_SPARE_PERCENT) {
      bound(
        `the generator alone reaches ${count(ceiling)}/s, and this is ${Math.round((rate / ceiling) * 100)} % of it`,
      )
    }
    if (generatorCpuPercent > GENERATOR_BUSY_PERCENT && subjectCpuPercent < SUBJECT_BUSY_PERCENT) {
      bound('its core was saturated, the subject’s was not')
    } else if (subjectCpuPercent < SUBJECT_BUSY_PERCENT) {
      row.notes.push('the subject’s core was not saturated, nor the generator’s: a lower bound of what it can do')
    }
  }
  const late = medianOr0([
    ...flows.flatMap((flow) => flow.streams.flatMap((each) => each.latency?.sendLateP99Us ?? [])),
    ...soaked.map(({ sendLateP99Us }) => sendLateP99Us),
  ])
  const p99 = figures.p99?.median
  if (p99 !== undefined && late > LATE_SHARE_MAX * p99) {
    bound(`its own sends were ${Math.round(late)} µs late at p99, which is part of the latency`)
  }
  const reading = medianOr0(flows.flatMap((flow) => flow.streams.flatMap((each) => each.last?.generatorShare ?? [])))
  if (reading > READING_SHARE_MAX) {
    bound(
      `${Math.round(reading * 100)} % of the time until the last subscriber has an event it was reading without a pause`,
    )
  }
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

type Summed = 'eventsIn' | 'deliveriesOut' | 'lost' | 'doubled' | 'reordered'

function sum(outcomes: readonly Outcome[], key: Summed): number {
  return outcomes.reduce((total, outcome) => total + outcome[key], 0)
}

function medianOr0(values: readonly number[]): number {
  return values.length === 0 ? 0 : median(values)
}
