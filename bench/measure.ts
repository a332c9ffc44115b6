import type { FlowResult, IdleResult, QueuedResult } from './generator/job.js'
import type { Options } from './options.js'
import type { Pinning } from './pinned.js'
import type { Progress } from './report/progress.js'
import type { Row } from './report/row.js'
import { summary } from './report/summary.js'
import type { Case, Scenario } from './scenarios/scenario.js'
import { Station } from './station.js'
import type { Subject } from './subjects/subject.js'

export type CaseResult = FlowResult | IdleResult | QueuedResult

/** What one case gave for one subject. */
export interface Series {
  item: Case
  subject: Subject
  results: CaseResult[]
  errors: string[]
  ceilingPerSecond: number | null
}

/** Cases of a scenario that a subject takes part in. */
export function casesOf(scenario: Scenario, subject: Subject): readonly Case[] {
  return scenario.cases.filter((item) => subject.name === 'sluice' || item.withPeers)
}

/** Who takes part: ours first, then the peers that are there and were asked for. */
export function subjectsOf(scenario: Scenario, present: readonly Subject[]): Subject[] {
  return present.filter(({ name }) => name === 'sluice' || scenario.peers.includes(name))
}

/** Progress steps of a scenario. */
export function stepsOf(scenario: Scenario, present: readonly Subject[], runs: number): number {
  const cases = subjectsOf(scenario, present).flatMap((subject) => casesOf(scenario, subject))
  return cases.length * runs + cases.filter(hasCeiling).length
}

/** Runs a scenario: every case of every subject in turn, and that as often as there are runs. */
export async function measure(
  scenario: Scenario,
  present: readonly Subject[],
  options: Options,
  pinning: Pinning,
  progress: Progress,
): Promise<Row[]> {
  const stations = subjectsOf(scenario, present).map((subject) => new Station(subject, scenario.need, pinning))
  const series = stations.flatMap((station) =>
    casesOf(scenario, station.subject).map((item) => {
      const one: Series = { item, subject: station.subject, results: [], errors: [], ceilingPerSecond: null }
      return { station, one }
    }),
  )
  try {
    for (const { station, one } of series) {
      if (!hasCeiling(one.item)) continue
      progress.step(scenario.name, `generator alone, ${label(one)}`)
      one.ceilingPerSecond = await station.ceiling(one.item, one.item.flow)
    }
    for (let run = 1; run <= options.runs; run++) {
      for (const { station, one } of series) {
        progress.step(scenario.name, `run ${run} of ${options.runs}, ${label(one)}`)
        try {
          one.results.push(await runOnce(station, one.item, options, pinning))
        } catch (error) {
          one.errors.push(`run ${run}: ${(error as Error).message}`)
        }
      }
    }
  } finally {
    for (const station of stations) await station.stop()
  }
  return series.map(({ one }) => summary(scenario, one))
}

function runOnce(station: Station, item: Case, options: Options, pinning: Pinning): Promise<CaseResult> {
  const { warmupMs, measureMs } = options
  const cores = [pinning.subjectCore, pinning.generatorCore].filter((core) => core !== null)
  switch (item.kind) {
    case 'flow':
      return station.run(
        item,
        (target) => ({ kind: 'flow', target, flow: item.flow, warmupMs, measureMs, cores }),
        false,
      )
    case 'idle':
      return station.run(item, (target) => ({ kind: 'idle', target, connections: item.connections }), true)
    case 'queued':
      return station.run(
        item,
        (target) => ({ kind: 'queued', target, events: item.events, payloadBytes: item.payloadBytes }),
        true,
      )
  }
}

/** Open-loop generators do not run at their limit: how late they were is measured instead. */
function hasCeiling(item: Case): item is Case & { kind: 'flow' } {
  return item.kind === 'flow' && item.flow.streams.every((stream) => stream.eventsPerSecond === 0)
}

function label({ subject, item }: Series): string {
  return item.variant === '' ? subject.label : `${subject.label}, ${item.variant}`
}
