import type { FlowSpec } from './generator/job.js'
import { count } from './report/quantity.js'
import { median } from './report/row.js'
import type { Case, FlowCase, RelativeLoad } from './scenarios/scenario.js'
import type { Station } from './station.js'
import type { SubjectName } from './subjects/subject.js'

/** What has to be known of a case with a rate before it can be measured, or believed. */
export interface OpenLoop {
  /** With its rates, where they depend on a capacity. Null: not known, or as the case says. */
  flow: FlowSpec | null
  /** What its rates were made of, in words. */
  load: string | null
  /** Why the subject cannot be put under this load. */
  unable: string | null
  /** Why the figures are void: the generator was not shown to be able to do twice as much. */
  voidBecause: string | null
}

export const NOTHING_KNOWN: OpenLoop = { flow: null, load: null, unable: null, voidBecause: null }

/** A generator has to do this many times what it does in a run, or the run is void. */
export const REHEARSED_TIMES = 2
/** Of what was due at that rate, the part that must have been sent, and how late at most. */
const SENT_SHARE_MIN = 0.98
const LATE_P99_US_MAX = 1000
/** The median of so many short runs is a capacity. */
const CAPACITY_RUNS = 3

interface Placed {
  station: Station
  one: { item: Case; open: OpenLoop }
}

interface PlacedFlow extends Placed {
  one: { item: FlowCase; open: OpenLoop }
}

/** Does something that may fail, for a case, and says that it does. */
export type Attempt<T> = (placed: T, what: string, run: () => Promise<void>) => Promise<void>

/** Measures what loads are relative to, and gives each case its rates. */
export async function findLoads<T extends Placed>(
  series: readonly T[],
  attempt: Attempt<T>,
  measureOnce: (station: Station, flow: FlowSpec, item: FlowCase) => Promise<number>,
): Promise<void> {
  const capacities = new Map<string, number>()
  const loaded = series.filter(isLoaded)
  for (const placed of loaded) {
    const { station, one } = placed
    const key = capacityKey(station.subject.name, one.item)
    if (capacities.has(key)) continue
    await attempt(placed, 'capacity', async () => {
      const found: number[] = []
      for (let run = 0; run < CAPACITY_RUNS; run++)
        found.push(await measureOnce(station, asFastAsItGoes(one.item.flow), one.item))
      capacities.set(key, median(found))
    })
  }
  for (const { station, one } of loaded) {
    const { load } = one.item
    const own = capacities.get(capacityKey(station.subject.name, one.item))
    const of = capacities.get(capacityKey(load.of ?? station.subject.name, one.item))
    one.open =
      own === undefined || of === undefined
        ? { ...NOTHING_KNOWN, unable: 'the capacity that its load is relative to could not be measured' }
        : underLoad(one.item.flow, load, own, of)
  }
}

/** A case of one subject, under a share of a capacity. @param own what the subject can take @param of what the load is relative to */
export function underLoad(flow: FlowSpec, load: RelativeLoad, own: number, of: number): OpenLoop {
  const perSecond = (of * load.percent) / 100
  const text = `${count(Math.round(perSecond))}/s, ${load.percent} % of the ${count(Math.round(of))}/s that ${load.of ?? 'it'} reached just before in a closed loop`
  if (load.of !== undefined && own < perSecond)
    return { ...NOTHING_KNOWN, unable: `it reached ${count(Math.round(own))}/s in a closed loop, less than ${text}` }
  const streams = flow.streams.map((stream, i) => ({
    ...stream,
    eventsPerSecond: Math.max(1, Math.round(perSecond * load.shares[i])),
  }))
  return { ...NOTHING_KNOWN, flow: { ...flow, streams }, load: `load: ${text}` }
}

/** Shows, for each case with rates only, that the generator can do twice as much, or says that it cannot. Of cases that differ in their rates the fastest stands for all. */
export async function rehearse<T extends Placed>(series: readonly T[], attempt: Attempt<T>): Promise<void> {
  for (const group of rehearsalsOf(series)) {
    for (const placed of group) {
      const { station, one } = placed
      const flow = flowOf(one)
      let problem: string | null = 'it was not shown what the generator can do'
      await attempt(placed, 'generator alone, at twice the rate', async () => {
        problem = await station.rehearse(one.item, timesRate(flow, REHEARSED_TIMES))
      })
      one.open.voidBecause = problem
      if (problem === null) break
    }
  }
}

/** Cases by subject and what they have in common but their rates; of each the fastest first. */
export function rehearsalsOf<T extends Placed>(series: readonly T[]): (T & PlacedFlow)[][] {
  const groups = new Map<string, (T & PlacedFlow)[]>()
  for (const placed of series) {
    if (!isPaced(placed) || placed.one.open.unable !== null) continue
    const key = `${placed.station.subject.name} ${shapeOf(placed.one.item.flow)}`
    groups.set(key, [...(groups.get(key) ?? []), placed])
  }
  return [...groups.values()].map((group) => group.sort((a, b) => rateOf(flowOf(b.one)) - rateOf(flowOf(a.one))))
}

/** Of the cases of one subject, what is measured once for several: capacities, or what the generator can do alone. */
export function shapesOf(items: readonly Case[], kind: 'loaded' | 'paced'): string[] {
  const flows = items.filter((item): item is FlowCase => item.kind === 'flow')
  const wanted = flows.filter((item) => item.load !== undefined || (kind === 'paced' && everyPaced(item.flow)))
  return [...new Set(wanted.map(({ flow }) => shapeOf(flow)))]
}

/** What a generator did alone, at twice the rate of a run. */
export interface Rehearsal {
  sentShare: number
  lateP99Us: number
  receivedPerSecond: number
}

/** @returns null when it can do what it was asked for, otherwise what it cannot */
export function problemOf({ sentShare, lateP99Us, receivedPerSecond }: Rehearsal, flow: FlowSpec): string | null {
  const deliveries = flow.streams.reduce(
    (sum, { eventsPerSecond }, i) =>
      sum + eventsPerSecond * flow.subscribers.filter((each) => each.streams.includes(i)).length,
    0,
  )
  const alone = `the generator alone, at ${REHEARSED_TIMES} × the rate,`
  if (sentShare < SENT_SHARE_MIN) return `${alone} sent ${(sentShare * 100).toFixed(1)} % of what was due`
  if (lateP99Us > LATE_P99_US_MAX) return `${alone} sent ${Math.round(lateP99Us)} µs late at p99`
  if (receivedPerSecond < deliveries)
    return `${alone} received ${count(Math.round(receivedPerSecond))}/s of ${count(deliveries)}/s`
  return null
}

/** The same streams, as fast as sockets take them. */
export function asFastAsItGoes(flow: FlowSpec): FlowSpec {
  return timesRate(flow, 0)
}

/** What flows have in common that differ in their rates only. */
export function shapeOf(flow: FlowSpec): string {
  return JSON.stringify(asFastAsItGoes(flow))
}

export function rateOf({ streams }: FlowSpec): number {
  return streams.reduce((sum, { eventsPerSecond }) => sum + eventsPerSecond, 0)
}

function timesRate(flow: FlowSpec, times: number): FlowSpec {
  const streams = flow.streams.map((stream) => ({ ...stream, eventsPerSecond: stream.eventsPerSecond * times }))
  return { ...flow, streams }
}

function flowOf({ item, open }: PlacedFlow['one']): FlowSpec {
  return open.flow ?? item.flow
}

function capacityKey(subject: SubjectName, { flow }: FlowCase): string {
  return `${subject} ${shapeOf(flow)}`
}

function isPaced<T extends Placed>(placed: T): placed is T & PlacedFlow {
  const { item } = placed.one
  return item.kind === 'flow' && everyPaced(flowOf({ item, open: placed.one.open }))
}

function everyPaced({ streams }: FlowSpec): boolean {
  return streams.every((each) => each.eventsPerSecond > 0)
}

function isLoaded<T extends Placed>(placed: T): placed is T & { one: { item: FlowCase & { load: RelativeLoad } } } {
  const { item } = placed.one
  return item.kind === 'flow' && item.load !== undefined
}
