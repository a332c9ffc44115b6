import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { wireNamed } from '../wires/index.js'
import type { Wire } from '../wires/wire.js'
import { Churn } from './churn.js'
import type { Connection } from './connection.js'
import { buildCycle, type Cycle } from './cycle.js'
import { InFlight } from './in-flight.js'
import type { FlowJob, FlowResult, FlowSpec, LatencyResult, StreamResult } from './job.js'
import { LoadMeter } from './load.js'
import { type FirehosePump, LATENCY_NS_MAX, latencyHistogram, PacedPump } from './pump.js'
import { DeliveryBook, deliveredOf, type Receiver, tally } from './receiver.js'
import { inParallel, makePumps, makeReceivers, openPublisher, openReceiver, openTo } from './setup.js'
import { Turns } from './turns.js'

/** Deliveries that have not come when nothing has come for so long are lost. */
const STILL_MS = 3000
const POLL_MS = 20

export interface Prepared {
  wire: Wire
  flow: FlowSpec
  book: DeliveryBook
  cycles: Cycle[]
  readBuffer: Buffer
}

/** Encodes everything that a flow will send and expect. */
export function prepare(wire: Wire, publishWire: Wire, flow: FlowSpec): Prepared {
  return {
    wire,
    flow,
    book: new DeliveryBook(wire, flow),
    cycles: flow.streams.map((stream, i) => buildCycle(publishWire, stream, i, flow.cycleEvents, flow.payloadBytes)),
    readBuffer: Buffer.allocUnsafeSlow(flow.chunkBytesMax),
  }
}

/** One run: connect, warm up, measure, sync, wait for the rest, compare. */
export async function runFlow(job: FlowJob, prepared: Prepared): Promise<FlowResult> {
  const { flow, wire, book, cycles, readBuffer } = prepared
  const { publish } = job.target
  const open: Connection[] = []
  const keep = (connection: Connection) => {
    open.push(connection)
    return connection
  }
  const limits = { bytesMax: 0, eventsMax: 0 }
  try {
    const subscribers = await inParallel(flow.subscribers.length, async (i) =>
      keep(await openReceiver(job.target, readBuffer, flow.subscribers[i], limits)),
    )
    // Where a paced stream runs beside a flood, the flood must not hold it up in here.
    const isPaced = flow.streams.some((each) => each.eventsPerSecond > 0)
    for (const subscriber of subscribers) subscriber.oneReadATurn = isPaced
    const publishers = await inParallel(flow.streams.length, async () => keep(await openPublisher(publish, readBuffer)))

    const inFlight = new InFlight(flow.inFlightBytesMax)
    const pumps = makePumps(flow, book, cycles, publishers, inFlight)
    const receivers = makeReceivers(wire, flow, book, subscribers, inFlight)
    const churn =
      flow.churnPerSecond > 0
        ? new Churn(keep(await openTo(job.target, readBuffer)), wire, flow.streams[0], flow.churnPerSecond)
        : null

    const turns = new Turns(pumps)
    const startAt = performance.now()
    const latencies = pumps.map((pump, i) =>
      pump instanceof PacedPump ? watchLatency(pump, receivers, i, startAt + job.warmupMs, job.measureMs) : null,
    )
    for (const pump of pumps) if (pump instanceof PacedPump) pump.start(startAt)
    churn?.start(startAt)
    turns.start()

    await passed(job.warmupMs, open)
    const before = counts(pumps, receivers, churn)
    const meter = new LoadMeter(job.target.pid, job.cores)
    await passed(job.measureMs, open)
    const load = meter.until()
    const after = counts(pumps, receivers, churn)
    turns.stop()
    churn?.stop()

    await Promise.all(publishers.map((publisher) => wireNamed(publish.wire).sync(publisher)))
    await arrived(flow, pumps, receivers, inFlight)
    const seconds = load.measuredMs / 1000
    const streams = flow.streams.map(
      (_, i): StreamResult => ({
        ...tally(receivers, i, pumps[i].sent),
        publishedPerSecond: (after.sent[i] - before.sent[i]) / seconds,
        deliveredPerSecond: (after.delivered[i] - before.delivered[i]) / seconds,
        latency: latencies[i]?.() ?? null,
      }),
    )
    return { kind: 'flow', streams, ...load, churned: after.churned - before.churned }
  } finally {
    for (const connection of open) connection.close()
  }
}

interface Counts {
  sent: number[]
  delivered: number[]
  churned: number
}

function counts(
  pumps: readonly (FirehosePump | PacedPump)[],
  receivers: readonly Receiver[],
  churn: Churn | null,
): Counts {
  return {
    sent: pumps.map((pump) => pump.sent),
    delivered: pumps.map((_, i) => deliveredOf(receivers, i)),
    churned: churn?.sent ?? 0,
  }
}

/** Records latencies of events that were due in the measured time. @returns what to call for the result */
function watchLatency(
  pump: PacedPump,
  receivers: readonly Receiver[],
  stream: number,
  fromMs: number,
  lengthMs: number,
): () => LatencyResult {
  const histogram = latencyHistogram()
  const onEvents = (first: number, count: number) => {
    const now = performance.now()
    for (let event = first; event < first + count; event++) {
      const intended = pump.intendedAt(event)
      if (intended < fromMs || intended >= fromMs + lengthMs) continue
      histogram.recordValue(Math.min(LATENCY_NS_MAX, Math.max(0, (now - intended) * 1e6)))
    }
  }
  for (const receiver of receivers) {
    const check = receiver.check(stream)
    if (check !== null) check.onEvents = onEvents
  }
  return () => ({
    count: histogram.totalCount,
    p50Us: histogram.getValueAtPercentile(50) / 1000,
    p99Us: histogram.getValueAtPercentile(99) / 1000,
    p999Us: histogram.getValueAtPercentile(99.9) / 1000,
    maxUs: histogram.maxValue / 1000,
    sendLateP99Us: pump.late.getValueAtPercentile(99) / 1000,
    histogram: encodeIntoCompressedBase64(histogram),
  })
}

/** Lets time pass, unless a connection fails. */
function passed(ms: number, connections: readonly Connection[]): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      const failed = connections.find((connection) => connection.failure !== null)
      if (failed === undefined) resolve()
      else reject(failed.failure)
    }, ms)
  })
}

/** Waits until every delivery has come, or none has for STILL_MS. */
async function arrived(
  flow: FlowSpec,
  pumps: readonly { sent: number }[],
  receivers: readonly Receiver[],
  inFlight: InFlight,
): Promise<void> {
  const missing = () =>
    flow.streams.some((_, i) => {
      const readers = receivers.filter((receiver) => receiver.check(i) !== null).length
      return deliveredOf(receivers, i) < pumps[i].sent * readers
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
