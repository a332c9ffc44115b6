import type { HttpResponse } from 'uWebSockets.js'
import { networkOf } from '../addresses.js'
import type { Admission } from '../admission.js'
import type { IngressMeters } from '../ingress.js'

const SWEEP_INTERVAL_MS = 250
/** Connections that are closed in one turn of the loop: they may all have come in one moment. */
const CLOSED_AT_ONCE = 64

interface Newcomer {
  readonly connection: HttpResponse
  readonly network: string
  /** Monotonic milliseconds. */
  readonly since: number
}

/**
 * Connections that have sent no request yet. uWebSockets.js closes them by itself, but takes its time: 8 to 12 s.
 *
 * What it gives us of a connection when it has come must not be touched any more when it has gone, nor when it has become a WebSocket. That it has gone is told as
 * long as there was no request; whose a request is, is not, but for the address. So with a request all connections of its address are left to the engine: who
 * only opens connections and is silent is closed in time, who also sends requests from there is left its 12 s.
 */
export class Arrivals {
  /** In the order in which they came. */
  private readonly watched = new Set<Newcomer>()
  private readonly byNetwork = new Map<string, Set<Newcomer>>()
  /** While there is a limit by address: how many of each have not sent a request. */
  private readonly silent = new Map<string, number>()
  private sweeping: NodeJS.Timeout | null = null

  /** @param options looked up each time */
  constructor(
    private readonly options: { readonly admission: Admission; readonly headerTimeoutMs: number },
    private readonly meters: IngressMeters,
  ) {}

  /** A connection has come. @param isCounted whether it counts for its address */
  came(connection: HttpResponse, address: string, isCounted: boolean): void {
    const newcomer = { connection, network: networkOf(address), since: performance.now() }
    this.watch(newcomer)
    if (isCounted) this.silent.set(newcomer.network, (this.silent.get(newcomer.network) ?? 0) + 1)
    // A request puts its own in the place of this one.
    connection.onAborted(() => {
      this.unwatch(newcomer)
      if (isCounted) this.forget(newcomer.network)
    })
  }

  /** Nobody is waited for: a request need not be told. */
  get isIdle(): boolean {
    return this.watched.size === 0 && this.silent.size === 0
  }

  /** A connection has sent a request: to be called for each, before anything else is done with it. */
  spoke(address: string): void {
    // Whose it was cannot be told any more: it may be any of them.
    if (address === '') this.unwatchAll()
    else if (!this.isIdle) {
      const network = networkOf(address)
      for (const newcomer of this.byNetwork.get(network) ?? []) this.watched.delete(newcomer)
      this.byNetwork.delete(network)
      this.forget(network)
    }
  }

  hasRoomFor(address: string): boolean {
    return this.options.admission.hasRoomFor(address, this.silent.get(networkOf(address)))
  }

  /** Nothing is to be touched any more. */
  close(): void {
    this.unwatchAll()
    if (this.sweeping !== null) clearInterval(this.sweeping)
    this.sweeping = null
  }

  private watch(newcomer: Newcomer): void {
    this.watched.add(newcomer)
    const known = this.byNetwork.get(newcomer.network)
    if (known === undefined) this.byNetwork.set(newcomer.network, new Set([newcomer]))
    else known.add(newcomer)
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_MS)
  }

  private unwatch(newcomer: Newcomer): void {
    if (!this.watched.delete(newcomer)) return
    const known = this.byNetwork.get(newcomer.network)
    known?.delete(newcomer)
    if (known?.size === 0) this.byNetwork.delete(newcomer.network)
  }

  private unwatchAll(): void {
    this.watched.clear()
    this.byNetwork.clear()
  }

  private forget(network: string): void {
    const count = this.silent.get(network) ?? 0
    if (count > 1) this.silent.set(network, count - 1)
    else this.silent.delete(network)
  }

  private sweep(): void {
    const latest = performance.now() - this.options.headerTimeoutMs
    let closed = 0
    for (const newcomer of this.watched) {
      if (newcomer.since > latest) break
      if (closed++ === CLOSED_AT_ONCE) {
        setImmediate(() => this.sweep())
        return
      }
      this.unwatch(newcomer)
      this.meters.noteHostile('head_timeout')
      newcomer.connection.close()
    }
    if (this.watched.size > 0 || this.sweeping === null) return
    clearInterval(this.sweeping)
    this.sweeping = null
  }
}
