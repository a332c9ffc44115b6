import type { Connection } from '../generator/connection.js'
import type { CarrierName, Wire, WireName } from './wire.js'

/** NATS client protocol (docs.nats.io, "Client Protocol"), verbose and pedantic off as its fast clients do. */
function natsWire(name: WireName, carrier: CarrierName): Wire {
  return {
    name,
    carrier,
    subprotocol: null,

    async open(connection) {
      await awaitLine(connection, 'INFO ')
      connection.send(CONNECT)
      await pingPong(connection)
    },

    async subscribe(connection, pattern) {
      connection.send(Buffer.from(`SUB ${pattern} ${SUBSCRIPTION}\r\n`))
      await pingPong(connection)
    },

    sync: pingPong,

    publication(topic, _lane, payload) {
      return Buffer.concat([Buffer.from(`PUB ${topic} ${payload.length}\r\n`), payload, CRLF])
    },

    delivery(topic, _lane, payload) {
      return Buffer.concat([Buffer.from(`MSG ${topic} ${SUBSCRIPTION} ${payload.length}\r\n`), payload, CRLF])
    },

    noticeEnd(bytes, pos, end) {
      const first = bytes[pos]
      if (first !== 0x2b && first !== 0x2d && first !== 0x50) return 0 // +OK, -ERR, PING and PONG
      const lineEnd = Buffer.from(bytes.buffer, bytes.byteOffset, end).indexOf('\r\n', pos)
      return lineEnd < 0 ? 0 : lineEnd + 2
    },

    churn(subscribe, pattern) {
      if (!subscribe) return Buffer.from(`UNSUB ${heldBy.get(pattern)?.shift()}\r\n`)
      const subscription = ++lastSubscription
      heldBy.set(pattern, [...(heldBy.get(pattern) ?? []), subscription])
      return Buffer.from(`SUB ${pattern} ${subscription}\r\n`)
    },
  }
}

const CRLF = Buffer.from('\r\n')
const SUBSCRIPTION = 1
/** Those beside the measured ones have numbers of their own, by which they are ended. */
let lastSubscription = SUBSCRIPTION
const heldBy = new Map<string, number[]>()
const CONNECT = Buffer.from(
  'CONNECT {"verbose":false,"pedantic":false,"lang":"raw","version":"1","protocol":1,"echo":true}\r\n',
)

export const natsTcpWire = natsWire('nats', 'none')
export const natsWebSocketWire = natsWire('nats-websocket', 'websocket')

async function pingPong(connection: Connection): Promise<void> {
  connection.send(Buffer.from('PING\r\n'))
  await awaitLine(connection, 'PONG')
}

function awaitLine(connection: Connection, start: string): Promise<void> {
  return connection.until(start.trim(), (bytes) => {
    const text = bytes.toString('latin1')
    const error = /-ERR [^\r]*/.exec(text)
    if (error !== null) throw new Error(`nats-server: ${error[0]}`)
    const at = text.indexOf(start)
    const end = at < 0 ? -1 : text.indexOf('\r\n', at)
    return end < 0 ? -1 : end + 2
  })
}
