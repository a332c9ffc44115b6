import type { ClientJob, ClientResult } from '../client/job.js'
import type { WireName } from '../wires/wire.js'

/** What the benchmark asks of a generator process, over IPC. All of it is plain data. */
export type Job =
  | AgreementJob
  | ClientJob
  | FlowJob
  | CeilingJob
  | RehearsalJob
  | HoldJob
  | IdleJob
  | QueuedJob
  | RequestsJob
  | HandshakesJob
  | SoakJob

/** A port, and what is spoken there. */
export interface Endpoint {
  wire: WireName
  port: number
  tls: boolean
}

/** Where subscribers go, and publishers. */
export interface Target extends Endpoint {
  publish: Endpoint
  /** Whose processor time and memory are read from /proc. */
  pid: number
  /** Where our daemon tells its counters; null: a peer, which has none that we know. */
  adminUrl: string | null
}

/** Events of one publisher connection. A stream's index in the job is what its events carry as their number. */
export interface StreamSpec {
  /** Topics `{prefix}{number}{suffix}` with a number of so many digits, visited in a scattered but fixed order. */
  topics: { prefix: string; digits: number; suffix: string; count: number }
  lane: number
  /** Events of one WebSocket message, or of one write where the protocol has no messages. */
  batch: number
  /** Open loop at this rate, from the intended send time; 0 sends as the socket takes it. */
  eventsPerSecond: number
}

export interface SubscriberSpec {
  patterns: string[]
  /** Indices of the streams whose events the patterns match. */
  streams: number[]
  /** One that does not read what has come at once; its latency is not looked at. Absent: it does. */
  reads?: SlowReads
}

/** A pause after each read, of up to `chunkBytesMax` of the flow; null: nothing is read until all has been published. */
export interface SlowReads {
  pauseMs: number | null
}

/** Patterns `{prefix}{number}{suffix}`. */
export interface BystandersSpec {
  prefix: string
  suffix: string
  count: number
}

/** Publishers and subscribers of one measured run. */
export interface FlowSpec {
  streams: StreamSpec[]
  subscribers: SubscriberSpec[]
  payloadBytes: number
  /** Events before a stream repeats its bytes; a multiple of each stream's batch and number of topics. */
  cycleEvents: number
  /** Publishers without a rate wait while more bytes of deliveries than this are under way. */
  inFlightBytesMax: number
  /** Subscriptions on other connections, which match nothing that is published. */
  bystanders?: BystandersSpec
  /** Subscribe and unsubscribe commands a second on a connection of its own, on patterns that overlap the topics. */
  churnPerSecond: number
  /** Bytes read from, or written to, one socket at a time. */
  chunkBytesMax: number
  /**
   * Events that a publisher without a rate writes at a time, a multiple of its batch; absent: by the bytes above, and by its share of what may be under way,
   * of which many publishers have next to nothing.
   */
  writeEvents?: number
}

export interface FlowJob {
  kind: 'flow'
  target: Target
  flow: FlowSpec
  /** What our daemon is asked about itself afterwards; a peer is not. */
  asks: Asks
  warmupMs: number
  measureMs: number
  /** Cores of the subject and the generator, none if they are not pinned: what else ran there is reported. */
  cores: number[]
}

export interface Asks {
  /** How long events took to be routed, by its own clock. What is measured lasts some seconds at least. */
  routing: boolean
  /** Its counters, which have to add up, and to be what was published and received here. */
  account: boolean
}

export const ASKS_NOTHING: Asks = { routing: false, account: false }

/** One stream with a rate and one subscriber, whose clock is compared with the daemon's own account. */
export interface AgreementJob extends Omit<FlowJob, 'kind' | 'asks'> {
  kind: 'agreement'
}

/** The same flow against processes that do nothing: one discards, one sends deliveries encoded beforehand. */
export interface CeilingJob {
  kind: 'ceiling'
  target: Target
  flow: FlowSpec
  sinkPort: number
  blastPort: number
  measureMs: number
}

/** A flow with rates against the same processes, at the rates given. */
export interface RehearsalJob extends Omit<CeilingJob, 'kind'> {
  kind: 'rehearsal'
}

export interface IdleJob {
  kind: 'idle'
  target: Target
  connections: number
  /** Event streams on each connection, by HTTP/2; 0: the connections themselves are what is open. */
  streamsEach: number
}

/** Holds connections that say nothing until the next such job; 0: lets them go. */
export interface HoldJob {
  kind: 'hold'
  target: Target
  connections: number
}

/** Single publishes by HTTP. */
export interface RequestSpec {
  /** The load program; autocannon speaks HTTP/1.1, h2load HTTP/2. */
  tool: 'autocannon' | 'h2load'
  connections: number
  /** Requests under way on each connection: pipelined ones, or streams. */
  concurrency: number
  topic: string
  /** JSON. */
  body: string
}

export interface RequestsJob {
  kind: 'requests'
  target: Target
  requests: RequestSpec
  warmupMs: number
  measureMs: number
  cores: number[]
}

export interface HandshakeSpec {
  version: 'TLSv1.2' | 'TLSv1.3'
  /** Whether each client offers the ticket that it got last. */
  resumes: boolean
  /** Under way at a time. */
  concurrency: number
  /** Each client makes one only. */
  once: boolean
}

export interface HandshakesJob {
  kind: 'handshakes'
  target: Target
  handshakes: HandshakeSpec
  /** Tickets that the clients begin with, DER, base64; one client each. */
  tickets: string[]
  warmupMs: number
  measureMs: number
  cores: number[]
}

export interface QueuedJob {
  kind: 'queued'
  target: Target
  events: number
  payloadBytes: number
  batch: number
}

/** A mix that goes on for long: steady publishers and subscribers, others that come and go, and one that does not keep up. */
export interface SoakSpec {
  /** All streams have a rate; subscribe and unsubscribe commands are on topics of their own. */
  flow: FlowSpec
  comers: ComersSpec
  slow: SlowSpec
  lengthMs: number
  sampleMs: number
}

/** Subscribers that come and go. */
export interface ComersSpec {
  /** There at a time. */
  connections: number
  /** How long one stays, on average. */
  holdMs: number
  /** What they subscribe to, in turn: a pattern that matches the topics of this stream only. */
  of: { pattern: string; stream: number }[]
}

export interface SlowSpec {
  pattern: string
  stream: number
  readBytesPerSecond: number
  /** What may wait for it. */
  bytesMax: number
  eventsMax: number
}

export interface SoakJob {
  kind: 'soak'
  target: Target
  soak: SoakSpec
  cores: number[]
}

/** What processes took while something was measured. */
export interface Load {
  measuredMs: number
  /** Of one core. */
  subjectCpuPercent: number
  /** The part of it of its first thread: of our daemon, all but the observer and helpers of the engine. */
  subjectMainCpuPercent: number
  generatorCpuPercent: number
  /** Of one core: what other processes, and the host, took on the cores in use. */
  otherCpuPercent: number
  subjectRssBytes: number
}

export interface FlowResult extends Load {
  kind: 'flow'
  streams: StreamResult[]
  /** Subscribe and unsubscribe commands sent while measured. */
  churned: number
  /** What our daemon says of itself, if it was asked. */
  routing: Quantiles | null
  account: Account | null
  /** Slow subscribers that the peer has closed. */
  closed: number
}

/** What our daemon has counted over a run, at the end of it. */
export interface Account {
  accepted: number
  /** Routed events times their receivers. */
  due: number
  delivered: number
  /** By reason, those that there were. */
  dropped: { [reason: string]: number }
  pending: number
}

/** What was published, and what came of it. */
export interface Tally {
  /** Over the whole run, with warm-up and drain. */
  published: number
  expected: number
  delivered: number
  /** Neither came nor were told to be missing. */
  lost: number
  /** Told to be missing. */
  missed: number
  doubled: number
  reordered: number
  /** Notices of the peer found between deliveries, such as gaps. */
  notices: number
}

export interface StreamResult extends Tally {
  /** Within the measured time. */
  publishedPerSecond: number
  deliveredPerSecond: number
  /** The same, to those that read at once. */
  deliveredToReadersPerSecond: number
  /** Of streams with a rate: from the intended send time to the receipt. */
  latency: LatencyResult | null
  /** Of those with several subscribers: until the last of them has it. */
  last: LastResult | null
}

export interface LastResult extends Quantiles {
  count: number
  maxUs: number
  /** Of the time until the last receipt, the part after the first one in which the generator had something to read: what it took itself, perhaps. */
  generatorShare: number
  /** As of a latency. */
  histogram: string
}

export interface AgreementResult extends Load, Tally {
  kind: 'agreement'
  idleUs: number
  /** From the client's write to its receipt, less idleUs. */
  client: Quantiles
  /** What the daemon says itself of the same seconds. */
  own: Quantiles
  measured: number
  /** Events that were written or read when the client did not have its processor: it cannot tell how long those took. */
  leftOut: number
}

export interface Quantiles {
  p50Us: number
  p99Us: number
  p999Us: number
}

export interface LatencyResult {
  count: number
  p50Us: number
  p99Us: number
  p999Us: number
  maxUs: number
  /** How late the generator itself wrote, which is part of the latency. */
  sendLateP99Us: number
  /** How late it wrote what the peer held back by not reading, which is part of the latency, too. */
  heldBackP99Us: number
  /** Events that were due and not written at the end of the measured time. */
  heldBackEvents: number
  /** HDR histogram in nanoseconds, V2 compressed, base64. */
  histogram: string
}

export interface CeilingResult {
  kind: 'ceiling'
  sendEventsPerSecond: number
  receiveDeliveriesPerSecond: number
}

export interface HoldResult {
  kind: 'hold'
  open: number
}

export interface RehearsalResult {
  kind: 'rehearsal'
  /** Of what was due. */
  sentShare: number
  lateP99Us: number
  receivedPerSecond: number
}

export interface IdleResult {
  kind: 'idle'
  /** Connections, or event streams. */
  open: number
  rssBeforeBytes: number
  rssAfterBytes: number
  bytesEach: number
}

export interface QueuedResult {
  kind: 'queued'
  published: number
  /** In the subject's own memory: without what the kernel's socket buffers held. */
  queued: number
  kernelBytes: number
  rssBeforeBytes: number
  rssAfterBytes: number
  bytesEach: number
  delivered: number
  lost: number
}

export interface RequestsResult extends Load {
  kind: 'requests'
  /** Over the whole run, with warm-up: requests sent, and how they were answered. */
  sent: number
  accepted: number
  refused: number
  /** Over the whole run: what the subject's own counter says it accepted, and what a subscriber received; null: a peer that is no bus. */
  counted: number | null
  delivered: number | null
  requestsPerSecond: number
}

export interface HandshakesResult extends Load {
  kind: 'handshakes'
  handshakesPerSecond: number
  /** Over the whole run: handshakes that offered a ticket, and those that were resumed. */
  offered: number
  resumed: number
  /** The last ticket of each client, for another run. */
  tickets: string[]
}

/** Of one interval of a soak. */
export interface SoakSample {
  /** Its end, since the start. */
  atS: number
  rssBytes: number
  heapUsedBytes: number
  externalBytes: number
  outboxBytes: number
  /** Runs, batches and pages out of their pools at that moment. */
  pooledHeld: number
  /** Open files of the daemon. */
  descriptors: number
  connections: number
  deliveredPerSecond: number
  /** In the interval. */
  dropped: number
  latency: Quantiles
}

/** Sums over all streams and all subscribers but the slow one. */
export interface SoakResult extends Load, Tally {
  kind: 'soak'
  samples: SoakSample[]
  samplesMissed: number
  /** Of events that were sent one by one, over the whole time. */
  latency: LatencyResult
  deliveredPerSecond: number
  /** Connections that came and went. */
  comers: number
  /** Of the slow subscriber: what it got, and what it was told it missed. */
  slow: { published: number; delivered: number; missed: number }
  /** Deliveries that the daemon counted and nobody received: those under way to connections that just ended. */
  unread: number
  /** What did not add up, in sentences. */
  problems: string[]
}

interface Results {
  hold: HoldResult
  soak: SoakResult
  agreement: AgreementResult
  client: ClientResult
  flow: FlowResult
  ceiling: CeilingResult
  rehearsal: RehearsalResult
  idle: IdleResult
  queued: QueuedResult
  requests: RequestsResult
  handshakes: HandshakesResult
}

export type JobResult<J extends Job> = Results[J['kind']]

export type Answer = { result: Results[keyof Results] } | { error: string }
