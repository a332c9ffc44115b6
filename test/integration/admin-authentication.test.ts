import { request } from 'node:http'
import t from 'tap'
import { type Config, digestOf } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { STATS_TOPIC } from '../../src/observe/stats.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { hashPassword } from '../../src/security/passwords.js'
import { hashToken } from '../../src/security/tokens.js'
import { configOf } from '../helpers/daemon.js'
import { Scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { auth } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const ADMIN = 'token-of-an-admin'
const OTHER = 'token-of-somebody'
const PASSWORD = 'correct horse:battery'

type User = Config['user'][number]

function user(name: string, own: Partial<User>): User {
  return { name, role: '', passwordHash: '', tokenHashes: [], certificateSubjects: [], admin: false, ...own }
}

/** A daemon whose admin port is for admins, and which can be given others. */
async function closedDaemon(t: { teardown(run: () => unknown): void }, users: readonly User[]) {
  const open = configOf({ 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '1s' })
  let config: Config = { ...open, admin: { ...open.admin, allowAnonymous: 'never' }, user: [...users] }
  const daemon: Daemon = await startDaemon(config, {
    digest: digestOf(config),
    read: () => ({ ok: true, config, digest: digestOf(config), sources: [] }),
  })
  t.teardown(() => daemon.stop('end of the test'))
  const use = (change: Partial<Config>): ReturnType<Daemon['reload']> => {
    config = { ...config, ...change }
    return daemon.reload()
  }
  return { daemon, use, config }
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const basic = (name: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

interface Visit {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** Not fetch: that sets some of the headers that browsers set, and does not let anybody else. */
function visit(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

t.test('all but health is for admins', async (t) => {
  const passwordHash = await hashPassword(PASSWORD, { logN: 14, r: 8, p: 1 })
  const admin = user('ops', { admin: true, passwordHash })
  const { daemon, use, config } = await closedDaemon(t, [
    user('root', { admin: true, tokenHashes: [hashToken(ADMIN)] }),
    user('shop', { tokenHashes: [hashToken(OTHER)] }),
    admin,
  ])
  const { adminUrl } = daemon
  const pages = [
    '/',
    '/metrics',
    '/latency',
    '/connections',
    '/slos',
    '/dashboard.json',
    '/dashboard/app.js',
    '/nothing',
  ]
  for (const path of pages) {
    const stranger = await visit(`${adminUrl}${path}`)
    t.equal(stranger.status, 401, path)
    t.match(stranger.headers, { 'content-type': 'application/problem+json' })
    t.match(stranger.headers['www-authenticate'], /^Basic realm="[^"]+", charset="UTF-8", Bearer realm="[^"]+"$/)
    t.equal((await visit(`${adminUrl}${path}`, bearer(ADMIN))).status, path === '/nothing' ? 404 : 200, path)
    t.equal((await visit(`${adminUrl}${path}`, bearer(OTHER))).status, 403, path)
  }
  for (const path of ['/reload', '/drain', '/connections/1/kick']) {
    t.equal((await visit(`${adminUrl}${path}`, {}, 'POST')).status, 401, path)
    t.equal((await visit(`${adminUrl}${path}`, bearer(OTHER), 'POST')).status, 403, path)
  }
  for (const path of ['/livez', '/readyz']) t.equal((await visit(`${adminUrl}${path}`)).status, 200, path)
  for (const wrong of [bearer('wrong'), basic('ops', 'wrong'), basic('nobody', ''), { authorization: 'Digest x' }]) {
    t.equal((await visit(`${adminUrl}/metrics`, wrong)).status, 401)
  }
  const scraped = await visit(`${adminUrl}/metrics`, basic('ops', PASSWORD))
  t.equal(scraped.status, 200, 'as Prometheus would ask')
  const visits = new Scrape(scraped.body).get('sluice_admin_visits_total', 'outcome', 'wrong')
  t.equal(visits, 4)

  // Who is taken out of the configuration is out within a second.
  await use({ user: config.user.filter(({ name }) => name !== 'root') })
  await until('the token is worth nothing', async () => {
    return (await visit(`${adminUrl}/metrics`, bearer(ADMIN))).status === 401
  })
  t.equal((await visit(`${adminUrl}/metrics`, basic('ops', PASSWORD))).status, 200)
  await use({ admin: { ...config.admin, allowAnonymous: 'auto' } })
  await until('on loopback it is open again', async () => (await visit(`${adminUrl}/metrics`)).status === 200)
})

t.test('a page from elsewhere cannot use what a browser remembers of the port', async (t) => {
  const passwordHash = await hashPassword(PASSWORD, { logN: 14, r: 8, p: 1 })
  const { daemon } = await closedDaemon(t, [user('ops', { admin: true, passwordHash })])
  const { adminUrl } = daemon
  const client = await RawClient.open(daemon.url)
  t.equal(await auth(client, { user: 'ops', password: PASSWORD }), 0)
  const [{ info }] = client.told(Op.WELCOME)
  const kick = `${adminUrl}/connections/${info.session}/kick`
  // As a browser sends it by itself: with the password, and with where it comes from.
  const remembered = basic('ops', PASSWORD)
  for (const from of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: adminUrl },
    { origin: `${adminUrl}0` },
  ]) {
    for (const method of ['POST', 'DELETE', 'PUT']) {
      const tried = await visit(kick, { ...remembered, ...(from as Record<string, string>) }, method)
      t.equal(tried.status, 403, `${method} ${JSON.stringify(from)}`)
    }
  }
  t.equal((await visit(`${adminUrl}/stats`, { ...remembered, host: 'evil.example' })).status, 421)
  t.match(await client.sync(), { accepted: 0 }, 'nobody has ended it')
  const own = { ...remembered, origin: adminUrl, 'sec-fetch-site': 'same-origin' }
  t.equal((await visit(kick, own, 'POST')).status, 200)
  t.match(await client.untilClosed(), { code: Code.KICKED })
})

t.test('a page is given a token for the bus: to see what the daemon tells, and nothing else', async (t) => {
  const root = user('root', { admin: true, tokenHashes: [hashToken(ADMIN)] })
  const boss = user('boss', { admin: true, tokenHashes: [hashToken(OTHER)] })
  const { daemon, use } = await closedDaemon(t, [root, boss])
  const told = JSON.parse((await visit(`${daemon.adminUrl}/dashboard.json`, bearer(ADMIN))).body) as {
    bus: string[]
    token: { token: string; expiresInMs: number }
  }
  t.equal(told.bus[0], daemon.url)
  t.ok(told.token.expiresInMs > 60_000 && told.token.expiresInMs <= 300_000)
  const page = await RawClient.open(daemon.url)
  t.equal(await auth(page, { token: told.token.token }), 0)
  await page.subscribe(STATS_TOPIC)
  await page.until('the figures', () => page.events.length > 0)
  page.send({ op: Op.SUBSCRIBE, request: 79, pattern: '>', options: {} })
  page.publish('a', 'x')
  t.match(await page.sync(), { accepted: 0, refused: 1 })
  t.same(page.errors, [Code.NOT_PERMITTED, Code.LANE_NOT_PERMITTED])
  t.equal((await visit(`${daemon.adminUrl}/stats`, bearer(told.token.token))).status, 403, 'it opens nothing else')
  // Another one before it ends, in the same connection.
  const next = JSON.parse((await visit(`${daemon.adminUrl}/dashboard.json`, bearer(ADMIN))).body) as typeof told
  t.not(next.token.token, told.token.token)
  t.equal(await auth(page, { token: next.token.token }, 78), 0)
  // Whoever opened it may not be an admin any more.
  t.match(await use({ user: [{ ...root, admin: false }, boss] }), { ok: true })
  t.match(await page.untilClosed(), { code: Code.TOKEN_REVOKED })
})

t.test('where nobody is asked who they are, a page needs no token', async (t) => {
  const daemon = await startDaemon(configOf())
  t.teardown(() => daemon.stop('end of the test'))
  const told = JSON.parse((await visit(`${daemon.adminUrl}/dashboard.json`)).body)
  t.equal(told.token, null)
})
