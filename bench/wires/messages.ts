import { clientMessage } from '../generator/websocket.js'
import { awaitText, sendText } from './text-messages.js'
import { isWildcard, type Wire } from './wire.js'

/**
 * What people agree on who write a broadcast server of their own: commands are JSON in text messages; an event is one binary
 * message, a length byte and a topic before its payload, and is forwarded as it came.
 */
export const messagesWire: Wire = {
  name: 'messages',
  carrier: 'websocket',
  subprotocol: null,
  framesItself: true,

  async open() {},

  async subscribe(connection, pattern) {
    if (isWildcard(pattern)) throw new Error('a server of this kind has exact topics only')
    sendText(connection, JSON.stringify({ subscribe: pattern }))
    await awaitText(connection, JSON.stringify({ subscribed: pattern }))
  },

  async sync(connection) {
    sendText(connection, '{"sync":1}')
    await awaitText(connection, '{"synced":1}')
  },

  publication: (topic, _lane, payload) => clientMessage([event(topic, payload)]),
  delivery: (topic, _lane, payload) => event(topic, payload),
  noticeEnd: () => 0,
  churn: () => null,
}

function event(topic: string, payload: Uint8Array): Buffer {
  const name = Buffer.from(topic, 'latin1')
  return Buffer.concat([Buffer.of(name.length), name, payload])
}
