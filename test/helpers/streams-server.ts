import { createServer } from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import type { CoreOptions } from '../../src/core/options.js'
import { Router } from '../../src/core/router.js'
import { NO_PROXIES } from '../../src/ingress/addresses.js'
import type { Admission } from '../../src/ingress/admission.js'
import { IngressMeters, type IngressOptions } from '../../src/ingress/ingress.js'
import { WebSocketStreams } from '../../src/ingress/node/ws/websocket-streams.js'
import { admissionOf, type PortOverrides } from './admission.js'
import { coreOptions } from './core-options.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** WebSocket on Node's streams with a core of its own, behind whatever server a test has. */
export class StreamsUnderTest {
  readonly router: Router
  readonly meters = new IngressMeters()
  readonly streams: WebSocketStreams
  readonly admission: Admission

  constructor(t: Teardown, { admission, ...ingress }: PortOverrides = {}, core: Partial<CoreOptions> = {}) {
    const messageBytesMax = ingress.messageBytesMax ?? 128 << 10
    this.router = new Router(coreOptions({ messageBytesMax, slabBytes: 128 << 10, ...core }), {
      now: () => performance.now(),
      schedule: setImmediate,
    })
    this.admission = admissionOf(this.meters, admission)
    const options: IngressOptions = {
      listener: 'listen',
      admission: this.admission,
      proxies: NO_PROXIES,
      idleTimeoutMs: 30_000,
      headerTimeoutMs: 5000,
      messageTimeMs: 30_000,
      messageBytesMax,
      socketBuffers: { receive: 0, send: 0 },
      warn: () => {},
      ...ingress,
    }
    this.streams = new WebSocketStreams(this.router, options, this.meters)
    t.teardown(() => this.streams.close())
  }

  /** What is held of pools when nothing is under way; all zero. */
  get held(): Record<string, number> {
    const { runs, slabs, delivery, sessions } = this.router
    return {
      connections: this.streams.connections,
      sessions: sessions.size,
      runs: runs.held,
      slabs: slabs.heldRuns,
      budget: delivery.budget.used + this.router.unfinished.used,
    }
  }
}

export const NOTHING_LEFT = { connections: 0, sessions: 0, runs: 0, slabs: 0, budget: 0 }

/** Listens on a free port of loopback until the end of the test. */
export async function portOf(t: Teardown, server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** The same behind a plain HTTP/1.1 server. */
export async function streamsHere(
  t: Teardown,
  ingress: PortOverrides = {},
  core: Partial<CoreOptions> = {},
): Promise<StreamsUnderTest & { port: number }> {
  const under = new StreamsUnderTest(t, ingress, core)
  const server = createServer()
  server.on('upgrade', (request, socket, head) => {
    const refused = under.admission.arrived()
    socket.once('close', () => under.admission.left())
    under.streams.upgrade(request, socket, head, refused)
  })
  return Object.assign(under, { port: await portOf(t, server) })
}
