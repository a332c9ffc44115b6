import type { Bus } from './bus.js'
import { connectWith } from './connect.js'
import type { TlsOptions } from './node-dial.js'
import { nodeRuntime } from './node-runtime.js'
import type { ConnectOptions as CommonOptions } from './options.js'

export * from './exports.js'
export type { TlsOptions } from './node-dial.js'

export interface ConnectOptions extends CommonOptions {
  /** Node only: what `wss://` and `https://` trust. Browsers have their own way. */
  tls?: TlsOptions
}

/**
 * Connects to a daemon, in Node.
 *
 *     const bus = await connect('ws://127.0.0.1:7400')
 *     for await (const event of bus.subscribe('orders.*.created')) console.log(event.topic, event.value)
 *
 * @param url of the daemon, or of several that serve the same: another one is tried at each attempt. `ws://` and `wss://`: WebSocket; `http://` and
 *   `https://`: one HTTP/2 request
 * @returns the bus once the daemon has said WELCOME. Later breaks are mended by the bus itself.
 * @throws ConnectError, with code, reason and mayRetry, when no URL answers; TypeError or RangeError for options that make no sense
 */
export function connect(url: string | readonly string[], options: ConnectOptions = {}): Promise<Bus> {
  const { tls, ...common } = options
  return connectWith((urls) => nodeRuntime(urls, tls), url, common)
}
