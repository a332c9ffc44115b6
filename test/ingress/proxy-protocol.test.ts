import t from 'tap'
import { PROXY_HEADER_BYTES_MAX, readProxyHeader } from '../../src/ingress/proxy-protocol.js'
import { PROXY_SIGNATURE, proxyHeader, proxyHeaderFor } from '../helpers/proxy-header.js'

t.test('a header tells the client and where it ends', async (t) => {
  const v4 = proxyHeaderFor('198.51.100.1', 4711)
  t.same(readProxyHeader(v4), { length: 28, client: { address: '198.51.100.1', port: 4711 } })
  t.same(readProxyHeader(Buffer.concat([v4, Buffer.from('GET /')])), {
    length: 28,
    client: { address: '198.51.100.1', port: 4711 },
  })
  t.same(readProxyHeader(proxyHeaderFor('2001:0db8:0:0:0:0:0:1', 80)), {
    length: 52,
    client: { address: '2001:db8::1', port: 80 },
  })
  t.same(readProxyHeader(proxyHeaderFor('198.51.100.1', 1, Buffer.from([0xee, 0, 1, 7]))), {
    length: 32,
    client: { address: '198.51.100.1', port: 1 },
  })
})

t.test('a proxy that speaks for itself says nothing of a client', async (t) => {
  t.same(readProxyHeader(proxyHeader({ command: 0x20, body: new Uint8Array(0) })), { length: 16, client: null })
  t.same(readProxyHeader(proxyHeader({ command: 0x20 })), { length: 28, client: null }, 'LOCAL with an address')
  t.same(readProxyHeader(proxyHeader({ family: 0, body: new Uint8Array(3) })), { length: 19, client: null }, 'UNSPEC')
})

t.test('a header may come in pieces of any size', async (t) => {
  const header = proxyHeaderFor('198.51.100.1', 4711, Buffer.alloc(300))
  for (let end = 0; end < header.length; end++) t.equal(readProxyHeader(header.subarray(0, end)), 'more')
  t.match(readProxyHeader(header), { length: header.length })
})

t.test('what is no header of version 2 over TCP is refused as soon as it shows', async (t) => {
  const wrong: [name: string, bytes: Buffer][] = [
    ['HTTP', Buffer.from('G')],
    ['version 1', Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n')],
    ['another signature', Buffer.from('\r\n\r\n\0\r\nQUIT\r')],
    ['version 1 in binary', proxyHeader({ command: 0x11 })],
    ['version 3', proxyHeader({ command: 0x31 })],
    ['an unknown command', proxyHeader({ command: 0x22 })],
    ['UDP', proxyHeader({ family: 0x12 })],
    ['a socket of the file system', proxyHeader({ family: 0x31, body: new Uint8Array(216) })],
    ['an unknown family', proxyHeader({ family: 0x41 })],
    ['too short for IPv4', proxyHeader({ body: new Uint8Array(11) })],
    ['too short for IPv6', proxyHeader({ family: 0x21, body: new Uint8Array(35) })],
    ['more than is waited for', proxyHeader({ length: PROXY_HEADER_BYTES_MAX - 15 })],
    ['64 KiB', proxyHeader({ length: 65_535 })],
  ]
  for (const [name, bytes] of wrong) t.equal(readProxyHeader(bytes), 'malformed', name)
  t.equal(readProxyHeader(Buffer.alloc(0)), 'more')
  t.equal(readProxyHeader(PROXY_SIGNATURE), 'more')
  const largest = Buffer.alloc(PROXY_HEADER_BYTES_MAX - 16)
  t.match(readProxyHeader(proxyHeader({ body: largest })), { length: PROXY_HEADER_BYTES_MAX })
})
