import type { Wire } from '../wires/wire.js'
import type { Connection } from './connection.js'
import { buildDeliveries, type Deliveries } from './cycle.js'
import type { InFlight } from './in-flight.js'
import type { FlowSpec, SubscriberSpec, Tally } from './job.js'
import { CycleVerifier, RecordVerifier, StreamCheck, type Verifier } from './verify.js'

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
  if (streams.length === 1) return new CycleVerifier(deliveries[0], streams[0], wire.noticeEnd)
  const checks = deliveries.map((each) => new StreamCheck(each))
  return new RecordVerifier(checks, streams, wire.noticeEnd)
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

  check(stream: number): StreamCheck | null {
    return this.checks.get(stream) ?? null
  }
}

/** Deliveries of a stream to all its subscribers so far. */
export function deliveredOf(receivers: readonly Receiver[], stream: number): number {
  let sum = 0
  for (const receiver of receivers) {
    receiver.verifier.settle()
    sum += receiver.check(stream)?.delivered ?? 0
  }
  return sum
}

/** Compares what was published with what came, subscriber by subscriber. */
export function tally(receivers: readonly Receiver[], stream: number, published: number): Tally {
  const sums = { published, expected: 0, delivered: 0, lost: 0, doubled: 0, reordered: 0, notices: 0 }
  for (const receiver of receivers) {
    const check = receiver.check(stream)
    if (check === null) continue
    if (receiver.verifier.corrupt !== null) throw new Error(`a subscriber received ${receiver.verifier.corrupt}`)
    receiver.verifier.settle()
    sums.expected += published
    sums.delivered += check.delivered
    sums.doubled += check.doubled
    sums.reordered += check.reordered
    // A connection's notices belong to no stream: they are told with its first.
    if (receiver.spec.streams[0] === stream) sums.notices += receiver.verifier.notices
    sums.lost += published - (check.delivered - check.doubled)
  }
  return sums
}
