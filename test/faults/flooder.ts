import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { RawClient } from '../helpers/raw-client.js'
import type { FloodOptions, FloodResult } from './flood.js'

/** A child process that publishes as fast as its sockets take it: frames are encoded once, and a chunk is written again whenever there is room. */
const { url, connections, eventsPerMessage, payloadBytes, topic, lane } = JSON.parse(process.argv[2]) as FloodOptions

/** One masked WebSocket message (RFC 6455, 5.2). The mask is zero, so the payload is itself. */
function message(payload: Uint8Array): Buffer {
  const { length } = payload
  const lead = Buffer.from([0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  lead.writeUInt32BE(length, 6)
  return Buffer.concat([lead, payload])
}

const CHUNK_BYTES = 256 * 1024
const event = encodeEvent(topic, lane, Buffer.alloc(payloadBytes, 0x61))
const one = message(Buffer.concat(Array.from({ length: eventsPerMessage }, () => event)))
const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / one.length))
const chunk = Buffer.concat(Array.from({ length: perChunk }, () => one))

let stopping = false
process.on('message', () => {
  stopping = true
})

async function flood(): Promise<FloodResult> {
  const client = await RawClient.open(url)
  const socket = (client.socket as unknown as { _socket: Socket })._socket
  let published = 0
  while (!stopping && client.closed === null) {
    published += perChunk * eventsPerMessage
    const more = socket.write(chunk)
    if (!more) await once(socket, 'drain')
    // Answers are read too.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { accepted, refused } = await client.sync()
  const errors = client.told(Op.ERROR)
  return {
    published,
    accepted,
    refused,
    overloadedTold: errors.reduce((sum, { details }) => sum + (details.count ?? 0), 0),
    codes: [...new Set(errors.map(({ code }) => code))],
    retryAfterMs: [...new Set(errors.map(({ details }) => details.retryAfterMs ?? -1))],
  }
}

process.send?.('ready')
const results = await Promise.all(Array.from({ length: connections }, flood))
process.send?.(results)
process.disconnect()
