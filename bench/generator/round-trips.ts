import { decodeControl, encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'
import { median } from '../report/row.js'
import type { Connection } from './connection.js'

const TRIPS = 4000
const ANSWER_MS_MAX = 5000

/**
 * Milliseconds from the writing of a PING to the receipt of its PONG, the median of many, on a daemon that does nothing else: what both kernels and both
 * event loops add to every event, and what no daemon can see from within. Spins between them, as it does while events are measured: neither side's
 * processor goes to sleep in one and not in the other.
 */
export function idleRoundTripMs(connection: Connection): Promise<number> {
  return new Promise((resolve, reject) => {
    const trips: number[] = []
    let token = 0
    let sentAt = 0
    const ping = (): void => {
      const frame = encodeControl({ op: Op.PING, token: ++token })
      sentAt = performance.now()
      connection.send(frame)
    }
    connection.stream((chunk, start, end) => {
      const now = performance.now()
      if (!isPong(chunk, start, end, token)) return
      trips.push(now - sentAt)
      if (trips.length < TRIPS) setImmediate(ping)
    })
    const startedAt = performance.now()
    const spin = (): void => {
      if (trips.length === TRIPS) resolve(median(trips))
      else if (connection.failure !== null) reject(connection.failure)
      else if (performance.now() - startedAt > ANSWER_MS_MAX) reject(new Error('the daemon answers no PING'))
      else setImmediate(spin)
    }
    ping()
    spin()
  })
}

function isPong(chunk: Buffer, start: number, end: number, token: number): boolean {
  const stop = frameEnd(chunk, start, end)
  if (stop < 0) return false
  const frame = decodeControl(chunk, start, stop)
  return typeof frame !== 'number' && frame.op === Op.PONG && frame.token === token
}
