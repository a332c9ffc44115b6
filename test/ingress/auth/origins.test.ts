import t from 'tap'
import { Origins } from '../../../src/ingress/origins.js'

t.test('patterns of origins', async (t) => {
  const origins = new Origins([
    'https://shop.example.net',
    'https://*.example.org',
    'http://localhost:*',
    'http://[::1]:8080',
    'moz-extension://0a1b-2c3d',
    'http://10.0.0.1:81',
  ])
  const cases: [origin: string, isAllowed: boolean][] = [
    ['', true],
    ['https://shop.example.net', true],
    ['https://shop.example.net:443', true],
    ['https://SHOP.example.net', true],
    ['https://shop.example.net:8443', false],
    ['http://shop.example.net', false],
    ['https://shop.example.net.evil.org', false],
    ['https://evil-shop.example.net', false],
    ['https://a.example.org', true],
    ['https://a.b.example.org', true],
    ['https://example.org', false],
    ['https://.example.org', false],
    ['https://evilexample.org', false],
    ['https://a.example.org:444', false],
    ['http://localhost', true],
    ['http://localhost:5173', true],
    ['http://localhost:*', false],
    ['http://localhost:65536', false],
    ['https://*.example.org', false],
    ['https://localhost:5173', false],
    ['http://localhost.evil.org:5173', false],
    ['http://[::1]:8080', true],
    ['http://[::1]', false],
    ['moz-extension://0a1b-2c3d', true],
    ['moz-extension://0a1b-2c3e', false],
    ['http://10.0.0.1:81', true],
    ['http://10.0.0.1', false],
    ['null', false],
    ['file://', false],
    ['https://shop.example.net/', false],
    ['https://user@shop.example.net', false],
    ['https://shop.example.net https://evil.org', false],
    ['https://shop.example.net, https://evil.org', false],
  ]
  for (const round of [1, 2]) {
    for (const [origin, isAllowed] of cases)
      t.equal(origins.allows(origin, 'bus:7400'), isAllowed, `${round} ${origin}`)
  }
  for (let i = 0; i < 5000; i++) origins.allows(`https://${i}.evil.org`, 'bus')
  t.ok(origins.allows('https://shop.example.net', 'bus'))
  origins.replace(['*'])
  for (const [origin] of cases) t.ok(origins.allows(origin, 'bus'))
  origins.replace([])
  for (const [origin] of cases.slice(1)) t.notOk(origins.allows(origin, 'bus'))
})

t.test('a page from where the request goes to, but not by a name that anybody can point here', async (t) => {
  const origins = new Origins([])
  t.ok(origins.allows('https://bus.example.net', 'bus.example.net'))
  t.ok(origins.allows('https://bus.example.net', 'bus.example.net:443'))
  t.ok(origins.allows('https://bus.example.net:7443', 'BUS.example.net:7443'))
  t.ok(origins.allows('http://127.0.0.1:7400', '127.0.0.1:7400'))
  t.ok(origins.allows('http://localhost:7400', 'localhost:7400'))
  t.ok(origins.allows('http://[::1]:7400', '[::1]:7400'))
  t.notOk(origins.allows('http://evil.org:7400', 'evil.org:7400'))
  t.notOk(origins.allows('http://127.0.0.1:7401', '127.0.0.1:7400'))
  t.notOk(origins.allows('https://bus.example.net', 'bus.example.net:7443'))
  t.notOk(origins.allows('null', 'null'))
})

t.test('pages of another port of ours', async (t) => {
  const origins = new Origins([])
  origins.allowOwnPages(7402, ['Ops.example.net'])
  t.ok(origins.allows('http://192.0.2.1:7402', '192.0.2.1:7400'))
  t.ok(origins.allows('http://[2001:db8::1]:7402', '[2001:db8::1]:7400'))
  t.ok(origins.allows('http://ops.example.net:7402', 'elsewhere:7400'))
  t.notOk(origins.allows('http://192.0.2.2:7402', '192.0.2.1:7400'))
  t.notOk(origins.allows('http://192.0.2.1:7403', '192.0.2.1:7400'))
  t.notOk(origins.allows('http://evil.org:7402', 'evil.org:7400'))
})
