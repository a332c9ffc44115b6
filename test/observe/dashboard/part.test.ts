import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { PageFiles } from '../../../src/observe/dashboard/files.js'
import { type DashboardContext, DashboardPart } from '../../../src/observe/dashboard/part.js'
import type { ListenerPlace } from '../../../src/observe/settings.js'
import type { AdminAnswer } from '../../../src/observe/thread/routes.js'
import type { BusToken } from '../../../src/observe/visitors/questions.js'

const LISTENERS = [{ name: 'listen', url: 'ws://127.0.0.1:7400', about: '' }]

function contextOf(listeners: readonly ListenerPlace[], token: BusToken | null = null): DashboardContext {
  return { listeners, ask: (() => Promise.resolve(token)) as DashboardContext['ask'] }
}

function ask(part: DashboardPart, path: string, headers: Record<string, string> = {}): Promise<AdminAnswer> {
  const route = part.routes.find((route) => route.path === path)
  if (route === undefined) throw new Error(`no route ${path}`)
  const request = { method: 'GET', params: {}, query: new URLSearchParams(), headers, body: Buffer.alloc(0) }
  return Promise.resolve(route.handle({ ...request, headers: { host: 'localhost:7402', ...headers } }))
}

t.test('the page of the package: all of its own, nothing in line', async (t) => {
  const part = new DashboardPart(contextOf(LISTENERS))
  const page = await ask(part, '/')
  t.match(page, { status: 200, type: /^text\/html/ })
  const html = String(page.body)
  const policy = page.headers?.['content-security-policy'] ?? ''
  t.match(policy, /default-src 'none'/)
  t.match(policy, /connect-src 'self' ws:\/\/localhost:7400(;|$)/)
  t.notMatch(policy, /unsafe/)
  t.notMatch(html, /\son\w+=|\sstyle=|<style|<script(?! type="module" src="dashboard\/app\.js">)/)
  const known = new Set(part.routes.map(({ path }) => path.slice(1)))
  for (const [, asked] of html.matchAll(/(?:src|href)="(dashboard\/[^"]*)"/g)) t.ok(known.has(asked), asked)
  t.notMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\//)
})

t.test('script and style take nothing from elsewhere, and the license of what is bundled is in', async (t) => {
  const part = new DashboardPart(contextOf(LISTENERS))
  const script = String((await ask(part, '/dashboard/app.js')).body)
  t.match(script, /uPlot: .*Leon Sorokin/s)
  t.notMatch(script, /\beval\(|new Function|innerHTML\s*=/)
  t.notMatch(String((await ask(part, '/dashboard/app.css')).body), /url\(|@import/)
})

t.test('files are compressed for who takes that, and sent once', async (t) => {
  const part = new DashboardPart(contextOf(LISTENERS))
  const plain = await ask(part, '/dashboard/app.js')
  const small = await ask(part, '/dashboard/app.js', { 'accept-encoding': 'gzip, br' })
  t.equal(small.headers?.['content-encoding'], 'gzip')
  t.same(gunzipSync(small.body as Buffer), plain.body)
  const again = await ask(part, '/dashboard/app.js', { 'if-none-match': plain.headers?.etag ?? '' })
  t.match(again, { status: 304, body: '' })
})

t.test('where the bus is', async (t) => {
  const part = new DashboardPart(contextOf(LISTENERS))
  const { body } = await ask(part, '/dashboard.json', { host: '[::1]:7402' })
  t.same(JSON.parse(String(body)), { bus: ['ws://[::1]:7400'], token: null })
})

t.test('a package without the page says how it is made, and finds it once it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-page-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const part = new DashboardPart(contextOf([]), new PageFiles(folder))
  await t.rejects(ask(part, '/'), { message: /npm run build/ })
  await writeFile(join(folder, 'index.html'), 'here')
  t.equal(String((await ask(part, '/')).body), 'here')
})

t.test('a page is told where the bus is, and what opens it', async (t) => {
  const told = async (token: BusToken | null) =>
    JSON.parse(String((await ask(new DashboardPart(contextOf(LISTENERS, token)), '/dashboard.json')).body))
  t.same(await told(null), { bus: ['ws://localhost:7400'], token: null })
  const token = { token: 'slt_x', expiresInMs: 1000 }
  t.same(await told(token), { bus: ['ws://localhost:7400'], token })
})
