import type { Wire } from '../wires/wire.js'
import type { Connection } from './connection.js'
import { buildDeliveries, type Deliveries } from './cycle.js'
import type { InFlight } from './in-flight.js'
import type { FlowSpec, SubscriberSpec, Tally } from './job.js'
import { CycleVerifier, type GapIn, RecordVerifier, StreamCheck, type Verifier } from './verify.js'

/** The encoded deliveries of a flow, shared by all subscribers with the same pattern. */
export class DeliveryBook {
  private readonly built = new Map<string, Deliveries>()

  constructor(
    private readonly wire: Wire,
    private readonly flow: FlowSpec,
  ) {}

  of(stream: number, pattern: string): Deliveries {
    const key = `${stream} ${pattern}`
    let deliveries = this.built.get(key)
    if (deliveries === undefined) {
      const { streams, cycleEvents, payloadBytes } = this.flow
      deliveries = buildDeliveries(this.wire, streams[stream], stream, cycleEvents, payloadBytes, pattern)
      this.built.set(key, deliveries)
    }
    return deliveries
  }
}

export function verifierFor(wire: Wire, book: DeliveryBook, subscriber: SubscriberSpec): Verifier {
  const { streams, patterns } = subscriber
  const deliveries = streams.map((stream, i) => book.of(stream, patterns[Math.min(i, patterns.length - 1)]))
  const gapIn = gapsOf(wire, subscriber)
  if (streams.length === 1) return new CycleVerifier(deliveries[0], streams[0], wire.noticeEnd, gapIn)
  const checks = deliveries.map((each) => new StreamCheck(each))
  return new RecordVerifier(checks, streams, wire.noticeEnd, gapIn)
}

/** Notices name a pattern: whose events they are about is known where each stream has a pattern of its own. */
function gapsOf(wire: Wire, { streams, patterns }: SubscriberSpec): GapIn | null {
  if (wire.gapIn === undefined || streams.length !== patterns.length) return null
  return (bytes, pos, end) => {
    const gap = wire.gapIn?.(bytes, pos, end) ?? null
    return gap === null ? null : { check: patterns.indexOf(gap.pattern), count: gap.count }
  }
}

/** One subscriber connection with its verifier. */
export class Receiver {
  private readonly checks: ReadonlyMap<number, StreamCheck>

  constructor(
    readonly connection: Connection,
    readonly verifier: Verifier,
    readonly spec: SubscriberSpec,
    inFlight: InFlight,
  ) {
    this.checks = new Map(spec.streams.map((stream, i) => [stream, verifier.checks[i]]))
    connection.stream((chunk, start, end) => {
      verifier.feed(chunk, start, end)
      inFlight.took(end - start)
    })
  }

  /** One that reads slowly, and that the peer has closed for it. */
  get isGone(): boolean {
    return this.spec.reads !== undefined && this.connection.failure !== null
  }

  check(stream: number): StreamCheck | null {
    return this.checks.get(stream) ?? null
  }
}

/** What has come of a stream, or is known not to come, to subscribers that are still there, and how much would be all of it. */
export function settledOf(
  receivers: readonly Receiver[],
  stream: number,
  published: number,
): { is: number; of: number } {
  const here = receivers.filter((receiver) => !receiver.isGone && receiver.check(stream) !== null)
  const missed = here.reduce((sum, receiver) => sum + receiver.check(stream)!.missed, 0)
  return { is: deliveredOf(here, stream) + missed, of: published * here.length }
}

/** Deliveries of a stream to these subscribers so far. */
export function deliveredOf(receivers: readonly Receiver[], stream: number): number {
  let sum = 0
  for (const receiver of receivers) {
    receiver.verifier.settle()
    sum += receiver.check(stream)?.delivered ?? 0
  }
  return sum
}

/** Compares what was published with what came, subscriber by subscriber. One that the peer has closed for not reading is left out. */
export function tally(receivers: readonly Receiver[], stream: number, published: number): Tally {
  const sums = { published, expected: 0, delivered: 0, lost: 0, missed: 0, doubled: 0, reordered: 0, notices: 0 }
  for (const receiver of receivers) {
    const check = receiver.check(stream)
    if (check === null || receiver.isGone) continue
    if (receiver.verifier.corrupt !== null) throw new Error(`a subscriber received ${receiver.verifier.corrupt}`)
    receiver.verifier.settle()
    sums.expected += published
    sums.delivered += check.delivered
    sums.doubled += check.doubled
    sums.reordered += check.reordered
    // A connection's notices belong to no stream: they are told with its first.
    if (receiver.spec.streams[0] === stream) sums.notices += receiver.verifier.notices
    sums.missed += check.missed
    sums.lost += published - (check.delivered - check.doubled) - check.missed
  }
  return sums
}
