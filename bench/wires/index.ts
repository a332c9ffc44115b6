import { forwarderWire } from './forwarder.js'
import { messagesWire } from './messages.js'
import { mqttWire } from './mqtt.js'
import { natsTcpWire, natsWebSocketWire } from './nats.js'
import { redisWire } from './redis.js'
import { sluiceHttp2Wire, sluiceWire } from './sluice.js'
import { socketIoWire } from './socketio.js'
import type { Wire, WireName } from './wire.js'

const WIRES: { readonly [name in WireName]: Wire } = {
  sluice: sluiceWire,
  'sluice-http2': sluiceHttp2Wire,
  nats: natsTcpWire,
  'nats-websocket': natsWebSocketWire,
  redis: redisWire,
  mqtt: mqttWire,
  socketio: socketIoWire,
  messages: messagesWire,
  forwarder: forwarderWire,
}

export function wireNamed(name: WireName): Wire {
  return WIRES[name]
}
