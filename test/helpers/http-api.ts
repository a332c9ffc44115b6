import type { CoreOptions } from '../../src/core/options.js'
import { Door } from '../../src/ingress/door.js'
import { OPEN_GATE } from '../../src/ingress/gatekeeper.js'
import { HttpApi } from '../../src/ingress/http/api.js'
import type { Headers } from '../../src/ingress/http/exchange.js'
import { HttpMeters, type HttpOptions } from '../../src/ingress/http/options.js'
import { Origins } from '../../src/ingress/origins.js'
import { CoreHarness, type Peer } from './core-harness.js'
import { type ExchangeRequest, TestExchange } from './http-exchange.js'

export const HTTP_OPTIONS: HttpOptions = {
  bodyBytesMax: 256 << 10,
  bodyTimeoutMs: 30_000,
  heartbeatMs: 15_000,
  resumeTimeMs: 30_000,
  resumeBytes: 64 << 10,
}

/** For everybody, and no page. */
const CLOSED_TO_PAGES = new Door(OPEN_GATE, new Origins([]))

/** The API over a small core, with a peer that is subscribed to everything. */
export class ApiHarness {
  readonly core: CoreHarness
  readonly meters = new HttpMeters()
  readonly api: HttpApi
  readonly peer: Peer

  constructor(options: Partial<HttpOptions> = {}, core: Partial<CoreOptions> = {}, door: Door = CLOSED_TO_PAGES) {
    this.core = new CoreHarness(core)
    this.api = new HttpApi(this.core.router, { ...HTTP_OPTIONS, ...options }, this.meters, 'sluice/test', door)
    this.peer = this.core.peer()
    this.peer.subscribe('>')
  }

  /** Hands a request over, without its body. */
  open(request: ExchangeRequest): TestExchange {
    const exchange = new TestExchange(request)
    this.api.handle(exchange)
    return exchange.handled()
  }

  /** A request with a whole body. */
  post(target: string, headers: Headers, body: string | Uint8Array): TestExchange {
    return this.open({ method: 'POST', target, headers }).end(body)
  }

  /** All that the peer has been sent since the last take, after a turn. */
  received(): ReturnType<Peer['link']['take']> {
    this.core.turns()
    return this.peer.link.take()
  }
}
