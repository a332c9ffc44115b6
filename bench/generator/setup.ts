import { wireNamed } from '../wires/index.js'
import type { CarrierName, SubscriptionLimits, Wire } from '../wires/wire.js'
import { Connection } from './connection.js'
import type { Cycle } from './cycle.js'
import type { InFlight } from './in-flight.js'
import type { Endpoint, FlowSpec, SubscriberSpec, Target } from './job.js'
import { PacedPump } from './paced-pump.js'
import { FirehosePump } from './pump.js'
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

/** @param localAddress from which it goes out; null: whichever the system takes */
export function openTo(
  { wire, port, tls }: Endpoint,
  readBuffer: Buffer,
  localAddress: string | null = null,
): Promise<Connection> {
  const { carrier, subprotocol, path } = wireNamed(wire)
  return Connection.open(port, { carrier, tls, subprotocol, path, localAddress, readBuffer })
}

/** To somebody who speaks no protocol. */
export function openRaw({ tls }: Target, port: number, carrier: CarrierName, readBuffer: Buffer): Promise<Connection> {
  return Connection.open(port, { carrier, tls, subprotocol: null, readBuffer })
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
): Receiver[] {
  return connections.map((connection, i) => {
    const spec = flow.subscribers[i]
    return new Receiver(connection, verifierFor(wire, book, spec), spec, inFlight)
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
  const readers = flow.streams.map((): SubscriberSpec[] => [])
  for (const subscriber of flow.subscribers) for (const stream of subscriber.streams) readers[stream].push(subscriber)
  return flow.streams.map((stream, i) => {
    if (stream.eventsPerSecond > 0)
      return new PacedPump(connections[i], cycles[i], stream.eventsPerSecond, flow.chunkBytesMax)
    const each = readers[i].length * book.of(i, readers[i][0].patterns[0]).recordBytes
    const eventBytes = cycles[i].messageBytes / cycles[i].batch
    // A quarter of what may be under way, so that the next chunk is written before the last has arrived.
    const events = flow.writeEvents ?? flow.inFlightBytesMax / (4 * firehoses * each)
    return new FirehosePump(
      connections[i],
      cycles[i],
      Math.min(flow.chunkBytesMax, events * eventBytes),
      inFlight,
      each,
    )
  })
}
