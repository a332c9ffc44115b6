import { wireNamed } from '../wires/index.js'
import type { Wire } from '../wires/wire.js'
import { openAccount } from './account.js'
import { bystandersOf, standBy } from './bystanders.js'
import { Churn } from './churn.js'
import type { Connection } from './connection.js'
import { buildCycle, type Cycle } from './cycle.js'
import { checkDescriptors, descriptorsMax } from './descriptors.js'
import { InFlight } from './in-flight.js'
import type { FlowJob, FlowResult, FlowSpec, Quantiles, StreamResult } from './job.js'
import { Attention, watchLast } from './last-receipt.js'
import { LatencyWatch } from './latency-watch.js'
import { LoadMeter } from './load.js'
import { ownLatency } from './own-latency.js'
import { PacedPump } from './paced-pump.js'
import type { FirehosePump } from './pump.js'
import { DeliveryBook, deliveredOf, type Receiver, settledOf, tally } from './receiver.js'
import { inParallel, makePumps, makeReceivers, openPublisher, openReceiver, openTo } from './setup.js'
import { Turns } from './turns.js'

/** Deliveries that have not come when nothing has come for so long are lost. */
const STILL_MS = 3000
/** An overload is worked off after the measured time for so long. */
const UNSENT_MS_MAX = 5000
const POLL_MS = 20
/** At least one whole second of the daemon's own is in it. */
const ROUTING_MS_MIN = 2500
/** So many subscribers are read as they come. */
const CROWD = 10
/** So many publishers at most are looked at after each read. */
const PACED_BETWEEN_MAX = 16

/** Good for all flows that differ in nothing but their rates. */
export interface Prepared {
  wire: Wire
  book: DeliveryBook
  cycles: Cycle[]
  readBuffer: Buffer
}

/** Encodes everything that a flow will send and expect. */
export function prepare(wire: Wire, publishWire: Wire, flow: FlowSpec): Prepared {
  return {
    wire,
    book: new DeliveryBook(wire, flow),
    cycles: flow.streams.map((stream, i) => buildCycle(publishWire, stream, i, flow.cycleEvents, flow.payloadBytes)),
    readBuffer: Buffer.allocUnsafeSlow(flow.chunkBytesMax),
  }
}

/** One run: connect, warm up, measure, send what is still due, sync, wait for the rest, compare. */
export async function runFlow(job: FlowJob, prepared: Prepared): Promise<FlowResult> {
  const { wire, book, cycles, readBuffer } = prepared
  const { flow, asks } = job
  const { publish, adminUrl } = job.target
  const lengthMs = asks.routing && adminUrl !== null ? Math.max(job.measureMs, ROUTING_MS_MIN) : job.measureMs
  const open: Connection[] = []
  const keep = (connection: Connection) => {
    open.push(connection)
    return connection
  }
  const limits = { bytesMax: 0, eventsMax: 0 }
  const connections = flow.streams.length + flow.subscribers.length
  checkDescriptors('the generator', descriptorsMax('self'), connections)
  checkDescriptors('the subject', descriptorsMax(job.target.pid), connections)
  try {
    const account = asks.account && adminUrl !== null ? await openAccount(adminUrl) : null
    const subscribers = await inParallel(flow.subscribers.length, async (i) =>
      keep(await openReceiver(job.target, readBuffer, flow.subscribers[i], limits)),
    )
    // Where a paced stream runs beside a flood, the flood must not hold it up in here. Of many sockets each has little, and two calls for each would be more.
    const isPaced = flow.streams.some((each) => each.eventsPerSecond > 0)
    for (const subscriber of subscribers) subscriber.oneReadATurn = isPaced && subscribers.length < CROWD
    const publishers = await inParallel(flow.streams.length, async () => keep(await openPublisher(publish, readBuffer)))

    const inFlight = new InFlight(flow.inFlightBytesMax)
    const pumps = makePumps(flow, book, cycles, publishers, inFlight)
    const paced = pumps.filter((pump): pump is PacedPump => pump instanceof PacedPump)
    const attention = new Attention()
    const turns = new Turns(isPaced ? [...pumps, attention] : pumps)
    const receivers = makeReceivers(wire, flow, book, subscribers, inFlight)
    // Reading a hundred sockets takes longer than the time between two messages.
    if (paced.length <= PACED_BETWEEN_MAX)
      for (const { connection } of receivers) connection.onceRead = () => turns.between(paced)
    slowDown(receivers)
    const { bystanders } = flow
    if (bystanders !== undefined) {
      await inParallel(bystandersOf(bystanders), async (i) =>
        standBy(keep(await openTo(job.target, readBuffer)), wire, bystanders, i),
      )
    }
    const churn = flow.churnPerSecond > 0 ? await churnOf(wire, flow, keep(await openTo(job.target, readBuffer))) : null
    const needed = () => {
      const gone = new Set(receivers.filter((each) => each.isGone).map(({ connection }) => connection))
      return open.filter((connection) => !gone.has(connection))
    }

    const startAt = performance.now()
    const fromAt = startAt + job.warmupMs
    const watches = pumps.map((pump, i) =>
      pump instanceof PacedPump ? new LatencyWatch(pump, receivers, i, fromAt, lengthMs) : null,
    )
    const lasts = pumps.map((pump, i) =>
      pump instanceof PacedPump
        ? watchLast(pump, receivers, i, { fromMs: fromAt, toMs: fromAt + lengthMs }, attention)
        : null,
    )
    for (const pump of paced) pump.start(startAt)
    churn?.start(startAt)
    turns.start()

    await passed(job.warmupMs, needed)
    const before = counts(pumps, receivers, churn)
    const meter = new LoadMeter(job.target.pid, job.cores)
    const fromMs = Date.now()
    await passed(lengthMs, needed)
    const load = meter.until()
    const toMs = Date.now()
    const after = counts(pumps, receivers, churn)
    for (const pump of paced) pump.end(startAt + job.warmupMs + lengthMs)
    for (const watch of watches) watch?.measured()
    await allSent(paced, needed)
    turns.stop()
    churn?.stop()

    // A slow peer may still have more to do than an answer is waited for.
    if (receivers.every(({ spec }) => spec.reads === undefined)) await arrived(flow, pumps, receivers, inFlight)
    await Promise.all(publishers.map((publisher) => wireNamed(publish.wire).sync(publisher)))
    speedUp(receivers)
    await arrived(flow, pumps, receivers, inFlight)
    const seconds = load.measuredMs / 1000
    const perSecond = (key: 'sent' | 'delivered' | 'read', i: number) => (after[key][i] - before[key][i]) / seconds
    const streams = flow.streams.map(
      (_, i): StreamResult => ({
        ...tally(receivers, i, pumps[i].sent),
        publishedPerSecond: perSecond('sent', i),
        deliveredPerSecond: perSecond('delivered', i),
        deliveredToReadersPerSecond: perSecond('read', i),
        latency: watches[i]?.result() ?? null,
        last: lasts[i]?.result() ?? null,
      }),
    )
    return {
      kind: 'flow',
      streams,
      ...load,
      churned: after.churned - before.churned,
      routing: asks.routing && adminUrl !== null ? await routing(adminUrl, flow, fromMs, toMs) : null,
      account: (await account?.()) ?? null,
      closed: receivers.filter((receiver) => receiver.isGone).length,
    }
  } finally {
    for (const connection of open) connection.close()
  }
}

async function churnOf(wire: Wire, flow: FlowSpec, connection: Connection): Promise<Churn> {
  await wire.open(connection, 'subscriber')
  return new Churn(connection, wire, flow.streams[0], flow.churnPerSecond)
}

/** How long events of the first stream's lane took to be routed, by the daemon's own account. */
async function routing(adminUrl: string, { streams }: FlowSpec, fromMs: number, toMs: number): Promise<Quantiles> {
  const { histogram } = await ownLatency(adminUrl, 'routing', streams[0].lane, fromMs, toMs)
  const us = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return { p50Us: us(50), p99Us: us(99), p999Us: us(99.9) }
}

/** From here on slow readers are slow. */
function slowDown(receivers: readonly Receiver[]): void {
  for (const { connection, spec } of receivers) {
    if (spec.reads === undefined) continue
    if (spec.reads.pauseMs === null) connection.pause()
    else connection.pauseMs = spec.reads.pauseMs
  }
}

/** What waits for them is read, so that all of it is accounted for. */
function speedUp(receivers: readonly Receiver[]): void {
  for (const receiver of receivers) {
    if (receiver.spec.reads === undefined || receiver.isGone) continue
    receiver.connection.pauseMs = 0
    receiver.connection.resume()
  }
}

interface Counts {
  sent: number[]
  delivered: number[]
  read: number[]
  churned: number
}

function counts(
  pumps: readonly (FirehosePump | PacedPump)[],
  receivers: readonly Receiver[],
  churn: Churn | null,
): Counts {
  const readers = receivers.filter((receiver) => receiver.spec.reads === undefined)
  return {
    sent: pumps.map((pump) => pump.sent),
    delivered: pumps.map((_, i) => deliveredOf(receivers, i)),
    read: pumps.map((_, i) => deliveredOf(readers, i)),
    churned: churn?.sent ?? 0,
  }
}

/** Lets time pass, unless a connection fails that is needed. */
function passed(ms: number, needed: () => readonly Connection[]): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      const failed = needed().find((connection) => connection.failure !== null)
      if (failed === undefined) resolve()
      else reject(failed.failure)
    }, ms)
  })
}

/** What was due in the measured time is sent, however late, or given up after a while. */
async function allSent(pumps: readonly PacedPump[], needed: () => readonly Connection[]): Promise<void> {
  const startedAt = performance.now()
  while (pumps.some((pump) => pump.unsent > 0) && performance.now() - startedAt < UNSENT_MS_MAX)
    await passed(POLL_MS, needed)
}

/** Waits until every delivery has come or is known not to come, or none has come for STILL_MS. */
async function arrived(
  flow: FlowSpec,
  pumps: readonly { sent: number }[],
  receivers: readonly Receiver[],
  inFlight: InFlight,
): Promise<void> {
  const missing = () =>
    flow.streams.some((_, i) => {
      const settled = settledOf(receivers, i, pumps[i].sent)
      return settled.is < settled.of
    })
  let received = inFlight.receivedBytes
  let movedAt = performance.now()
  while (missing() && performance.now() - movedAt < STILL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (inFlight.receivedBytes !== received) {
      received = inFlight.receivedBytes
      movedAt = performance.now()
    }
  }
}

export function prepareFor(job: Pick<FlowJob, 'target' | 'flow'>): Prepared {
  return prepare(wireNamed(job.target.wire), wireNamed(job.target.publish.wire), job.flow)
}
