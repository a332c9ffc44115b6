import { Code, codeName } from '../protocol/codes.js'
import { networkOf } from './addresses.js'

/** Refused connections that are told why: so many at a time, and as many in a second. All others are closed without a word. */
export const TOLD_MAX = 64
/** As many connections as in this time may come in one moment. */
const BURST_S = 2

/** Looked up each time: they may change. */
export interface AdmissionLimits {
  connectionsMax: number
  /** Of one address, or of one /64 network of IPv6; 0: as many as there may be in all. */
  connectionsPerAddress: number
  /** 0: any number. */
  connectsPerSecond: number
}

/** Why a connection is refused. */
export type Refused = typeof Code.TOO_MANY_CONNECTIONS | typeof Code.TOO_MANY_OF_ADDRESS | typeof Code.TOO_MANY_CONNECTS

/** Is told of each refusal. */
export interface RefusalMeters {
  noteRefused(name: string): void
}

/** Which connections are let in: one for all listeners. */
export class Admission {
  /** Open connections, on all listeners: also those that are only told why they are refused. */
  connections = 0
  private readonly byNetwork = new Map<string, number>()
  private readonly connects = new Bucket()
  private readonly refusals = new Bucket()

  /** @param now monotonic milliseconds */
  constructor(
    readonly limits: AdmissionLimits,
    private readonly meters: RefusalMeters,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether there are more connections than there may be. */
  get isFull(): boolean {
    return this.connections > this.limits.connectionsMax
  }

  /**
   * A connection has been accepted. It counts until `left`, whatever this answers.
   * @returns 0, or the code that it is refused with
   */
  arrived(): Refused | 0 {
    this.connections++
    if (this.isFull) return this.refused(Code.TOO_MANY_CONNECTIONS)
    const { connectsPerSecond } = this.limits
    if (connectsPerSecond === 0) return 0
    const isTaken = this.connects.take(this.now(), connectsPerSecond, connectsPerSecond * BURST_S)
    return isTaken ? 0 : this.refused(Code.TOO_MANY_CONNECTS)
  }

  left(): void {
    this.connections--
  }

  /** Whether a refused connection may stay until it has been told why. */
  mayTell(): boolean {
    return (
      this.connections <= this.limits.connectionsMax + TOLD_MAX && this.refusals.take(this.now(), TOLD_MAX, TOLD_MAX)
    )
  }

  /** Counts a refusal. */
  refused(code: Refused): Refused {
    this.meters.noteRefused(codeName(code))
    return code
  }

  /**
   * Whether there may be one more of an address.
   * @param uncounted connections of it that have not been counted by enter
   */
  hasRoomFor(address: string, uncounted = 0): boolean {
    const { connectionsPerAddress } = this.limits
    return connectionsPerAddress === 0 || this.countOf(address) + uncounted < connectionsPerAddress
  }

  /**
   * Counts one more of an address.
   * @returns the network that it was counted for, to be given to leave; null: there are as many as there may be, which is counted as a refusal
   */
  enter(address: string): string | null {
    if (!this.hasRoomFor(address)) {
      this.refused(Code.TOO_MANY_OF_ADDRESS)
      return null
    }
    const network = networkOf(address)
    this.byNetwork.set(network, (this.byNetwork.get(network) ?? 0) + 1)
    return network
  }

  leave(network: string): void {
    const count = this.byNetwork.get(network) as number
    if (count > 1) this.byNetwork.set(network, count - 1)
    else this.byNetwork.delete(network)
  }

  /** Connections counted for an address. */
  countOf(address: string): number {
    return this.byNetwork.get(networkOf(address)) ?? 0
  }

  /** Addresses that are counted: never more than connections. */
  get networks(): number {
    return this.byNetwork.size
  }
}

/** So many at once, and so many a second afterwards. It begins full. */
class Bucket {
  private tokens = 0
  private filledAt = Number.NEGATIVE_INFINITY

  take(now: number, perSecond: number, most: number): boolean {
    this.tokens = Math.min(most, this.tokens + ((now - this.filledAt) / 1000) * perSecond)
    this.filledAt = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }
}
