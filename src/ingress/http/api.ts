import type { Router } from '../../core/router.js'
import { Code } from '../../protocol/codes.js'
import type { HttpHandler } from '../ingress.js'
import type { HttpExchange } from './exchange.js'
import type { HttpMeters, HttpOptions } from './options.js'
import { Problem, respondProblem } from './problem.js'

/** The HTTP API: every request of every transport comes here. */
export class HttpApi implements HttpHandler {
  private closed = false

  constructor(
    readonly router: Router,
    readonly options: HttpOptions,
    private readonly meters: HttpMeters,
    readonly software: string,
  ) {}

  handle(exchange: HttpExchange): void {
    const code = this.closed ? Code.SHUTTING_DOWN : Code.NOT_FOUND
    respondProblem(exchange, this.meters, new Problem(code))
  }

  /** To be called about once a second: deadlines of bodies, heartbeats of streams. */
  tick(_now: number): void {}

  /** The daemon stops: what is still open is answered or ended, and nothing more is taken. */
  close(): void {
    this.closed = true
  }
}
