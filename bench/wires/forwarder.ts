import { sluiceWire } from './sluice.js'
import { awaitText, sendText } from './text-messages.js'
import type { Wire } from './wire.js'

/** Our frames, of which the forwarder knows nothing; a text makes a connection a subscriber of everything. */
export const forwarderWire: Wire = {
  ...sluiceWire,
  name: 'forwarder',
  subprotocol: null,

  async open() {},

  async subscribe(connection) {
    sendText(connection, 'subscribe')
    await awaitText(connection, 'subscribed')
  },

  async sync(connection) {
    sendText(connection, 'sync')
    await awaitText(connection, 'synced')
  },

  noticeEnd: () => 0,
  churn: () => null,
}
