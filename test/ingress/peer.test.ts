import t from 'tap'
import { RemotePeer } from '../../src/ingress/peer.js'

t.test('an address is told with its port where that is known', async (t) => {
  const address = (host: string, port: number): string => new RemotePeer('listen', 'websocket', host, port).address
  t.equal(address('10.1.2.3', 0), '10.1.2.3')
  t.equal(address('10.1.2.3', 4711), '10.1.2.3:4711')
  t.equal(address('0000:0000:0000:0000:0000:0000:0000:0001', 0), '::1')
  t.equal(address('2001:0db8::0001', 80), '[2001:db8::1]:80')
  t.equal(address('0000:0000:0000:0000:0000:ffff:7f00:0001', 0), '127.0.0.1', 'IPv4 that came in by a port for both')
  t.equal(address('::ffff:192.0.2.1', 9), '192.0.2.1:9')
  t.equal(address('fe80::1%eth0', 9), '[fe80::1%eth0]:9', 'with a zone, as it is')
  t.equal(address('', 0), '', 'a peer that had gone before it could be asked')
})
