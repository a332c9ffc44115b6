import { receiveCeiling } from './ceiling.js'
import type { Prepared } from './flow.js'
import { InFlight } from './in-flight.js'
import type { RehearsalJob, RehearsalResult } from './job.js'
import { LatencyCounts } from './latency-counts.js'
import { PacedPump } from './paced-pump.js'
import { inParallel, makePumps, openRaw } from './setup.js'
import { Turns } from './turns.js'

/** The first part is left out: sockets and the compiler warm up. */
const WARMUP_SHARE = 0.4

/** Sends at the rates of a flow to somebody who only reads, and receives from somebody who only sends: what this generator can do at most in a run with rates. */
export async function runRehearsal(job: RehearsalJob, prepared: Prepared): Promise<RehearsalResult> {
  const sent = await send(job, prepared)
  return { kind: 'rehearsal', ...sent, receivedPerSecond: await receiveCeiling(job, prepared) }
}

async function send(job: RehearsalJob, { book, cycles, readBuffer }: Prepared) {
  const { flow, target, sinkPort, measureMs } = job
  const connections = await inParallel(flow.streams.length, () => openRaw(target, sinkPort, 'none', readBuffer))
  const pumps = makePumps(flow, book, cycles, connections, new InFlight(Number.POSITIVE_INFINITY)).filter(
    (pump): pump is PacedPump => pump instanceof PacedPump,
  )
  try {
    const turns = new Turns(pumps)
    for (const pump of pumps) pump.start(performance.now())
    turns.start()
    await passed(measureMs * WARMUP_SHARE)
    for (const pump of pumps) pump.forget()
    await passed(measureMs * (1 - WARMUP_SHARE))
    turns.stop()
    // Nobody holds it back but itself.
    const late = new LatencyCounts()
    for (const pump of pumps) {
      late.add(pump.late)
      late.add(pump.heldBack)
    }
    const [was, unsent] = [sum(pumps, 'sent'), sum(pumps, 'unsent')]
    return { sentShare: was / (was + unsent), lateP99Us: late.histogram().getValueAtPercentile(99) / 1000 }
  } finally {
    for (const connection of connections) connection.close()
  }
}

function sum(pumps: readonly PacedPump[], key: 'sent' | 'unsent'): number {
  return pumps.reduce((total, pump) => total + pump[key], 0)
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
