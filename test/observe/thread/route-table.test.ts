import t from 'tap'
import { RouteTable } from '../../../src/observe/thread/route-table.js'
import { type AdminProblem, json, type Route } from '../../../src/observe/thread/routes.js'

function route(method: Route['method'], path: string): Route {
  return { method, path, about: '', handle: () => json(path) }
}

const table = new RouteTable([
  route('GET', '/'),
  route('GET', '/connections/:session'),
  route('GET', '/connections/closed'),
  route('POST', '/connections/:session/kick'),
  route('GET', '/slos'),
  route('DELETE', '/slos'),
])

function find(method: string, path: string): unknown {
  try {
    const { route, params } = table.find(method, path)
    return { path: route.path, params }
  } catch (error) {
    const { status, headers } = error as AdminProblem
    return { status, ...headers }
  }
}

t.test('a path is matched by segments, and its parameters decoded', (t) => {
  t.same(find('GET', '/'), { path: '/', params: {} })
  t.same(find('HEAD', '/slos'), { path: '/slos', params: {} })
  t.same(find('GET', '/connections/7'), { path: '/connections/:session', params: { session: '7' } })
  t.same(find('POST', '/connections/a%2Fb/kick'), { path: '/connections/:session/kick', params: { session: 'a/b' } })
  t.same(find('GET', '/connections/%zz'), { path: '/connections/:session', params: { session: '%zz' } })
  t.same(
    find('GET', '/connections/closed'),
    { path: '/connections/closed', params: {} },
    'a word goes before a parameter',
  )
  t.end()
})

t.test('what is not there is 404 and names what is; another method is 405 and says which may be used', (t) => {
  for (const path of ['/slos/', '/nope', '//', '/connections/', '/connections/7/8/9', '']) {
    t.same(find('GET', path), { status: 404 }, path)
  }
  t.throws(() => table.find('GET', '/nope'), { message: /\/connections\/closed/ })
  t.same(find('POST', '/slos'), { status: 405, allow: 'GET, HEAD, DELETE' })
  t.same(find('GET', '/connections/7/kick'), { status: 405, allow: 'POST' })
  t.end()
})
