import type { Bus } from './bus.js'
import { connectWith } from './connect.js'
import { openNodeSocket } from './node-socket.js'
import type { ConnectOptions } from './options.js'
import { commonRuntime, type Runtime } from './runtime.js'

export * from './exports.js'

const nodeRuntime: Runtime = { ...commonRuntime, openSocket: openNodeSocket }

/**
 * Connects to a daemon, in Node.
 *
 *     const bus = await connect('ws://127.0.0.1:7400')
 *     for await (const event of bus.subscribe('orders.*.created')) console.log(event.topic, event.value)
 *
 * @param url of the daemon, or of several that serve the same: another one is tried at each attempt
 * @returns the bus once the daemon has said WELCOME. Later breaks are mended by the bus itself.
 * @throws ConnectError, with code, reason and mayRetry, when no URL answers; TypeError or RangeError for options that make no sense
 */
export function connect(url: string | readonly string[], options: ConnectOptions = {}): Promise<Bus> {
  return connectWith(nodeRuntime, url, options)
}
