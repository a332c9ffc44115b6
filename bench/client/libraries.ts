import type { WireName } from '../wires/wire.js'
import type { Library } from './library.js'

/** Each server's usual client for Node, by what it speaks. Loaded when it is its turn: a process measures one of them. */
const LIBRARIES: { readonly [name in WireName]?: () => Promise<Library> } = {
  sluice: async () => (await import('./sluice-library.js')).sluiceLibrary,
  nats: async () => (await import('./nats-library.js')).natsLibrary,
  mqtt: async () => (await import('./mqtt-library.js')).mqttLibrary,
  socketio: async () => (await import('./socketio-library.js')).socketIoLibrary,
}

export function libraryFor(wire: WireName): Promise<Library> {
  const load = LIBRARIES[wire]
  if (load === undefined) throw new Error(`the benchmark has no client library for ${wire}`)
  return load()
}
