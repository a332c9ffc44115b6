import type { ClientResult } from '../client/job.js'
import { sumOf, unaccounted } from '../generator/account.js'
import type {
  Account,
  AgreementResult,
  FlowResult,
  HandshakesResult,
  Load,
  QueuedResult,
  RequestsResult,
  SoakResult,
  Tally,
} from '../generator/job.js'
import type { WorkResult } from '../guard/work-run.js'
import type { CaseResult } from '../measure.js'
import type { Case, Figures } from '../scenarios/scenario.js'
import { count } from './quantity.js'
import type { TimeSeries } from './row.js'
import { memoryDrift, soakSeries, tailShift } from './soak-series.js'

/** What one run of any kind gave, in the terms of a row. */
export interface Outcome {
  figures: Figures
  eventsIn: number
  deliveriesOut: number
  lost: number
  doubled: number
  reordered: number
  /** Null where no load was put on. */
  load: Load | null
  notes: string[]
  /** Something that is looked at over time. */
  series?: TimeSeries[]
}

export function outcomeOf(item: Case, result: CaseResult): Outcome {
  switch (result.kind) {
    case 'agreement':
      return ofAgreement(result)
    case 'client':
      return ofClient(result)
    case 'flow':
      return ofFlow(item, result)
    case 'idle':
      return { ...NOTHING, figures: { bytesEach: result.bytesEach } }
    case 'queued':
      return ofQueued(result)
    case 'requests':
      return ofRequests(result)
    case 'handshakes':
      return ofHandshakes(item, result)
    case 'soak':
      return ofSoak(result)
    case 'work':
      return ofWork(result)
  }
}

const NOTHING: Omit<Outcome, 'figures'> = {
  eventsIn: 0,
  deliveriesOut: 0,
  lost: 0,
  doubled: 0,
  reordered: 0,
  load: null,
  notes: [],
}

function ofFlow(item: Case, result: FlowResult): Outcome {
  const { streams, churned, measuredMs, closed } = result
  const mayMiss = item.kind === 'flow' && item.mayMiss === true
  const sum = (key: 'published' | 'delivered' | 'lost' | 'missed' | 'doubled' | 'reordered' | 'notices') =>
    streams.reduce((total, each) => total + each[key], 0)
  const notes: string[] = []
  if (sum('notices') > 0) notes.push(`${sum('notices')} notices of the peer between deliveries`)
  if (sum('missed') > 0) notes.push(`${count(sum('missed'))} told to be missing, in band`)
  if (closed > 0) notes.push(`${closed} of the slow subscribers were closed by the peer`)
  if (result.account !== null) notes.push(accountText(result.account, streams))
  if (churned > 0) notes.push(`${Math.round((churned * 1000) / measuredMs)} subscribes and unsubscribes a second`)
  return {
    figures: item.kind === 'flow' ? item.figures(streams, result) : {},
    eventsIn: sum('published'),
    deliveriesOut: sum('delivered'),
    lost: sum('lost') + (mayMiss ? 0 : sum('missed')),
    doubled: sum('doubled'),
    reordered: sum('reordered'),
    load: result,
    notes,
  }
}

/** The daemon's counters add up, and say what was published and received here: anything else fails the run. */
export function accountText(account: Account, streams: readonly Tally[]): string {
  const of = (key: 'published' | 'delivered' | 'missed') => streams.reduce((sum, each) => sum + each[key], 0)
  const { accepted, due, delivered, dropped, pending } = account
  const differences = {
    'due less delivered, dropped and pending': unaccounted(account),
    'accepted less published': accepted - of('published'),
    'delivered less received': delivered - of('delivered'),
    'dropped less told': sumOf(dropped) - of('missed'),
  }
  const wrong = Object.entries(differences).filter(([, difference]) => difference !== 0)
  if (wrong.length > 0) throw new Error(`accounts differ: ${wrong.map(([what, by]) => `${what}: ${by}`).join('; ')}`)
  const reasons = Object.entries(dropped).map(([reason, events]) => `${events} ${reason}`)
  return `accounts agree: ${accepted} accepted, ${due} due = ${delivered} delivered + ${sumOf(dropped)} dropped (${reasons.join(', ') || 'none'}) + ${pending} pending; as many were received here, and told to be missing`
}

function ofAgreement(result: AgreementResult): Outcome {
  const { idleUs, client, own, published, delivered, lost, missed, doubled, reordered, measured, leftOut } = result
  const share = (leftOut / (measured + leftOut)) * 100
  return {
    figures: {
      p50: client.p50Us,
      p99: client.p99Us,
      'p99.9': client.p999Us,
      'own p50': own.p50Us,
      'own p99': own.p99Us,
      'own p99.9': own.p999Us,
      idle: idleUs,
    },
    eventsIn: published,
    deliveriesOut: delivered,
    lost: lost + missed,
    doubled,
    reordered,
    load: result,
    notes:
      share < 0.1
        ? []
        : [`the client was away from its sockets for ${share.toFixed(1)} % of the events, which are left out`],
  }
}

function ofQueued({ bytesEach, published, delivered, lost, queued, kernelBytes }: QueuedResult): Outcome {
  return {
    ...NOTHING,
    figures: { bytesEach },
    eventsIn: published,
    deliveriesOut: delivered,
    lost,
    notes: [`${count(queued)} queued, ${count(kernelBytes)} B in the kernel`],
  }
}

/** Of the core that it is pinned to. */
const CLIENT_BUSY_PERCENT = 90
const CLIENT_IDLE =
  'the client’s core was not saturated: server and raw end, on one core, set the rate, and perCore is what the client could do'

/** The library is what is measured here: the server may be what limits, so the rate is beside what one core of the client could do. */
function ofClient(result: ClientResult): Outcome {
  const { library, eventsPerSecond, clientCpuUsEach, published, delivered, lost, doubled, reordered } = result
  return {
    figures: { rate: eventsPerSecond, perCore: 1e6 / clientCpuUsEach, clientCpuEach: clientCpuUsEach },
    eventsIn: published,
    deliveriesOut: delivered,
    lost,
    doubled,
    reordered,
    load: result,
    notes: [`by ${library}`, ...(result.generatorCpuPercent < CLIENT_BUSY_PERCENT ? [CLIENT_IDLE] : [])],
  }
}

/** Answered with 2xx, accepted by the daemon's own counter, and received by a subscriber must be one number. */
function ofRequests(result: RequestsResult): Outcome {
  const { accepted, refused, sent, counted, delivered, requestsPerSecond, subjectCpuPercent } = result
  if (refused > 0) throw new Error(`${refused} of ${sent} requests were refused`)
  if (accepted !== sent) throw new Error(`${sent - accepted} of ${sent} requests were never answered`)
  const differences = [(counted ?? accepted) - accepted, (delivered ?? accepted) - (counted ?? accepted)]
  return {
    ...NOTHING,
    // Tells the cost even where something else took the core meanwhile.
    figures: { requests: requestsPerSecond, cpuEach: cpuUsEach(subjectCpuPercent, requestsPerSecond) },
    eventsIn: accepted,
    deliveriesOut: delivered ?? 0,
    lost: differences.reduce((sum, difference) => sum + Math.max(0, -difference), 0),
    doubled: differences.reduce((sum, difference) => sum + Math.max(0, difference), 0),
    load: result,
  }
}

/** Processor time of the subject for one of something. */
function cpuUsEach(cpuPercent: number, perSecond: number): number {
  return (cpuPercent / 100 / perSecond) * 1e6
}

function ofHandshakes(item: Case, result: HandshakesResult): Outcome {
  const { offered, resumed, handshakesPerSecond, subjectCpuPercent } = result
  const acrossRestart = item.kind === 'handshakes' && item.acrossRestart
  const share = offered > 0 ? { resumed: (resumed / offered) * 100 } : {}
  if (acrossRestart) return { ...NOTHING, figures: share, notes: [`${resumed} of ${offered} tickets`] }
  // A client has more to compute in a handshake than a server, so one core of clients does not keep one of the server busy.
  const figures = {
    handshakes: handshakesPerSecond,
    cpuEach: cpuUsEach(subjectCpuPercent, handshakesPerSecond),
    ...share,
  }
  return { ...NOTHING, figures, load: result }
}

/** What a daemon has to be within while it soaks: less would not show much, more would show how it copes with overload. */
const SOAK_CPU_PERCENT = { least: 30, most: 50 }

function ofSoak(result: SoakResult): Outcome {
  const { published, delivered, lost, missed, doubled, reordered, latency, samples, comers, slow, unread, problems } =
    result
  if (problems.length > 0) throw new Error(problems.join('; '))
  const series = soakSeries(samples)
  const [drift, shift] = [memoryDrift(series), tailShift(series)]
  const notes = [
    `${count(comers)} connections came and went; ${count(unread)} deliveries were under way to those that ended without a word`,
    `the slow subscriber got ${count(slow.delivered)} of ${count(slow.published)} events and was told that it missed the other ${count(slow.missed)}`,
  ]
  const { samplesMissed } = result
  if (samplesMissed > 0)
    notes.push(
      `${samplesMissed} of ${samples.length + samplesMissed} samples are missing: the daemon’s second thread had no processor in time`,
    )
  const cpu = result.subjectCpuPercent
  if (cpu < SOAK_CPU_PERCENT.least || cpu > SOAK_CPU_PERCENT.most) {
    const { least, most } = SOAK_CPU_PERCENT
    notes.push(`the daemon was busy for ${Math.round(cpu)} % of the time, where ${least} to ${most} % is meant`)
  }
  return {
    figures: {
      rate: result.deliveredPerSecond,
      p50: latency.p50Us,
      p99: latency.p99Us,
      'p99.9': latency.p999Us,
      ...(drift !== null && { 'memory drift': drift.slope }),
      ...(shift !== null && { 'p99.9 drift': shift.share * 100 }),
    },
    eventsIn: published,
    deliveriesOut: delivered,
    // Nobody but the slow one, which is not among these, has a reason to miss anything.
    lost: lost + missed,
    doubled,
    reordered,
    load: result,
    notes,
    series,
  }
}

function ofWork({ events, deliveries, core, engineObjects, copies, systemCalls, most }: WorkResult): Outcome {
  return {
    ...NOTHING,
    figures: {
      'core objects': core.objects * 1000,
      'boxed numbers': core.numbers * 1000,
      'core bytes': core.bytes,
      'engine objects': engineObjects * 1000,
      copies,
      ...(systemCalls !== null && { 'system calls': systemCalls }),
    },
    eventsIn: events,
    deliveriesOut: deliveries,
    notes: [
      `most in the core: ${[...most].sort().join(', ')}`,
      ...(systemCalls === null ? ['strace cannot be attached here: system calls are not counted'] : []),
    ],
  }
}
