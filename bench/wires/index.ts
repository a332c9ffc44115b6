import { natsTcpWire, natsWebSocketWire } from './nats.js'
import { redisWire } from './redis.js'
import { sluiceWire } from './sluice.js'
import type { Wire, WireName } from './wire.js'

const WIRES: { readonly [name in WireName]: Wire } = {
  sluice: sluiceWire,
  nats: natsTcpWire,
  'nats-websocket': natsWebSocketWire,
  redis: redisWire,
}

export function wireNamed(name: WireName): Wire {
  return WIRES[name]
}
