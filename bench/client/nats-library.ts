import { connect } from '@nats-io/transport-node'
import { type Reading, TOPIC } from './events.js'
import { type Library, nothingToAwait } from './library.js'

/** Publishing has no back-pressure; a callback is its fastest way to receive. */
export const natsLibrary: Library = {
  package: '@nats-io/transport-node',
  windowEvents: 128 * 1024,
  async connect(port) {
    const connection = await connect({ port })
    return {
      publishBytes(payload) {
        connection.publish(TOPIC, payload)
        return true
      },
      publishObject(reading) {
        connection.publish(TOPIC, JSON.stringify(reading))
        return true
      },
      ready: nothingToAwait,
      flush: () => connection.flush(),
      async receiveBytes(onEvent) {
        connection.subscribe(TOPIC, { callback: (_error, { data }) => onEvent(data) })
        await connection.flush()
      },
      async receiveObjects(onEvent) {
        connection.subscribe(TOPIC, { callback: (_error, message) => onEvent(message.json<Reading>()) })
        await connection.flush()
      },
      close: () => connection.close(),
    }
  },
}
