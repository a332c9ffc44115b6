/** As much of autocannon (8.0) as the benchmark uses. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  export interface Client extends EventEmitter {
    /** Sends the next request; autocannon calls it once for each answer. */
    _doRequest(): void
  }

  export interface Options {
    url: string
    connections: number
    pipelining: number
    /** Seconds. */
    duration: number
    method: string
    headers: { [name: string]: string }
    body: string
    /** Called with each client before it connects. */
    setupClient(client: Client): void
  }

  export interface Instance extends EventEmitter, PromiseLike<unknown> {
    stop(): void
  }

  export default function autocannon(options: Options): Instance
}
