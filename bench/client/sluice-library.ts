import { connect } from '../../src/client/index.js'
import { type Reading, TOPIC } from './events.js'
import type { Library } from './library.js'

/** What may wait for a client that does not read: what is under way, all of it. */
const WAITING = { bytesMax: 64 * 1024 * 1024, eventsMax: 1024 * 1024 }

export const sluiceLibrary: Library = {
  package: null,
  windowEvents: 128 * 1024,
  async connect(port) {
    const bus = await connect(`ws://127.0.0.1:${port}`)
    return {
      publishBytes: (payload) => bus.publishBytes(TOPIC, payload),
      publishObject: (reading) => bus.publish(TOPIC, reading),
      ready: () => bus.ready(),
      flush: async () => {
        await bus.sync()
      },
      receiveBytes: (onEvent) => bus.subscribe(TOPIC, { ...WAITING, onEvent: ({ bytes }) => onEvent(bytes) }).ready,
      receiveObjects: (onEvent) =>
        bus.subscribe<Reading>(TOPIC, { ...WAITING, onEvent: ({ value }) => onEvent(value) }).ready,
      close: () => bus.close(),
    }
  },
}
