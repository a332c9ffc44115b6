import type { Prepared } from './flow.js'
import { InFlight } from './in-flight.js'
import type { CeilingJob, CeilingResult } from './job.js'
import { deliveredOf, type Receiver } from './receiver.js'
import { inParallel, makePumps, makeReceivers, openRaw } from './setup.js'
import { Turns } from './turns.js'

/** The first part of each measurement is left out: sockets and the compiler warm up. */
const WARMUP_SHARE = 0.4
const US_PER_SECOND = 1e6
const GO = Buffer.from('go')

/** How fast this generator sends when nobody answers, and receives when it has nothing to send. */
export async function runCeiling(job: CeilingJob, prepared: Prepared): Promise<CeilingResult> {
  return {
    kind: 'ceiling',
    sendEventsPerSecond: await sendCeiling(job, prepared),
    receiveDeliveriesPerSecond: await receiveCeiling(job, prepared),
  }
}

async function sendCeiling(job: CeilingJob, { book, cycles, readBuffer }: Prepared): Promise<number> {
  const { flow } = job
  const unpaced = { ...flow, streams: flow.streams.map((stream) => ({ ...stream, eventsPerSecond: 0 })) }
  const connections = await inParallel(flow.streams.length, () => openRaw(job.target, job.sinkPort, 'none', readBuffer))
  const pumps = makePumps(unpaced, book, cycles, connections, new InFlight(Number.POSITIVE_INFINITY))
  const turns = new Turns(pumps)
  turns.start()
  const rate = await rateOf(job.measureMs, () => pumps.reduce((sum, pump) => sum + pump.sent, 0))
  turns.stop()
  for (const connection of connections) connection.close()
  return rate
}

/** Deliveries a second from somebody who has nothing to think about. */
export async function receiveCeiling(
  job: Pick<CeilingJob, 'target' | 'flow' | 'blastPort' | 'measureMs'>,
  { book, wire, readBuffer }: Prepared,
): Promise<number> {
  const { flow } = job
  const connections = await inParallel(flow.subscribers.length, () =>
    openRaw(job.target, job.blastPort, wire.carrier, readBuffer),
  )
  const inFlight = new InFlight(Number.POSITIVE_INFINITY)
  const receivers = makeReceivers(wire, flow, book, connections, inFlight)
  for (const connection of connections) connection.send(GO)
  const rate = await rateOf(job.measureMs, () => total(receivers, flow.streams.length))
  for (const connection of connections) connection.close()
  for (const { failure } of connections) if (failure !== null) throw failure
  for (const { verifier } of receivers) if (verifier.corrupt !== null) throw new Error(`the blast: ${verifier.corrupt}`)
  return rate
}

function total(receivers: readonly Receiver[], streams: number): number {
  let sum = 0
  for (let stream = 0; stream < streams; stream++) sum += deliveredOf(receivers, stream)
  return sum
}

/**
 * A second of this process's own processor time, not of the clock: what it is measured against needs as much of its core for sending as this needs for
 * receiving, and would be the limit as often.
 */
async function rateOf(measureMs: number, count: () => number): Promise<number> {
  await sleep(measureMs * WARMUP_SHARE)
  const [from, used] = [count(), process.cpuUsage()]
  await sleep(measureMs * (1 - WARMUP_SHARE))
  const { user, system } = process.cpuUsage(used)
  return ((count() - from) * US_PER_SECOND) / Math.max(1, user + system)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
