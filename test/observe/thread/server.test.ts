import { connect } from 'node:net'
import t from 'tap'
import { type AdminAnswer, AdminProblem, json, type Route } from '../../../src/observe/thread/routes.js'
import { AdminServer } from '../../../src/observe/thread/server.js'

function route(method: Route['method'], path: string, handle: Route['handle']): Route {
  return { method, path, about: path, handle }
}

const ROUTES: readonly Route[] = [
  route('GET', '/things/:id', ({ params, query }) => json({ ...params, page: query.get('page') })),
  route('POST', '/things', ({ body }): AdminAnswer => ({ status: 201, type: 'text/plain', body: String(body.length) })),
  route('GET', '/wrong', () => {
    throw new AdminProblem(409, 'not now')
  }),
  route('GET', '/broken', () => Promise.reject(new Error('a bug'))),
]

async function serverHere(
  t: { teardown(run: () => unknown): void },
  routes: readonly Route[] | null = ROUTES,
): Promise<{ url: string; server: AdminServer }> {
  const server = new AdminServer({ host: '127.0.0.1', port: 0, names: [], isOpen: true })
  const url = `http://127.0.0.1:${await server.listen()}`
  t.teardown(() => server.close())
  if (routes !== null) server.serveRoutes(routes)
  return { url, server }
}

t.test('routes get what was asked, and say what they want', async (t) => {
  const { url } = await serverHere(t)
  const got = await fetch(`${url}/things/a%20b?page=2`)
  t.same([got.status, await got.json()], [200, { id: 'a b', page: '2' }])
  t.equal(got.headers.get('x-content-type-options'), 'nosniff')
  const head = await fetch(`${url}/things/1`, { method: 'HEAD' })
  t.same([head.status, Number(head.headers.get('content-length')) > 0, await head.text()], [200, true, ''])
  const posted = await fetch(`${url}/things`, { method: 'POST', body: 'x'.repeat(1000) })
  t.same([posted.status, await posted.text()], [201, '1000'])
})

t.test('what goes wrong is a problem document', async (t) => {
  const { url } = await serverHere(t)
  const problem = async (path: string, init: RequestInit = {}): Promise<unknown[]> => {
    const response = await fetch(`${url}${path}`, init)
    const { status, detail } = (await response.json()) as { status: number; detail: string }
    t.equal(response.headers.get('content-type'), 'application/problem+json')
    t.equal(status, response.status)
    return [status, detail]
  }
  t.match(await problem('/wrong'), [409, 'not now'])
  t.match(await problem('/broken'), [500, 'a bug'])
  t.match(await problem('/nope'), [404, /\/things\/:id/])
  t.match(await problem('/things', { method: 'PUT' }), [405, /POST/])
  t.match(await problem('/things', { method: 'POST', body: 'x'.repeat(70_000) }), [413, /65536/])
  t.match(await problem('/things', { method: 'POST', headers: { origin: 'http://evil.example' } }), [403, /elsewhere/])
})

t.test('a name that is not ours is not answered to', async (t) => {
  const { url } = await serverHere(t)
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write('GET /things/1 HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n')
    })
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('close', () => resolve(text))
  })
  t.match(answer, /^HTTP\/1\.1 421 /)
  t.match(answer, /admin\.names/)
})

t.test('requests that come before the pages are there wait for them', async (t) => {
  const { url, server } = await serverHere(t, null)
  const early = fetch(`${url}/things/1`)
  server.serveRoutes(ROUTES)
  t.equal((await early).status, 200)
})
