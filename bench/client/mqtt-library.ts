import mqtt from 'mqtt'
import { TOPIC } from './events.js'
import { type Library, nothingToAwait } from './library.js'

/** MQTT's topics have slashes where ours have dots. */
const MQTT_TOPIC = TOPIC.replaceAll('.', '/')

/** At QoS 0, its default, publishing is not confirmed, and has no back-pressure. */
export const mqttLibrary: Library = {
  package: 'mqtt',
  windowEvents: 8 * 1024,
  async connect(port) {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`)
    return {
      publishBytes(payload) {
        client.publish(MQTT_TOPIC, payload)
        return true
      },
      publishObject(reading) {
        client.publish(MQTT_TOPIC, JSON.stringify(reading))
        return true
      },
      ready: nothingToAwait,
      flush: nothingToAwait,
      async receiveBytes(onEvent) {
        client.on('message', (_topic, payload) => onEvent(payload))
        await client.subscribeAsync(MQTT_TOPIC)
      },
      async receiveObjects(onEvent) {
        client.on('message', (_topic, payload) => onEvent(JSON.parse(payload.toString())))
        await client.subscribeAsync(MQTT_TOPIC)
      },
      close: () => client.endAsync(),
    }
  },
}
