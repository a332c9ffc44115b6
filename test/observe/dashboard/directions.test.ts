import t from 'tap'
import { busUrls } from '../../../src/observe/dashboard/directions.js'

const place = (url: string) => ({ name: 'x', url, about: '' })
const LOCAL = [place('ws://127.0.0.1:7400'), place('http://127.0.0.1:7401'), place('https://127.0.0.1:7443')]

t.test('the ports of the bus by the name that the page was asked for by', async (t) => {
  t.same(busUrls(LOCAL, '127.0.0.1:7402'), ['ws://127.0.0.1:7400', 'ws://127.0.0.1:7401', 'wss://127.0.0.1:7443'])
  t.same(busUrls(LOCAL, 'localhost:7402')[0], 'ws://localhost:7400')
  t.same(busUrls(LOCAL, '[::1]:7402')[0], 'ws://[::1]:7400')
  const everywhere = [place('ws://0.0.0.0:7400'), place('ws://[::]:7400')]
  t.same(busUrls(everywhere, 'Bus.Example.com:80'), ['ws://bus.example.com:7400', 'ws://bus.example.com:7400'])
  t.same(busUrls(everywhere, '[2001:db8::1]:7402')[0], 'ws://[2001:db8::1]:7400')
})

t.test('a port on an address of its own is there, wherever the page came from', async (t) => {
  t.same(busUrls([place('ws://10.0.0.7:7400')], 'ops.example.com:7402'), ['ws://10.0.0.7:7400'])
  t.same(busUrls(LOCAL, '10.0.0.7:7402')[0], 'ws://127.0.0.1:7400')
})

t.test('what a request makes up gets into no URL', async (t) => {
  const everywhere = [place('ws://0.0.0.0:7400')]
  for (const host of ['a b', "x'; script-src *", 'a/../b', 'a@b', '', '[::1', '[zz]', 'a_b', undefined, ['a', 'b']]) {
    t.same(busUrls(everywhere, host), ['ws://0.0.0.0:7400'], String(host))
  }
})

t.test('no ports, and ports of no known kind', async (t) => {
  t.same(busUrls([], 'localhost'), [])
  t.same(busUrls([place(''), place('unix:/run/x')], 'localhost'), [])
})
