import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpHandler, IngressMeters } from '../ingress.js'
import { Http1Exchange } from './http1-exchange.js'
import type { NodeIngressOptions } from './options.js'
import type { Rounds, Watched } from './rounds.js'

export interface Http1Host {
  readonly api: HttpHandler
  readonly options: NodeIngressOptions
  readonly meters: IngressMeters
  readonly rounds: Rounds
}

/** One HTTP/1.1 connection. node:http has time limits for heads and for idle connections; what follows an answer is ours to bound. */
export class Http1Connection implements Watched {
  private readonly exchanges = new Set<Http1Exchange>()

  constructor(
    private readonly socket: Socket,
    private readonly host: Http1Host,
  ) {
    socket.once('close', () => host.rounds.remove(this))
    host.rounds.add(this)
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Http1Exchange(request, response, () => this.exchanges.delete(exchange))
    this.exchanges.add(exchange)
    this.host.api.handle(exchange)
    exchange.handled()
  }

  /** The socket is a WebSocket from now on. */
  upgraded(): void {
    this.host.rounds.remove(this)
  }

  /** An answer that is not taken, or a body that goes on after it, has had its time. */
  visit(now: number): void {
    for (const exchange of this.exchanges) {
      if (!exchange.isOver) continue
      if (exchange.overSince === 0) exchange.overSince = now
      else if (now - exchange.overSince >= this.host.options.httpIdleTimeoutMs) {
        this.host.meters.noteHostile('stalled')
        this.socket.destroy()
        return
      }
    }
  }
}
