import type { Connection } from '../generator/connection.js'
import { clientMessage } from '../generator/websocket.js'
import { awaitText, sendText, textMessage } from './text-messages.js'
import { isWildcard, type Wire } from './wire.js'

/**
 * Engine.IO 4 and Socket.IO 5 (socket.io, "The Engine.IO protocol", "The Socket.IO protocol") over WebSocket from the start. Events
 * have their payload as bytes, so each is what the client library makes of a Buffer: a text message, which names event and topic
 * and has a placeholder, and the payload in a binary message of its own.
 */
export const socketIoWire: Wire = {
  name: 'socketio',
  carrier: 'websocket',
  subprotocol: null,
  path: '/socket.io/?EIO=4&transport=websocket',
  framesItself: true,

  async open(connection) {
    await awaitText(connection, '0{')
    sendText(connection, '40')
    await awaitText(connection, '40{')
  },

  async subscribe(connection, pattern) {
    if (isWildcard(pattern)) throw new Error('rooms have exact names only')
    await acknowledged(connection, 'subscribe', pattern)
  },

  sync: (connection) => acknowledged(connection, 'sync', ''),

  publication(topic, _lane, payload) {
    return Buffer.concat([textMessage(header('publish', topic)), clientMessage([payload])])
  },

  delivery(topic, _lane, payload) {
    return Buffer.concat([Buffer.from(header('event', topic)), payload])
  },

  noticeEnd: () => 0,
  churn: () => null,
}

let lastRequest = 0

function header(event: string, topic: string): string {
  return `451-${JSON.stringify([event, topic, { _placeholder: true, num: 0 }])}`
}

/** Sends an event whose handler acknowledges it. */
async function acknowledged(connection: Connection, event: string, value: string): Promise<void> {
  const request = ++lastRequest
  sendText(connection, `42${request}${JSON.stringify([event, value])}`)
  await awaitText(connection, `43${request}[]`)
}
