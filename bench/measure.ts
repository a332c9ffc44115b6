import type { ClientResult } from './client/job.js'
import {
  type AgreementResult,
  ASKS_NOTHING,
  type FlowResult,
  type FlowSpec,
  type HandshakeSpec,
  type HandshakesJob,
  type HandshakesResult,
  type IdleResult,
  type QueuedResult,
  type RequestsResult,
  type SoakResult,
} from './generator/job.js'
import { runWork, type WorkResult } from './guard/work-run.js'
import { findLoads, NOTHING_KNOWN, type OpenLoop, rehearse, shapesOf } from './open-loop.js'
import type { Pinning } from './pinned.js'
import { descriptorsMax } from './proc.js'
import type { Progress } from './report/progress.js'
import type { Row } from './report/row.js'
import { summary } from './report/summary.js'
import type { Case, FlowCase, HandshakesCase, RequestsCase, Scenario } from './scenarios/scenario.js'
import { Scraper } from './scraper.js'
import { Station } from './station.js'
import { isOurs } from './subjects/index.js'
import type { Subject, SubjectName } from './subjects/subject.js'
import type { Timing } from './timing.js'

export type CaseResult =
  | AgreementResult
  | ClientResult
  | FlowResult
  | IdleResult
  | QueuedResult
  | RequestsResult
  | HandshakesResult
  | SoakResult
  | WorkResult

/** What one case gave for one subject. */
export interface Series {
  item: Case
  subject: Subject
  results: CaseResult[]
  errors: string[]
  ceilingPerSecond: number | null
  /** Why it cannot be measured here, or null. */
  leftOut: string | null
  open: OpenLoop
}

/** Cases of a scenario that a subject takes part in. */
export function casesOf(scenario: Scenario, { name }: Subject): readonly Case[] {
  if (!isOurs(name)) return scenario.cases.filter((item) => item.withPeers)
  return scenario.cases.filter((item) => item.only === undefined || item.only.includes(name))
}

/** Who takes part: ours first, then the peers that are there and were asked for. */
export function subjectsOf(scenario: Scenario, present: readonly Subject[]): Subject[] {
  const names: readonly SubjectName[] = [...scenario.ours, ...scenario.peers]
  return present.filter(({ name }) => names.includes(name))
}

/** Starting a subject, connecting and settling, beside the time of a run. */
const AROUND_RUN_MS = 500
const CEILING_MS = 3000
const CAPACITY_WARMUP_MS = 300
const CAPACITY_MS = 700
const CAPACITY_STEP_MS = 4000
const REHEARSAL_STEP_MS = 2500

/** About how long each progress step of a scenario takes, in ms. */
export function stepsOf(scenario: Scenario, present: readonly Subject[], timing: Timing): number[] {
  const each = subjectsOf(scenario, present).map((subject) => casesOf(scenario, subject))
  const measured = each.flat().filter((item) => leftOut(item) === null)
  const runMs = timing.warmupMs + timing.measureMs + AROUND_RUN_MS
  return [
    ...measured.filter(hasCeiling).map(() => CEILING_MS),
    ...each.flatMap((own) => shapesOf(own, 'loaded').map(() => CAPACITY_STEP_MS)),
    ...each.flatMap((own) => shapesOf(own, 'paced').map(() => REHEARSAL_STEP_MS)),
    ...Array.from({ length: timing.runs }, () =>
      measured.map((item) => (item.kind === 'soak' ? item.soak.lengthMs : runMs)),
    ).flat(),
  ]
}

/** Of a process that holds connections, for all else that it has open: what our daemon reserves, and a little. */
const DESCRIPTORS_BESIDE = 512

/** Why a case cannot be measured on this machine, or null. */
function leftOut(item: Case): string | null {
  const connections = item.kind === 'idle' ? item.connections : item.kind === 'flow' ? (item.idleBeside ?? 0) : 0
  const [needed, allowed] = [connections + DESCRIPTORS_BESIDE, descriptorsMax()]
  if (connections === 0 || needed <= allowed) return null
  return `a process may have ${allowed} files open here (ulimit -Hn), and ${needed} are needed`
}

/**
 * Runs a scenario: every subject of every case in turn, and that as often as there are runs.
 * @param cut when it aborts, what is under way is dropped, and what was measured until then is returned
 */
export async function measure(
  scenario: Scenario,
  present: readonly Subject[],
  timing: Timing,
  pinning: Pinning,
  progress: Progress,
  cut: AbortSignal,
): Promise<Row[]> {
  const stations = subjectsOf(scenario, present).map((subject) => new Station(subject, scenario.need, pinning))
  const series = stations.flatMap((station) =>
    casesOf(scenario, station.subject).map((item) => {
      const { subject } = station
      const none = { results: [], errors: [], ceilingPerSecond: null, open: { ...NOTHING_KNOWN } }
      const one: Series = { item, subject, ...none, leftOut: leftOut(item) }
      return { station, one }
    }),
  )
  const attempt = async (one: Series, what: string, run: () => Promise<void>) => {
    if (cut.aborted || one.leftOut !== null || one.open.unable !== null) return
    progress.step(scenario.name, `${what}, ${label(one)}`)
    try {
      await run()
    } catch (error) {
      if (!cut.aborted) one.errors.push(`${what}: ${(error as Error).message}`)
    }
  }
  try {
    for (const { station, one } of series) {
      const { item } = one
      if (!hasCeiling(item)) continue
      await attempt(one, 'generator alone', async () => {
        one.ceilingPerSecond = await ceilingOf(station, item)
      })
    }
    const attemptFor = ({ one }: { one: Series }, what: string, run: () => Promise<void>) => attempt(one, what, run)
    await findLoads(series, attemptFor, (station, flow, item) => capacityOf(station, flow, item, pinning))
    await rehearse(series, attemptFor)
    for (let run = 1; run <= timing.runs; run++) {
      for (const { station, one } of inTurns(scenario, series, run)) {
        await attempt(one, `run ${run} of ${timing.runs}`, async () => {
          one.results.push(await runOnce(station, one, timing, pinning))
        })
      }
    }
  } finally {
    for (const station of stations) await station.stop()
  }
  const measured = cut.aborted ? series.filter(({ one }) => one.results.length > 0) : series
  return measured.map(({ one }) => summary(scenario, one))
}

/** Subjects of the same case follow each other, and the first of one run is the last of the next: what else the machine does falls on all of them. */
function inTurns<T extends { one: Series }>(scenario: Scenario, series: readonly T[], run: number): T[] {
  const byCase = scenario.cases.flatMap((item) => series.filter(({ one }) => one.item === item))
  return run % 2 === 1 ? byCase : byCase.reverse()
}

function runOnce(station: Station, { item, open }: Series, timing: Timing, pinning: Pinning): Promise<CaseResult> {
  const { warmupMs, measureMs } = timing
  const time = { warmupMs, measureMs, cores: coresOf(pinning) }
  switch (item.kind) {
    case 'agreement':
      return station.run(item, (target) => ({ kind: 'agreement', target, flow: item.flow, ...time }), false)
    case 'client': {
      const { client } = item
      const farCore = pinning.subjectCore
      return station.run(item, (target) => ({ kind: 'client', target, client, farCore, ...time }), false)
    }
    case 'flow':
      return beside(station, item, () =>
        station.run(
          item,
          (target) => ({
            kind: 'flow',
            target,
            flow: open.flow ?? item.flow,
            asks: item.asks ?? ASKS_NOTHING,
            ...time,
          }),
          false,
        ),
      )
    case 'idle': {
      const { connections, streamsEach } = item
      return station.run(item, (target) => ({ kind: 'idle', target, connections, streamsEach }), true)
    }
    case 'queued': {
      const { events, payloadBytes, batch } = item
      return station.run(item, (target) => ({ kind: 'queued', target, events, payloadBytes, batch }), true)
    }
    case 'soak':
      return station.run(item, (target) => ({ kind: 'soak', target, soak: item.soak, cores: time.cores }), true)
    case 'work':
      return runWork(item.flow, pinning.subjectCore)
    case 'requests':
      return station.run(item, (target) => ({ kind: 'requests', target, requests: item.requests, ...time }), false)
    case 'handshakes':
      return shakeHands(station, item, time)
  }
}

/** Does something beside what a case has beside it: scrapes of the subject's metrics, or connections that say nothing. */
function beside<T>(station: Station, item: FlowCase, run: () => Promise<T>): Promise<T> {
  const idle = item.idleBeside ?? 0
  return scraped(station, item, idle === 0 ? run : () => station.besideIdle(idle, run))
}

async function scraped<T>(station: Station, { scrapeEveryMs }: FlowCase, run: () => Promise<T>): Promise<T> {
  if (scrapeEveryMs === undefined) return run()
  const scraper = new Scraper(`${await station.adminUrl()}/metrics`, scrapeEveryMs)
  try {
    return await run()
  } finally {
    await scraper.stop()
  }
}

interface JobTiming {
  warmupMs: number
  measureMs: number
  cores: number[]
}

async function shakeHands(station: Station, item: HandshakesCase, timing: JobTiming): Promise<HandshakesResult> {
  const { handshakes, acrossRestart } = item
  const shake = (spec: HandshakeSpec, tickets: string[], time: JobTiming, fresh: boolean) =>
    station.run(
      item,
      (target): HandshakesJob => ({ kind: 'handshakes', target, handshakes: spec, tickets, ...time }),
      fresh,
    )
  if (!acrossRestart) return shake(handshakes, [], timing, false)
  // The first handshake of each client, with a ticket of the process that is gone, is what is looked at.
  const collected = await shake({ ...handshakes, resumes: false, once: true }, [], timing, false)
  return shake({ ...handshakes, once: true }, collected.tickets, timing, true)
}

/** Events a second that a subject takes in a closed loop. */
async function capacityOf(station: Station, flow: FlowSpec, item: FlowCase, pinning: Pinning): Promise<number> {
  const time = { warmupMs: CAPACITY_WARMUP_MS, measureMs: CAPACITY_MS, cores: coresOf(pinning) }
  const result = await station.run(
    item,
    (target) => ({ kind: 'flow', target, flow, asks: ASKS_NOTHING, ...time }),
    false,
  )
  const fanOut = flow.subscribers.reduce((sum, each) => sum + each.streams.length, 0) / flow.streams.length
  return result.streams.reduce((sum, each) => sum + each.deliveredPerSecond, 0) / fanOut
}

function coresOf({ subjectCore, generatorCore }: Pinning): number[] {
  return [subjectCore, generatorCore].filter((core) => core !== null)
}

type Bounded = FlowCase | RequestsCase

function ceilingOf(station: Station, item: Bounded): Promise<number> {
  return item.kind === 'flow' ? station.flowCeiling(item, item.flow) : station.requestCeiling(item, item.requests)
}

/**
 * Open-loop generators do not run at their limit: how late they were is measured instead. h2load is a C program, and what
 * it needs of its core is measured.
 */
function hasCeiling(item: Case): item is Bounded {
  if (item.kind === 'flow')
    return item.load === undefined && item.flow.streams.every((stream) => stream.eventsPerSecond === 0)
  return item.kind === 'requests' && item.requests.tool === 'autocannon'
}

function label({ subject, item }: Series): string {
  return item.variant === '' ? subject.label : `${subject.label}, ${item.variant}`
}
