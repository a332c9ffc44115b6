import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from '../admission.js'
import { Problem } from '../http/problem.js'
import type { HttpHandler, IngressMeters } from '../ingress.js'
import type { Rounds, Watched } from '../rounds.js'
import { Http1Exchange, type PortState } from './http1-exchange.js'
import type { NodeIngressOptions } from './options.js'

export interface Http1Host extends PortState {
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
    readonly refused: Refused | 0,
  ) {
    socket.once('close', () => host.rounds.remove(this))
    host.rounds.add(this)
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    if (this.refused !== 0) {
      respondRefused(response, new Problem(this.refused))
      return
    }
    const exchange = new Http1Exchange(request, response, this.host, () => this.exchanges.delete(exchange))
    this.exchanges.add(exchange)
    this.host.api.handle(exchange)
    exchange.handled()
  }

  /** Whether an answer has begun, so that no other can be given. */
  get isAnswering(): boolean {
    for (const exchange of this.exchanges) if (exchange.hasBegun) return true
    return false
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

function respondRefused(response: ServerResponse, { status, headers, body }: Problem): void {
  response.shouldKeepAlive = false
  response.writeHead(status, headers).end(body)
}
