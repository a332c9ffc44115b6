import { Router } from '../../src/core/router.js'
import { NO_PROXIES } from '../../src/ingress/addresses.js'
import type { HttpExchange } from '../../src/ingress/http/exchange.js'
import { IngressMeters } from '../../src/ingress/ingress.js'
import { NodeIngress } from '../../src/ingress/node/node-ingress.js'
import type { NodeIngressOptions } from '../../src/ingress/node/options.js'
import type { Tls } from '../../src/ingress/tls/tls.js'
import { admissionOf, type PortOverrides } from './admission.js'
import { coreOptions } from './core-options.js'

/** A test overrides what it is about. */
export type NodeOverrides = Omit<Partial<NodeIngressOptions>, 'admission'> & Pick<PortOverrides, 'admission'>

/** Options of a listener on Node's streams with its usual limits; a test overrides what it is about. */
export function nodeOptions(
  { admission, ...overrides }: NodeOverrides = {},
  meters = new IngressMeters(),
): NodeIngressOptions {
  return {
    listener: 'http2',
    admission: admissionOf(meters, admission),
    proxies: NO_PROXIES,
    proxyProtocol: false,
    idleTimeoutMs: 30_000,
    messageTimeMs: 30_000,
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

/** A listener with this handler, on a port of its own, closed at the end of the test. */
export async function nodeIngress(
  t: { teardown(run: () => unknown): void },
  handle: (exchange: HttpExchange) => void,
  { tls = null, ...overrides }: NodeOverrides & { tls?: Tls | null } = {},
  wanted = 0,
): Promise<{ ingress: NodeIngress; meters: IngressMeters; router: Router; port: number }> {
  const router = new Router(coreOptions(), { now: () => performance.now(), schedule: setImmediate })
  const meters = new IngressMeters()
  const ingress = new NodeIngress(router, { handle }, nodeOptions(overrides, meters), meters, tls)
  const port = await ingress.listen('127.0.0.1', wanted)
  t.teardown(async () => {
    ingress.stopListening()
    await ingress.close()
  })
  return { ingress, meters, router, port }
}
