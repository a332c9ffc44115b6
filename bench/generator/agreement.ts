import type { Connection } from './connection.js'
import type { Prepared } from './flow.js'
import { InFlight } from './in-flight.js'
import type { AgreementJob, AgreementResult, Quantiles } from './job.js'
import { LoadMeter } from './load.js'
import { OWN_MS_MIN, ownLatency } from './own-latency.js'
import { PacedPump } from './paced-pump.js'
import { tally } from './receiver.js'
import { idleRoundTripMs } from './round-trips.js'
import { makeReceivers, openPublisher, openReceiver } from './setup.js'
import { Turns } from './turns.js'

const SETTLE_MS = 500
/**
 * When this process did not look at its sockets for longer than this, what it reads then came at some moment in between: how late it read is no matter
 * of the daemon's. The same for a write that took so long. Those events are left out, and counted; and what would have been due meanwhile is sent later, not
 * in one go, which would wait in this process for the socket. What the daemon does never postpones anything.
 */
const AWAY_MS_MAX = 0.05
const NS_PER_MS = 1e6

/**
 * Measures how long events take from the writing to the receipt, less an idle round trip, and asks the daemon what it has measured itself meanwhile.
 * Open loop: events are due at fixed times, however long those before them take.
 */
export async function runAgreement(job: AgreementJob, prepared: Prepared): Promise<AgreementResult> {
  const { wire, book, cycles, readBuffer } = prepared
  const { target, flow } = job
  if (target.adminUrl === null) throw new Error('only our daemon tells its own latencies')
  const [stream] = flow.streams
  const lengthMs = Math.max(job.measureMs, OWN_MS_MIN)
  const open: Connection[] = []
  const keep = (connection: Connection): Connection => {
    open.push(connection)
    return connection
  }
  try {
    const pinging = keep(await openPublisher(target.publish, readBuffer))
    const idleMs = await idleRoundTripMs(pinging, stream.eventsPerSecond / stream.batch)
    const limits = { bytesMax: 0, eventsMax: 0 }
    const subscriber = keep(await openReceiver(target, readBuffer, flow.subscribers[0], limits))
    subscriber.oneReadATurn = true
    const publisher = keep(await openPublisher(target.publish, readBuffer))
    const receivers = makeReceivers(wire, flow, book, [subscriber], new InFlight(flow.inFlightBytesMax))
    const pump = new PacedPump(publisher, cycles[0], stream.eventsPerSecond, flow.chunkBytesMax)
    const watch = new Watch(Math.ceil((job.warmupMs + lengthMs + SETTLE_MS) * 1.5 * (stream.eventsPerSecond / 1000)))
    pump.onWrite = (first, write) => watch.written(first, write, pump)
    receivers[0].check(0)!.onEvents = (first, count) => watch.received(first, count)
    const turns = new Turns([{ ...IDLE_PUMP, turn: (now) => watch.look(now, pump) }, pump])
    pump.start(performance.now())
    turns.start()
    await passed(job.warmupMs)
    const fromMs = Date.now()
    const meter = new LoadMeter(target.pid, job.cores)
    await passed(lengthMs)
    const load = meter.until()
    const toMs = Date.now()
    turns.stop()
    await wire.sync(publisher)
    await passed(SETTLE_MS)
    const own = await ownLatency(target.adminUrl, 'delivery', stream.lane, fromMs, toMs)
    const { sorted, leftOut } = watch.between(own.fromMs, own.toMs, idleMs)
    const at = (percentile: number) => own.histogram.getValueAtPercentile(percentile) / NS_PER_MS
    return {
      kind: 'agreement',
      ...tally(receivers, 0, pump.sent),
      idleUs: idleMs * 1000,
      client: quantiles((percentile) => sorted[Math.ceil((percentile / 100) * sorted.length) - 1]),
      own: quantiles(at),
      measured: sorted.length,
      leftOut,
      ...load,
    }
  } finally {
    for (const connection of open) connection.close()
  }
}

const IDLE_PUMP = { sent: 0, onReady: () => {} }

function quantiles(msAt: (percentile: number) => number): Quantiles {
  return { p50Us: msAt(50) * 1000, p99Us: msAt(99) * 1000, p999Us: msAt(99.9) * 1000 }
}

/** When each event was written and how long it was on its way, by its number. */
class Watch {
  private readonly writtenAt: Float64Array
  /** 0: not received, NaN: not known well enough. */
  private readonly tookMs: Float64Array
  private events = 0
  private lookedAt = performance.now()

  constructor(eventsMax: number) {
    this.writtenAt = new Float64Array(eventsMax)
    this.tookMs = new Float64Array(eventsMax)
  }

  /** The sockets have just been looked at. */
  look(now: number, pump: PacedPump): boolean {
    const awayMs = now - this.lookedAt
    if (awayMs > AWAY_MS_MAX) pump.postpone(awayMs)
    this.lookedAt = now
    return true
  }

  written(first: number, write: () => void, pump: PacedPump): void {
    const startedAt = performance.now()
    write()
    const isSlow = performance.now() - startedAt > AWAY_MS_MAX
    this.writtenAt.fill(isSlow ? Number.NaN : startedAt, first, pump.sent)
    this.events = pump.sent
  }

  received(first: number, count: number): void {
    const now = performance.now()
    const wasAway = now - this.lookedAt > AWAY_MS_MAX
    for (let event = first; event < first + count; event++) {
      this.tookMs[event] = wasAway ? Number.NaN : now - this.writtenAt[event]
    }
  }

  /** Times of the events that were written between two moments (milliseconds since 1970), less `idleMs`. */
  between(fromMs: number, toMs: number, idleMs: number): { sorted: Float64Array; leftOut: number } {
    const epochMs = Date.now() - performance.now()
    const known: number[] = []
    let leftOut = 0
    let at = 0
    for (let event = 0; event < Math.min(this.events, this.tookMs.length); event++) {
      // What was written slowly was written about when the one before was.
      at = Number.isNaN(this.writtenAt[event]) ? at : this.writtenAt[event]
      if (epochMs + at < fromMs || epochMs + at >= toMs) continue
      const tookMs = this.tookMs[event]
      if (tookMs > 0) known.push(tookMs - idleMs)
      else leftOut++
    }
    if (known.length === 0) throw new Error('this process had its processor too seldom to measure anything')
    return { sorted: Float64Array.from(known).sort(), leftOut }
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
