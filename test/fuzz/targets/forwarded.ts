import { isIP } from 'node:net'
import { networkOf, plainAddress, TrustedProxies } from '../../../src/ingress/addresses.js'
import { must } from '../target.js'

/** X-Forwarded-For, and the address of the connection before it: the input is the latter and then the former, a line each. */

const TRUSTED = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1']
const proxies = new TrustedProxies(TRUSTED)

export const words = [
  ...[
    '10.0.0.1\n',
    '192.0.2.1',
    '203.0.113.9',
    ', ',
    ',',
    '2001:db8::1',
    '[2001:db8::1]:443',
    '203.0.113.9:80',
    '::ffff:10.0.0.1',
  ],
  ...['::1\n', 'fe80::1%eth0', 'unknown', '0.0.0.0', '255.255.255.255', '::', '1:2:3:4:5:6:7:8', '01.2.3.4', '_hidden'],
]

const lines = (input: Buffer): [string, string] => {
  const text = input.toString('latin1')
  const newline = text.indexOf('\n')
  return newline < 0 ? ['10.0.0.1', text] : [text.slice(0, newline), text.slice(newline + 1)]
}

export function handle(input: Buffer): unknown {
  const [peer, header] = lines(input)
  return proxies.clientOf(peer, header)
}

export function fuzz(input: Buffer): void {
  const [peer, header] = lines(input)
  const client = proxies.clientOf(peer, header)
  must(client === byTheBook(peer, header), 'the rightmost that is not trusted', client, byTheBook(peer, header))
  must(client === peer || isIP(client) !== 0, 'an address', client)
  // Nobody who is not trusted changes who they are by what they write before.
  must(
    proxies.clientOf(peer, `203.0.113.77, ${header}`) === client || allTrusted(header),
    'what stands further left does not count',
    header,
  )
  const network = networkOf(client)
  if (client !== peer) must(networkOf(network.replace('/64', '')) === network, 'a network of itself', client, network)
}

function hopsOf(header: string): string[] {
  return header === '' ? [] : header.split(',').map((hop) => plainHop(hop.trim()))
}

function plainHop(hop: string): string {
  if (hop.includes('%')) return ''
  if (isIP(hop) !== 0) return plainAddress(hop)
  const bracketed = /^\[(.*)\](:\d{1,5})?$/.exec(hop)
  if (bracketed !== null) return isIP(bracketed[1]) === 0 ? '' : plainAddress(bracketed[1])
  const [address, port, more] = hop.split(':')
  return more === undefined && /^\d{1,5}$/.test(port ?? '') && isIP(address) === 4 ? address : ''
}

function allTrusted(header: string): boolean {
  return hopsOf(header).every((hop) => hop !== '' && proxies.trusts(hop))
}

function byTheBook(peer: string, header: string): string {
  if (!proxies.trusts(peer)) return peer
  let client = peer
  for (const hop of hopsOf(header).reverse()) {
    if (hop === '') return client
    client = hop
    if (!proxies.trusts(hop)) break
  }
  return client
}
