import t from 'tap'
import { NO_PROXIES, networkOf, plainAddress, TrustedProxies } from '../../src/ingress/addresses.js'

t.test('what counts as one client: an IPv4 address, or a /64 network of IPv6', async (t) => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['2001:0:0:1:2:3:4:5', '2001:0:0:1::/64'],
    ['', ''],
  ]) {
    t.equal(networkOf(address), network, address)
  }
  t.equal(networkOf('2001:db8::1'), networkOf('2001:db8:0:0:ffff::9'))
  t.not(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'))
})

t.test('an address in its short form', async (t) => {
  t.equal(plainAddress('2001:0DB8:0:0:0:0:0:1'), '2001:db8::1')
  t.equal(plainAddress('::ffff:127.0.0.1'), '127.0.0.1')
  t.equal(plainAddress('fe80::1%eth0'), 'fe80::1%eth0', 'with its zone as it is')
  t.equal(plainAddress('not an address'), 'not an address')
})

t.test('proxies are trusted by address and by network', async (t) => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const address of ['10.1.2.3', '::ffff:10.9.9.9', '192.0.2.7', '2001:db8:ffff::1', '::1']) {
    t.ok(proxies.trusts(address), address)
  }
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '', 'proxy']) {
    t.notOk(proxies.trusts(address), address)
  }
  t.notOk(NO_PROXIES.trusts('127.0.0.1'))
  for (const bad of ['10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.1/', '10.0.0.0/8/8', '1.2.3.4.5', ':', '/8']) {
    t.throws(() => new TrustedProxies([bad]), { message: `"${bad}" is neither an address nor a network` }, bad)
  }
})

t.test('the client is the rightmost address that no trusted proxy has', async (t) => {
  const proxies = new TrustedProxies(['10.0.0.0/8'])
  const cases: [peer: string, forwardedFor: string, client: string, why: string][] = [
    ['10.0.0.1', '', '10.0.0.1', 'nothing is said'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1', 'one hop'],
    ['10.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1', 'what the client wrote itself stands to the left'],
    ['10.0.0.1', '203.0.113.9,198.51.100.1 , 10.0.0.2', '198.51.100.1', 'two proxies'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'proxies only: the first of them'],
    ['10.0.0.1', '198.51.100.1:4711', '198.51.100.1', 'with a port'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1', 'IPv6 with a port'],
    ['10.0.0.1', '[2001:DB8::1]', '2001:db8::1', 'IPv6 in brackets'],
    ['10.0.0.1', '2001:db8::1', '2001:db8::1', 'IPv6'],
    ['10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1', 'IPv4 in IPv6'],
    ['10.0.0.1', '198.51.100.1, unknown', '10.0.0.1', 'what is no address ends the chain'],
    ['10.0.0.1', '198.51.100.1, , 10.0.0.2', '10.0.0.2', 'so does nothing'],
    ['10.0.0.1', '198.51.100.1:99999999', '10.0.0.1', 'no port'],
    ['192.0.2.1', '198.51.100.1', '192.0.2.1', 'nobody else is believed'],
    ['192.0.2.1', '10.0.0.1', '192.0.2.1', 'whatever they say'],
  ]
  for (const [peer, forwardedFor, client, why] of cases) t.equal(proxies.clientOf(peer, forwardedFor), client, why)
})
