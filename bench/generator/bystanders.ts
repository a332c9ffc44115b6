import type { Wire } from '../wires/wire.js'
import type { Connection } from './connection.js'
import type { BystandersSpec } from './job.js'

/** Patterns of one connection: as many as the daemon allows one by default. */
const PATTERNS_EACH = 1000

/** Connections that it takes for so many patterns. */
export function bystandersOf({ count }: BystandersSpec): number {
  return Math.ceil(count / PATTERNS_EACH)
}

/** Subscribes one of the connections to its part of the patterns, and waits until all of them are in force. */
export async function standBy(connection: Connection, wire: Wire, spec: BystandersSpec, place: number): Promise<void> {
  await wire.open(connection, 'subscriber')
  const end = Math.min(spec.count, (place + 1) * PATTERNS_EACH)
  for (let i = place * PATTERNS_EACH; i < end; i++) {
    const command = wire.churn(true, `${spec.prefix}${i}${spec.suffix}`)
    if (command === null) throw new Error(`${wire.name} has no subscriptions beside the measured ones`)
    connection.send(command)
  }
  await wire.sync(connection)
  connection.stream(() => {})
}
