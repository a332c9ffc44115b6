import { decodeControl, encodeControl } from '../../src/protocol/control.js'
import { Op, SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'
import { encodeEvent } from '../../src/protocol/write.js'
import type { Connection } from '../generator/connection.js'
import type { SubscriptionLimits, Wire } from './wire.js'

let lastRequest = 0

export const sluiceWire: Wire = {
  name: 'sluice',
  carrier: 'websocket',
  subprotocol: SUBPROTOCOL_MSGPACK,

  async open(connection) {
    await awaitFrame(connection, Op.WELCOME, 0)
  },

  async subscribe(connection, pattern, limits) {
    const request = ++lastRequest
    connection.send(encodeControl({ op: Op.SUBSCRIBE, request, pattern, options: subscribeOptions(limits) }))
    await awaitFrame(connection, Op.OK, request)
  },

  async sync(connection) {
    const request = ++lastRequest
    connection.send(encodeControl({ op: Op.SYNC, request }))
    await awaitFrame(connection, Op.SYNCED, request)
  },

  publication: (topic, lane, payload) => encodeEvent(topic, lane, payload),
  delivery: (topic, lane, payload) => encodeEvent(topic, lane, payload),

  noticeEnd(bytes, pos, end) {
    return Math.max(0, frameEnd(bytes, pos, end))
  },

  gapIn(bytes, pos, end) {
    const frame = decodeControl(bytes, pos, end)
    return typeof frame !== 'number' && frame.op === Op.GAP ? frame : null
  },

  churn(subscribe, pattern) {
    return subscribe
      ? encodeControl({ op: Op.SUBSCRIBE, request: 0, pattern, options: {} })
      : encodeControl({ op: Op.UNSUBSCRIBE, request: 0, pattern })
  },
}

/** The same frames in the bodies of one HTTP/2 request and its answer. */
export const sluiceHttp2Wire: Wire = { ...sluiceWire, name: 'sluice-http2', carrier: 'http2', subprotocol: null }

function subscribeOptions(limits: SubscriptionLimits): { bytesMax?: number; eventsMax?: number } {
  return {
    ...(limits.bytesMax > 0 && { bytesMax: limits.bytesMax }),
    ...(limits.eventsMax > 0 && { eventsMax: limits.eventsMax }),
  }
}

/** Waits for the frame with this op (and request); an ERROR or GOAWAY met on the way fails the run. */
function awaitFrame(connection: Connection, op: Op, request: number): Promise<void> {
  return connection.until(`frame ${op}`, (bytes) => {
    let pos = 0
    while (pos < bytes.length) {
      const end = frameEnd(bytes, pos, bytes.length)
      if (end < 0) return -1
      const frame = decodeControl(bytes, pos, end)
      pos = end
      if (typeof frame === 'number') continue
      if (frame.op === Op.ERROR) throw new Error(`error ${frame.code}: ${frame.message}`)
      if (frame.op === Op.GOAWAY) throw new Error(`goaway ${frame.code}: ${frame.reason}`)
      if (frame.op === op && (!('request' in frame) || frame.request === request)) return pos
    }
    return -1
  })
}
