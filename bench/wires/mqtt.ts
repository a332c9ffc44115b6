import type { Connection } from '../generator/connection.js'
import type { Wire } from './wire.js'

/** MQTT 3.1.1 (OASIS standard) at QoS 0, the nearest to what the others do: no packet of it is confirmed. */
export const mqttWire: Wire = {
  name: 'mqtt',
  carrier: 'none',
  subprotocol: null,

  async open(connection) {
    connection.send(CONNECT)
    await awaitPacket(connection, Packet.CONNACK, (body) => {
      if (body[1] !== 0) throw new Error(`the broker refused the connection with ${body[1]}`)
    })
  },

  async subscribe(connection, pattern) {
    connection.send(packet(Packet.SUBSCRIBE | 2, [PACKET_ID, text(filterOf(pattern)), Buffer.of(0)]))
    await awaitPacket(connection, Packet.SUBACK, (body) => {
      if (body[2] !== 0) throw new Error(`the broker refused ${pattern} with ${body[2]}`)
    })
  },

  /** Packets of one connection are taken in order, so the answer to a ping comes after what was sent before it. */
  async sync(connection) {
    connection.send(packet(Packet.PINGREQ, []))
    await awaitPacket(connection, Packet.PINGRESP, () => {})
  },

  publication: (topic, _lane, payload) => publish(topic, payload),
  delivery: (topic, _lane, payload) => publish(topic, payload),

  noticeEnd(bytes, pos, end) {
    if ((bytes[pos] & 0xf0) === Packet.PUBLISH) return 0
    const found = packetAt(bytes, pos, end)
    return found === null ? 0 : found.end
  },

  churn(subscribe, pattern) {
    return subscribe
      ? packet(Packet.SUBSCRIBE | 2, [PACKET_ID, text(filterOf(pattern)), Buffer.of(0)])
      : packet(Packet.UNSUBSCRIBE | 2, [PACKET_ID, text(filterOf(pattern))])
  },
}

/** The first byte of a packet, flags 0. */
const Packet = {
  CONNACK: 0x20,
  PUBLISH: 0x30,
  SUBSCRIBE: 0x80,
  SUBACK: 0x90,
  UNSUBSCRIBE: 0xa0,
  PINGREQ: 0xc0,
  PINGRESP: 0xd0,
} as const

const PACKET_ID = Buffer.of(0, 1)
const LENGTH_BYTES_MAX = 4
/** Protocol level 4, clean session, no keep-alive, and an empty name: the broker makes one. */
const CONNECT = packet(0x10, [text('MQTT'), Buffer.of(4, 2, 0, 0), text('')])

/** MQTT's topics have slashes where ours have dots, `+` for one level and `#` for the rest. */
function topicOf(topic: string): string {
  return topic.replaceAll('.', '/')
}

function filterOf(pattern: string): string {
  return topicOf(pattern).replaceAll('*', '+').replace(/>$/, '#')
}

function publish(topic: string, payload: Uint8Array): Buffer {
  return packet(Packet.PUBLISH, [text(topicOf(topic)), payload])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function packet(first: number, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(first, ...lengthBytes(length)), ...parts])
}

/** Seven bits a byte, the lowest first. */
function lengthBytes(length: number): number[] {
  const bytes: number[] = []
  let rest = length
  do {
    const more = rest >= 0x80 ? 0x80 : 0
    bytes.push((rest & 0x7f) | more)
    rest >>>= 7
  } while (rest > 0)
  return bytes
}

/** Where a packet's body is; null when it is not complete. */
function packetAt(bytes: Uint8Array, pos: number, end: number): { body: number; end: number } | null {
  let length = 0
  for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
    const at = pos + 1 + i
    if (at >= end) return null
    length |= (bytes[at] & 0x7f) << (7 * i)
    if (bytes[at] < 0x80) {
      const packetEnd = at + 1 + length
      return packetEnd > end ? null : { body: at + 1, end: packetEnd }
    }
  }
  throw new Error('an MQTT packet has a longer length than there is')
}

function awaitPacket(connection: Connection, type: number, check: (body: Buffer) => void): Promise<void> {
  return connection.until(`packet ${type >> 4}`, (bytes) => {
    let pos = 0
    while (pos < bytes.length) {
      const found = packetAt(bytes, pos, bytes.length)
      if (found === null) return -1
      if ((bytes[pos] & 0xf0) === type) {
        check(bytes.subarray(found.body, found.end))
        return found.end
      }
      pos = found.end
    }
    return -1
  })
}
