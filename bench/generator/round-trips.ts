import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { median } from '../report/row.js'
import type { Connection } from './connection.js'

const TOKEN = 1
const PONG_BYTES = encodeControl({ op: Op.PONG, token: TOKEN }).length
/** PINGs at a higher pace would wait for each other. */
const PACE_MAX = 100_000
const SECONDS = 0.2
const TRIPS_MIN = 1000
/** What else the machine does only adds to a round trip. */
const ROUNDS = 6
const ANSWER_MS_MAX = 10_000

/**
 * Milliseconds from the writing of a PING to the receipt of its PONG, the median of many and the least of some such medians, on a daemon that routes nothing meanwhile: what both kernels and both
 * event loops add to every event, and what no daemon can see from within. At the pace at which messages will come, as a processor that sleeps between them
 * takes longer to answer than one that does not.
 */
export async function idleRoundTripMs(connection: Connection, messagesPerSecond: number): Promise<number> {
  const perMs = Math.min(PACE_MAX, messagesPerSecond) / 1000
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await medianTripMs(connection, perMs))
  return least
}

function medianTripMs(connection: Connection, perMs: number): Promise<number> {
  const count = Math.max(TRIPS_MIN, Math.round(perMs * 1000 * SECONDS))
  const ping = encodeControl({ op: Op.PING, token: TOKEN })
  const sentAt = new Float64Array(count)
  const trips: number[] = []
  let sent = 0
  let bytes = 0
  connection.stream((_, start, end) => {
    const now = performance.now()
    bytes += end - start
    while (trips.length < count && (trips.length + 1) * PONG_BYTES <= bytes) trips.push(now - sentAt[trips.length])
  })
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const turn = (): void => {
      const now = performance.now()
      // One in a turn: a generator that was held up does not send what was due meanwhile in one go.
      if (sent < count && sent <= (now - startedAt) * perMs) {
        sentAt[sent++] = performance.now()
        connection.send(ping)
      }
      if (trips.length === count) resolve(median(trips))
      else if (connection.failure !== null) reject(connection.failure)
      else if (now - startedAt > ANSWER_MS_MAX) reject(new Error('the daemon does not answer PINGs'))
      else setImmediate(turn)
    }
    turn()
  })
}
