import type { HttpResponse } from 'uWebSockets.js'
import { networkOf } from '../addresses.js'
import type { Admission } from '../admission.js'

/**
 * Connections that have sent no request yet, by address, while there is a limit of those: uWebSockets.js tells that a connection has gone, but of which
 * one only while its request is under way, or as long as it has sent none.
 */
export class Arrivals {
  private readonly silent = new Map<string, number>()

  constructor(private readonly admission: Admission) {}

  /** A connection has come. */
  came(connection: HttpResponse, address: string): void {
    const network = networkOf(address)
    this.silent.set(network, (this.silent.get(network) ?? 0) + 1)
    // A request puts its own in the place of this one.
    connection.onAborted(() => this.forget(network))
  }

  /** A connection has sent its first request. */
  spoke(address: string): void {
    if (this.silent.size > 0) this.forget(networkOf(address))
  }

  private forget(network: string): void {
    const count = this.silent.get(network) ?? 0
    if (count > 1) this.silent.set(network, count - 1)
    else this.silent.delete(network)
  }

  hasRoomFor(address: string): boolean {
    return this.admission.hasRoomFor(address, this.silent.get(networkOf(address)))
  }
}
