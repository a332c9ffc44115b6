import { isIP } from 'node:net'
import { PROXY_HEADER_BYTES_MAX, readProxyHeader } from '../../../src/ingress/proxy-protocol.js'
import { hashOf, must } from '../target.js'

/** The header of the PROXY protocol that a connection begins with, where a proxy stands before the daemon. */

const SIGNATURE = '0d0a0d0a000d0a515549540a'

/** An address of IPv4 in one of IPv6. */
const MAPPED = /^::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}$/

export const words = [
  SIGNATURE,
  `${SIGNATURE}2111000c7f0000017f00000104d21ce8`,
  `${SIGNATURE}2121002420010db8000000000000000000000001000000000000000000000000000000010000ffff`,
  `${SIGNATURE}20000000`,
  `${SIGNATURE}21000003010203`,
  `${SIGNATURE}2111ffff`,
  '00000000000000000000ffff7f000001',
  '2111',
  '2131',
].map((hex) => Buffer.from(hex, 'hex'))

export function handle(input: Buffer): unknown {
  return readProxyHeader(input)
}

export function fuzz(input: Buffer): void {
  const whole = readProxyHeader(input)
  const cut = hashOf(input) % (input.length + 1)
  const before = readProxyHeader(input.subarray(0, cut))
  must(before === 'more' || same(before, whole), 'more bytes change no verdict', before, whole, cut)
  if (whole === 'more') must(input.length < PROXY_HEADER_BYTES_MAX, 'no more than so many bytes are waited for')
  if (typeof whole === 'string') return
  const { length, client } = whole
  must(length >= 16 && length <= Math.min(input.length, PROXY_HEADER_BYTES_MAX), 'a length within the bytes', length)
  must(input.subarray(0, 12).toString('hex') === SIGNATURE, 'nothing else begins so')
  must(input[12] === 0x20 || input[12] === 0x21, 'version 2, and a command of it', input[12])
  must(length === 16 + input.readUInt16BE(14), 'as long as it says', length)
  if (client === null) return
  must(isIP(client.address) !== 0 && !MAPPED.test(client.address), 'an address in its plain form', client)
  must(client.port >= 0 && client.port <= 65_535, 'a port', client)
  if (input[13] === 0x11) must(client.address === [...input.subarray(16, 20)].join('.'), 'the source address', client)
}

function same(a: ReturnType<typeof readProxyHeader>, b: ReturnType<typeof readProxyHeader>): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
