import { isIPv6 } from 'node:net'
import { Rate } from '../core/rate.js'
import { Lru } from './lru.js'

/** Wrong passwords that an address may try at once, and then one each so many milliseconds. */
const FAILURES_AT_ONCE = 10
const FAILURE_EVERY_MS = 6_000
/** Addresses that are remembered; a few megabytes. */
const ADDRESSES_MAX = 16_384
const SECOND_MS = 1000
/** Of an IPv6 address this is whose; the rest is for its owner to choose (RFC 6177). */
const NETWORK_GROUPS = 4

/** How often an address may be wrong. Kept for passwords only: nobody guesses a token. */
export class Attempts {
  private readonly addresses = new Lru<string, Rate>(ADDRESSES_MAX)

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number) {}

  /** Counts an attempt, before it is known whether it is right: many at the same time are not one. @returns whether it may be made */
  begin(address: string): boolean {
    const whose = networkOf(address)
    let rate = this.addresses.get(whose)
    if (rate === undefined) {
      rate = new Rate({ eventsPerSecond: FAILURES_AT_ONCE, bytesPerSecond: 0 })
      this.addresses.set(whose, rate)
    }
    // A bucket of ten that is filled in a second, by a clock that goes slower.
    if (!rate.admits(this.now() / (FAILURE_EVERY_MS / (SECOND_MS / FAILURES_AT_ONCE)))) return false
    rate.take(1, 0)
    return true
  }

  /** The attempt was right, so it was none. */
  succeeded(address: string): void {
    this.addresses.get(networkOf(address))?.take(-1, 0)
  }
}

/** An IPv4 address as it is, of an IPv6 address its /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]
  const [head, tail = null] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === null || tail === '' ? [] : tail.split(':')
  const zeros = tail === null ? [] : Array<string>(8 - groups.length - after.length).fill('0')
  return [...groups, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')
}
