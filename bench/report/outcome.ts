import type {
  AgreementResult,
  FlowResult,
  HandshakesResult,
  Load,
  QueuedResult,
  RequestsResult,
} from '../generator/job.js'
import type { CaseResult } from '../measure.js'
import type { Case, Figures } from '../scenarios/scenario.js'
import { count } from './quantity.js'

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
}

export function outcomeOf(item: Case, result: CaseResult): Outcome {
  switch (result.kind) {
    case 'agreement':
      return ofAgreement(result)
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
  const { streams, churned, measuredMs } = result
  const sum = (key: 'published' | 'delivered' | 'lost' | 'doubled' | 'reordered' | 'notices') =>
    streams.reduce((total, each) => total + each[key], 0)
  const notes: string[] = []
  if (sum('notices') > 0) notes.push(`${sum('notices')} notices of the peer between deliveries`)
  if (churned > 0) notes.push(`${Math.round((churned * 1000) / measuredMs)} subscribes and unsubscribes a second`)
  return {
    figures: item.kind === 'flow' ? item.figures(streams, result) : {},
    eventsIn: sum('published'),
    deliveriesOut: sum('delivered'),
    lost: sum('lost'),
    doubled: sum('doubled'),
    reordered: sum('reordered'),
    load: result,
    notes,
  }
}

function ofAgreement(result: AgreementResult): Outcome {
  const { idleUs, client, own, published, delivered, lost, doubled, reordered, measured, leftOut } = result
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
    lost,
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
