import { isIPv6 } from 'node:net'

export const PROXY_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

interface Parts {
  /** Version and command; 0x21 is PROXY. */
  command?: number
  family?: number
  body?: Uint8Array
  /** What the header says of its length, when that is not the truth. */
  length?: number
}

/** A header of the PROXY protocol, version 2, of these parts. */
export function proxyHeader({ command = 0x21, family = 0x11, body = new Uint8Array(12), length }: Parts = {}): Buffer {
  const head = Buffer.alloc(4)
  head[0] = command
  head[1] = family
  head.writeUInt16BE(length ?? body.length, 2)
  return Buffer.concat([PROXY_SIGNATURE, head, body])
}

/** What a proxy sends that stands for this client. @param extensions type-length-values */
export function proxyHeaderFor(address: string, port: number, extensions: Uint8Array = new Uint8Array(0)): Buffer {
  const isV6 = isIPv6(address)
  const bytes = isV6 ? 16 : 4
  const body = Buffer.alloc(2 * bytes + 4)
  body.set(isV6 ? groupsOf(address) : address.split('.').map(Number))
  body.writeUInt16BE(port, 2 * bytes)
  return proxyHeader({ family: isV6 ? 0x21 : 0x11, body: Buffer.concat([body, extensions]) })
}

/** Of an IPv6 address that is written in full. */
function groupsOf(address: string): number[] {
  return address.split(':').flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}
