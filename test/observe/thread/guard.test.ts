import { hostname } from 'node:os'
import t from 'tap'
import { Guard } from '../../../src/observe/thread/guard.js'

const guard = new Guard(['Sluice.example.net'])

function verdict(method: string, path: string, headers: Record<string, string | undefined>): number {
  try {
    guard.check(method, path, headers)
    return 200
  } catch (error) {
    return (error as { status: number }).status
  }
}

t.test('addresses, names of this machine and configured names are known; others may be anybody’s', (t) => {
  const known = [
    '127.0.0.1:7402',
    '[::1]:7402',
    '[::1]',
    '10.0.0.7',
    'localhost:7402',
    'a.localhost',
    `${hostname()}:1`,
  ]
  for (const host of [...known, 'sluice.example.net:7402', 'SLUICE.EXAMPLE.NET']) {
    t.equal(verdict('GET', '/connections', { host }), 200, host)
  }
  for (const host of [
    'evil.example',
    'evil.example:7402',
    '',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    ':80',
    '[]',
  ]) {
    t.equal(verdict('GET', '/connections', { host }), 421, host)
    t.equal(verdict('GET', '/', { host }), 421, host)
  }
  t.equal(verdict('GET', '/connections', {}), 421, 'no host at all')
  t.end()
})

t.test('pages for machines are found by any name', (t) => {
  for (const path of ['/metrics', '/livez', '/readyz']) {
    t.equal(verdict('GET', path, { host: 'sluice.monitoring.svc:7402' }), 200, path)
  }
  t.end()
})

t.test('nothing is changed for a page from elsewhere', (t) => {
  const host = '127.0.0.1:7402'
  const kick = (headers: Record<string, string>): number => verdict('POST', '/connections/7/kick', { host, ...headers })
  t.equal(kick({}), 200, 'no browser')
  t.equal(kick({ origin: `http://${host}` }), 200, 'our page, in an old browser')
  t.equal(kick({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }), 200)
  t.equal(kick({ 'sec-fetch-site': 'none' }), 200, 'typed by the user')
  for (const site of ['cross-site', 'same-site', 'anything']) t.equal(kick({ 'sec-fetch-site': site }), 403, site)
  for (const origin of ['http://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:80']) {
    t.equal(kick({ origin }), 403, origin)
  }
  t.equal(verdict('GET', '/stats', { host, origin: 'http://evil.example' }), 200, 'reading is the browser’s to refuse')
  t.end()
})
