import { wireNamed } from '../wires/index.js'
import type { SubscriptionLimits, Wire } from '../wires/wire.js'
import { Connection } from './connection.js'
import type { Cycle } from './cycle.js'
import type { InFlight } from './in-flight.js'
import type { Endpoint, FlowSpec, SubscriberSpec } from './job.js'
import { FirehosePump, PacedPump } from './pump.js'
import { type DeliveryBook, Receiver, verifierFor } from './receiver.js'

/** Connections that are set up at a time. */
const CONCURRENCY = 64

/** Runs `make` for each of `count`, a bounded number at a time; results in order. */
export async function inParallel<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = new Array(count)
  let next = 0
  const worker = async () => {
    while (next < count) {
      const i = next++
      results[i] = await make(i)
    }
  }
  await Promise.all(Array.from({ length: Math.min(count, CONCURRENCY) }, worker))
  return results
}

export function openTo({ wire, port, tls }: Endpoint, readBuffer: Buffer): Promise<Connection> {
  const { carrier, subprotocol, path } = wireNamed(wire)
  return Connection.open(port, { carrier, tls, subprotocol, path, readBuffer })
}

export async function openPublisher(endpoint: Endpoint, readBuffer: Buffer): Promise<Connection> {
  const connection = await openTo(endpoint, readBuffer)
  await wireNamed(endpoint.wire).open(connection, 'publisher')
  return connection
}

export async function openReceiver(
  endpoint: Endpoint,
  readBuffer: Buffer,
  spec: SubscriberSpec,
  limits: SubscriptionLimits,
): Promise<Connection> {
  const wire = wireNamed(endpoint.wire)
  const connection = await openTo(endpoint, readBuffer)
  await wire.open(connection, 'subscriber')
  for (const pattern of spec.patterns) await wire.subscribe(connection, pattern, limits)
  return connection
}

export function makeReceivers(
  wire: Wire,
  flow: FlowSpec,
  book: DeliveryBook,
  connections: readonly Connection[],
  inFlight: InFlight,
  onReceived: () => void,
): Receiver[] {
  return connections.map((connection, i) => {
    const spec = flow.subscribers[i]
    return new Receiver(connection, verifierFor(wire, book, spec), spec, inFlight, onReceived)
  })
}

export function makePumps(
  flow: FlowSpec,
  book: DeliveryBook,
  cycles: readonly Cycle[],
  connections: readonly Connection[],
  inFlight: InFlight,
): (FirehosePump | PacedPump)[] {
  const firehoses = flow.streams.filter((stream) => stream.eventsPerSecond === 0).length
  return flow.streams.map((stream, i) => {
    if (stream.eventsPerSecond > 0) return new PacedPump(connections[i], cycles[i], stream.eventsPerSecond)
    const readers = flow.subscribers.filter((subscriber) => subscriber.streams.includes(i))
    const each = readers.length * book.of(i, readers[0].patterns[0]).recordBytes
    // A quarter of what may be under way, so that the next chunk is written before the last has arrived.
    const share = (flow.inFlightBytesMax / (4 * firehoses * each)) * (cycles[i].messageBytes / cycles[i].batch)
    return new FirehosePump(connections[i], cycles[i], Math.min(flow.chunkBytesMax, share), inFlight, each)
  })
}
