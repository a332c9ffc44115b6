import { BlockList, isIP } from 'node:net'

/** IPv4 in IPv6 (RFC 4291, 2.5.5.2), as the URL standard writes it. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/
/** An entry of X-Forwarded-For with a port, as some proxies write it: 192.0.2.1:80 or [2001:db8::1]:80. */
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|(\d[\d.]*):\d{1,5})$/
/** Groups of an IPv6 address that tell one network of a site from another (RFC 6177). */
const NETWORK_GROUPS = 4
const GROUPS = 8

/** An IPv6 address in its short form (RFC 5952); of one that stands for an IPv4 address, that one. Anything else as it is. */
export function plainAddress(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = MAPPED.exec(short)
  if (mapped === null) return short
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, of which anybody has all addresses. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain
  const [head, tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length < GROUPS - after.length) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`
}

/** Addresses and networks of proxies that are believed when they say whom they stand for. */
export class TrustedProxies {
  private readonly list = new BlockList()
  readonly isEmpty: boolean

  /**
   * @param entries addresses, and networks such as "10.0.0.0/8"
   * @throws Error with a sentence that names the entry that is neither
   */
  constructor(entries: readonly string[]) {
    this.isEmpty = entries.length === 0
    for (const entry of entries) this.add(entry)
  }

  private add(entry: string): void {
    const [address, bits, more] = entry.split('/')
    const version = isIP(address)
    const bitsMax = version === 4 ? 32 : 128
    const prefix = bits === undefined ? bitsMax : Number(bits)
    if (version === 0 || more !== undefined || bits === '' || prefix > bitsMax) {
      throw new Error(`"${entry}" is neither an address nor a network`)
    }
    this.list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
  }

  trusts(address: string): boolean {
    if (this.isEmpty) return false
    const plain = plainAddress(address)
    const version = isIP(plain)
    return version !== 0 && this.list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }

  /**
   * The client behind a connection: the rightmost address that no trusted proxy has. What stands to the left of it anybody can have written.
   * @param peer address of the connection
   * @param forwardedFor all values of X-Forwarded-For, in their order, joined by commas; '' for none
   */
  clientOf(peer: string, forwardedFor: string): string {
    if (forwardedFor === '' || !this.trusts(peer)) return peer
    let client = peer
    const hops = forwardedFor.split(',')
    for (let i = hops.length - 1; i >= 0; i--) {
      const address = addressIn(hops[i].trim())
      // Whoever wrote this was trusted to write an address: who it was is the last thing that is known.
      if (address === '') return client
      client = address
      if (!this.trusts(address)) return client
    }
    return client
  }
}

function addressIn(hop: string): string {
  const withPort = WITH_PORT.exec(hop)
  const address = withPort === null ? hop : (withPort[1] ?? withPort[2])
  // A zone means something on the proxy's own links only.
  return isIP(address) === 0 || address.includes('%') ? '' : plainAddress(address)
}

export const NO_PROXIES = new TrustedProxies([])
