import { plainAddress } from './addresses.js'

/** The PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt; sections are those of its revision of 2020/03/05). */

/** Section 2.2: no other protocol begins so. */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const HEAD_BYTES = 16
/** High half of the 13th byte: the version, which is 2; low half: the command. */
const VERSION_2 = 0x20
const COMMAND_LOCAL = 0x0
const COMMAND_PROXY = 0x1
/** The 14th byte: address family and transport. */
const UNSPECIFIED = 0x00
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
/** Source and destination address and port (section 2.2, proxy_addr). */
const IPV4_BYTES = 12
const IPV6_BYTES = 36

/**
 * Largest header, with all extensions (type-length-values, section 2.2.1), that is waited for. The protocol allows 64 KiB; a load balancer's take some hundred
 * bytes, with names and digests of certificates.
 */
export const PROXY_HEADER_BYTES_MAX = 4096

/** The client that a proxy stands for. */
export interface ProxiedClient {
  readonly address: string
  readonly port: number
}

export interface ProxyHeader {
  /** Bytes that it takes; what follows is the client's. */
  readonly length: number
  /** Null: the proxy speaks for itself, as in its health checks, or says nothing of the client. */
  readonly client: ProxiedClient | null
}

/**
 * Reads a header at the beginning of what a connection has brought.
 * @returns 'more' when it is not whole yet, 'malformed' when it cannot become one that is understood here
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'malformed' {
  const known = Math.min(bytes.length, SIGNATURE.length)
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) return 'malformed'
  if (bytes.length < HEAD_BYTES) return 'more'
  const command = bytes[12] - VERSION_2
  // Section 2.2: whatever else is there, a receiver must drop the connection.
  if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) return 'malformed'
  const length = HEAD_BYTES + bytes.readUInt16BE(14)
  if (length > PROXY_HEADER_BYTES_MAX) return 'malformed'
  const family = bytes[13]
  const isLocal = command === COMMAND_LOCAL || family === UNSPECIFIED
  const addressBytes = isLocal ? 0 : addressBytesOf(family)
  if (addressBytes < 0 || length < HEAD_BYTES + addressBytes) return 'malformed'
  if (bytes.length < length) return 'more'
  return { length, client: isLocal ? null : readClient(bytes, family) }
}

/** -1 for what is not carried by TCP. */
function addressBytesOf(family: number): number {
  if (family === TCP_OVER_IPV4) return IPV4_BYTES
  return family === TCP_OVER_IPV6 ? IPV6_BYTES : -1
}

function readClient(bytes: Buffer, family: number): ProxiedClient {
  if (family === TCP_OVER_IPV4) {
    return { address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) }
  }
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(16 + 2 * i).toString(16))
  return { address: plainAddress(groups.join(':')), port: bytes.readUInt16BE(48) }
}
