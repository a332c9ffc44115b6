import { Router } from '../../src/core/router.js'
import { NO_PROXIES } from '../../src/ingress/addresses.js'
import type { HttpExchange } from '../../src/ingress/http/exchange.js'
import { IngressMeters, type IngressOptions } from '../../src/ingress/ingress.js'
import { type CertificateSource, loadUws, UwsIngress } from '../../src/ingress/uws/uws-ingress.js'
import { admissionOf, type PortOverrides } from './admission.js'
import { coreOptions } from './core-options.js'

/** For the `skip` of a test: why there is no uWebSockets.js here, or false. */
export const uwsMissing: string | false = await loadUws().then((uws) => (typeof uws === 'string' ? uws : false))

export interface UwsPort {
  readonly ingress: UwsIngress
  readonly meters: IngressMeters
  readonly router: Router
  readonly port: number
  /** What the operator was told. */
  readonly warned: string[]
}

interface UwsOptions extends PortOverrides {
  tls?: CertificateSource | null
  port?: number
}

/** A listener on uWebSockets.js with this handler, closed at the end of the test. */
export async function uwsIngress(
  t: { teardown(run: () => unknown): void },
  handle: (exchange: HttpExchange) => void,
  { tls = null, port = 0, admission, ...overrides }: UwsOptions = {},
): Promise<UwsPort> {
  const uws = await loadUws()
  if (typeof uws === 'string') throw new Error(uws)
  const router = new Router(coreOptions(), { now: () => performance.now(), schedule: setImmediate })
  const meters = new IngressMeters()
  const warned: string[] = []
  const options: IngressOptions = {
    listener: 'listen',
    admission: admissionOf(meters, admission),
    proxies: NO_PROXIES,
    idleTimeoutMs: 30_000,
    headerTimeoutMs: 5000,
    messageTimeMs: 30_000,
    messageBytesMax: 64 << 10,
    socketBuffers: { receive: 128 << 10, send: 256 << 10 },
    warn: (sentence) => warned.push(sentence),
    ...overrides,
  }
  const ingress = new UwsIngress(uws, router, { handle }, options, meters, tls)
  const bound = await ingress.listen('127.0.0.1', port)
  t.teardown(async () => {
    ingress.stopListening()
    await ingress.close()
  })
  return { ingress, meters, router, port: bound, warned }
}
