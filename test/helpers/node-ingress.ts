import type { NodeIngressOptions } from '../../src/ingress/node/options.js'

/** Options of a listener on Node's streams with its usual limits; a test overrides what it is about. */
export function nodeOptions(overrides: Partial<NodeIngressOptions> = {}): NodeIngressOptions {
  return {
    connectionsMax: 1000,
    idleTimeoutMs: 30_000,
    messageBytesMax: 64 << 10,
    socketBuffers: { receive: 128 << 10, send: 256 << 10 },
    warn() {},
    streamsMax: 64,
    headerBytesMax: 8 << 10,
    headerTimeoutMs: 5000,
    httpIdleTimeoutMs: 60_000,
    resetsMax: 100,
    controlFramesMax: 200,
    ...overrides,
  }
}
