import type { ClientSpec } from '../client/job.js'
import type {
  Asks,
  FlowResult,
  FlowSpec,
  HandshakeSpec,
  RequestSpec,
  SoakSpec,
  StreamResult,
} from '../generator/job.js'
import type { GuardedFlow } from '../guard/flows.js'
import type { Floor } from '../report/floors.js'
import type { Need, OurName, PeerName } from '../subjects/subject.js'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What it is chosen by together with others; scenarios without one are the bus itself. */
  readonly group: Group
  /** Ports and carriers of our daemon, each a process of its own; the first is what floors are about unless they say otherwise. */
  readonly ours: readonly OurName[]
  /** What may be measured beside our daemon, when it is installed. */
  readonly peers: readonly PeerName[]
  readonly need: Need
  readonly cases: readonly Case[]
  readonly floors: readonly Floor[]
  /** What its cases differ in, for plots: their `x` is on this axis. Absent: they are bars beside each other. */
  readonly axis?: Axis
  /** What it is about, for summaries; absent: the 99th percentile where all rows have one, else the first of their figures. */
  readonly headline?: FigureName
  /** At most this many runs of each case, unless `--runs` asks for more than usual; absent: as usual. */
  readonly runsMax?: number
  /** Its own length of a run, unless `--measure-ms` asks for more than usual (what asks for less only ever shortens it, as `--quick` does); absent: as usual. */
  readonly measureMs?: number
}

export interface Axis {
  readonly label: string
  /** Steps are factors, as in 1, 10, 100. */
  readonly isLogarithmic: boolean
}

export const GROUPS = [
  'bus',
  'latency',
  'scale',
  'load',
  'memory',
  'work',
  'http',
  'streams',
  'tls',
  'client',
  'soak',
  'observe',
  'security',
] as const
export type Group = (typeof GROUPS)[number]

/** One thing that is measured. Its name is empty where a scenario has one only. */
export type Case =
  | AgreementCase
  | ClientCase
  | FlowCase
  | IdleCase
  | QueuedCase
  | RequestsCase
  | HandshakesCase
  | SoakCase
  | WorkCase

interface CaseBase {
  readonly variant: string
  /** Whether peers run it too. */
  readonly withPeers: boolean
  /** Of our daemon's ports, those that run it; absent: all of the scenario. */
  readonly only?: readonly OurName[]
  readonly batch: number
  readonly payloadBytes: number
  /** Its place on the scenario's axis. */
  readonly x?: number
  /** Cases of one axis that are drawn as a line of their own, such as a payload size; absent: one line. */
  readonly line?: string
  /** Measured by `--quick` when no scenario is named. */
  readonly isQuick?: boolean
}

export interface FlowCase extends CaseBase {
  readonly kind: 'flow'
  readonly flow: FlowSpec
  /** Our daemon's /metrics is scraped this often meanwhile; absent: not at all. */
  readonly scrapeEveryMs?: number
  /** Connections that say nothing are there meanwhile; absent: none. */
  readonly idleBeside?: number
  /** The figures of one run, by name. */
  readonly figures: (streams: readonly StreamResult[], result: FlowResult) => Figures
  /** Rates that depend on what a subject can take, which is measured first; those of the streams are of no account then. */
  readonly load?: RelativeLoad
  /** What our daemon is asked about itself; absent: nothing. */
  readonly asks?: Asks
  /** Some subscribers do not read as fast as events come: what the peer tells them to have missed is no loss. Absent: whatever is missing is lost. */
  readonly mayMiss?: boolean
}

/** A load relative to a capacity: what the same streams reach as fast as they go, measured in the same run just before. */
export interface RelativeLoad {
  readonly percent: number
  /** Whose capacity; a subject that has less is left out. Absent: each subject's own. */
  readonly of?: OurName
  /** Of it, what each stream has; they add up to 1. */
  readonly shares: readonly number[]
}

/** One stream with a rate, one subscriber. */
export interface AgreementCase extends CaseBase {
  readonly kind: 'agreement'
  readonly flow: FlowSpec
}

/** A client library publishes, or receives, in the generator's place; what it talks to by raw socket is on the subject's core. */
export interface ClientCase extends CaseBase {
  readonly kind: 'client'
  readonly client: ClientSpec
}

export interface IdleCase extends CaseBase {
  readonly kind: 'idle'
  readonly connections: number
  /** Event streams on each connection, by HTTP/2; 0: the connections themselves are what is open. */
  readonly streamsEach: number
}

export interface QueuedCase extends CaseBase {
  readonly kind: 'queued'
  readonly events: number
}

export interface SoakCase extends CaseBase {
  readonly kind: 'soak'
  readonly soak: SoakSpec
}

/** A fixed number of events, of which the work is counted. */
export interface WorkCase extends CaseBase {
  readonly kind: 'work'
  readonly flow: GuardedFlow
}

export interface RequestsCase extends CaseBase {
  readonly kind: 'requests'
  readonly requests: RequestSpec
}

export interface HandshakesCase extends CaseBase {
  readonly kind: 'handshakes'
  readonly handshakes: HandshakeSpec
  /** Tickets are collected, the subject is started anew, and the tickets are offered to the new one. */
  readonly acrossRestart: boolean
}

export type FigureName =
  | 'rate'
  | 'requests'
  | 'cpuEach'
  | 'perCore'
  | 'clientCpuEach'
  | 'handshakes'
  | 'resumed'
  | 'p50'
  | 'p99'
  | 'p99.9'
  | 'last p50'
  | 'last p99'
  | 'last p99.9'
  | 'payload'
  | 'bytesEach'
  | 'own p50'
  | 'own p99'
  | 'own p99.9'
  | 'idle'
  | 'memory drift'
  | 'p99.9 drift'
  | 'core objects'
  | 'boxed numbers'
  | 'core bytes'
  | 'engine objects'
  | 'copies'
  | 'system calls'
  | 'cpu'
  | 'main cpu'
  | 'routing p50'
  | 'routing p99'
  | 'routing p99.9'
  | 'send late p99'
  | 'lane 0 p50'
  | 'lane 0 p99'
  | 'lane 3 p99'
  | 'lane 7 p99'
  | 'lane 0 held back'
  | 'lane 3 held back'
  | 'lane 7 held back'
  | 'lane 0 dropped'
  | 'lane 3 dropped'
  | 'lane 7 dropped'
export type Figures = { readonly [name in FigureName]?: number }

/** Units of the figures, as they are printed. */
export const FIGURE_UNITS: { readonly [name in FigureName]: string } = {
  rate: '/s',
  requests: '/s',
  handshakes: '/s',
  cpuEach: 'µs',
  perCore: '/s',
  clientCpuEach: 'µs',
  resumed: '%',
  p50: 'µs',
  p99: 'µs',
  'p99.9': 'µs',
  'last p50': 'µs',
  'last p99': 'µs',
  'last p99.9': 'µs',
  payload: 'MB/s',
  bytesEach: 'B',
  'own p50': 'µs',
  'own p99': 'µs',
  'own p99.9': 'µs',
  idle: 'µs',
  'memory drift': 'MiB/h',
  'p99.9 drift': '%',
  'core objects': 'per 1,000',
  'boxed numbers': 'per 1,000',
  'core bytes': 'B/event',
  'engine objects': 'per 1,000',
  copies: '×',
  'system calls': 'per 1,000',
  cpu: '%',
  'main cpu': '%',
  'routing p50': 'µs',
  'routing p99': 'µs',
  'routing p99.9': 'µs',
  'send late p99': 'µs',
  'lane 0 p50': 'µs',
  'lane 0 p99': 'µs',
  'lane 3 p99': 'µs',
  'lane 7 p99': 'µs',
  'lane 0 held back': 'µs',
  'lane 3 held back': 'µs',
  'lane 7 held back': 'µs',
  'lane 0 dropped': '%',
  'lane 3 dropped': '%',
  'lane 7 dropped': '%',
}
