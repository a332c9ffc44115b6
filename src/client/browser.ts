import type { Bus } from './bus.js'
import { connectWith } from './connect.js'
import type { ConnectOptions } from './options.js'
import { commonRuntime, type Runtime } from './runtime.js'
import { openWebSocket } from './web-socket.js'

export * from './exports.js'

const webRuntime: Runtime = { ...commonRuntime, openSocket: openWebSocket }

/**
 * Connects to a daemon, where WebSocket is a global: browsers, workers, Node 22, Deno. The same as the Node entry otherwise.
 *
 * @param url of the daemon, or of several that serve the same: another one is tried at each attempt
 * @returns the bus once the daemon has said WELCOME. Later breaks are mended by the bus itself.
 * @throws ConnectError, with code, reason and mayRetry, when no URL answers; TypeError or RangeError for options that make no sense
 */
export function connect(url: string | readonly string[], options: ConnectOptions = {}): Promise<Bus> {
  return connectWith(() => webRuntime, url, options)
}
