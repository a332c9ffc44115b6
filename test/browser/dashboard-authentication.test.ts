import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { type Config, digestOf } from '../../src/config/index.js'
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { hashPassword } from '../../src/security/passwords.js'
import { hashToken } from '../../src/security/tokens.js'
import { CHROMIUM_PATIENCE_MS, noChromium } from '../helpers/chromium.js'
import { configOf } from '../helpers/daemon.js'
import { launch } from '../helpers/dashboard-page.js'
import { RawClient } from '../helpers/raw-client.js'
import { auth } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const TIMEOUT_MS = 4 * CHROMIUM_PATIENCE_MS
t.setTimeout(2 * TIMEOUT_MS)

const PASSWORD = 'correct horse battery'
const TOKEN = 'token-of-a-service'

let browser: Browser
t.before(async () => {
  if (noChromium === false) browser = await launch()
})
t.teardown(() => browser?.close())

const options = { skip: noChromium, timeout: TIMEOUT_MS }

interface Teardown {
  teardown(run: () => unknown): void
}

/** A daemon that asks everybody who they are, on both of its ports. */
async function closedDaemon(t: Teardown): Promise<Daemon> {
  const open = configOf({ 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '1s' })
  const nobody = { role: '', passwordHash: '', tokenHashes: [], certificateSubjects: [], admin: false }
  const config: Config = {
    ...open,
    admin: { ...open.admin, allowAnonymous: 'never' },
    user: [
      { ...nobody, name: 'ops', admin: true, passwordHash: await hashPassword(PASSWORD, { logN: 14, r: 8, p: 1 }) },
      { ...nobody, name: 'shop', tokenHashes: [hashToken(TOKEN)] },
    ],
  }
  const digest = digestOf(config)
  const daemon = await startDaemon(config, { digest, read: () => ({ ok: true, config, digest, sources: [] }) })
  t.teardown(() => daemon.stop('end of the test'))
  return daemon
}

/** A browser whose reader knows this password, if any. */
async function reader(
  t: Teardown,
  password?: string,
): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ...(password !== undefined && { httpCredentials: { username: 'ops', password } }),
  })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(CHROMIUM_PATIENCE_MS)
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  return { context, page, complaints }
}

/** Numbers of the sessions of pages, as the page itself may ask. */
function sessionsOfPages(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const answer = await fetch('connections?limit=100')
    const { connections } = (await answer.json()) as { connections: { session: number; name: string }[] }
    return connections.filter(({ name }) => name === 'dashboard').map(({ session }) => session)
  })
}

function kick(page: Page, session: number): Promise<number> {
  return page.evaluate(
    async (session) => (await fetch(`connections/${session}/kick`, { method: 'POST' })).status,
    session,
  )
}

t.test('who has no password sees nothing', options, async (t) => {
  const daemon = await closedDaemon(t)
  for (const password of [undefined, 'wrong']) {
    const { page } = await reader(t, password)
    const answer = await page.goto(daemon.adminUrl).catch((error: Error) => error)
    // Chromium without a reader has nobody to ask for a password, and shows the answer, or gives up.
    if (!(answer instanceof Error)) t.equal(answer?.status(), 401)
    t.equal(await page.locator('#feed-state').count(), 0)
  }
})

t.test(
  'with the password the page is live by a token of its own, and acts through the admin port',
  options,
  async (t) => {
    const daemon = await closedDaemon(t)
    const client = await RawClient.open(daemon.url)
    t.equal(await auth(client, { token: TOKEN }), 0)
    const { page, complaints } = await reader(t, PASSWORD)
    await page.goto(daemon.adminUrl)
    await page.locator('#feed-state[data-kind="live"]').waitFor()
    t.match(await page.locator('#server-about').textContent(), /^sluice\//)
    const screenshot = process.env.SLUICE_SCREENSHOT
    if (screenshot !== undefined && screenshot !== '') await page.screenshot({ path: screenshot })

    // Its connection may end, and its token with it: the next one has another.
    const [first] = await sessionsOfPages(page)
    t.equal(await kick(page, first), 200)
    await until('the page is back', async () => (await sessionsOfPages(page)).some((session) => session !== first))
    await page.locator('#feed-state[data-kind="live"]').waitFor()

    const [{ info }] = client.told(Op.WELCOME)
    t.equal(await kick(page, info.session), 200)
    t.match(await client.untilClosed(), { code: Code.KICKED })
    t.same(complaints, [])
  },
)

t.test(
  'a page from elsewhere in the same browser cannot act, though the browser knows the password',
  options,
  async (t) => {
    const daemon = await closedDaemon(t)
    const client = await RawClient.open(daemon.url)
    t.equal(await auth(client, { token: TOKEN }), 0)
    const [{ info }] = client.told(Op.WELCOME)
    const { page } = await reader(t, PASSWORD)
    await page.goto(daemon.adminUrl)
    await page.locator('#feed-state[data-kind="live"]').waitFor()

    const elsewhere = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!doctype html><title>elsewhere</title>')
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    t.teardown(() => elsewhere.close())
    await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`)
    const told = await page.evaluate(
      async ({ adminUrl, session }) => {
        const sent = await fetch(`${adminUrl}/connections/${session}/kick`, {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
        }).then(
          ({ type }) => type,
          (error: Error) => error.name,
        )
        const read = await fetch(`${adminUrl}/dashboard.json`, { credentials: 'include' }).then(
          () => 'it can be read',
          (error: Error) => error.name,
        )
        return { sent, read }
      },
      { adminUrl: daemon.adminUrl, session: info.session },
    )
    t.equal(told.read, 'TypeError', 'what the port tells is not for other pages')
    t.match(await client.sync(), { refused: 0 }, `nobody has ended it (${told.sent})`)
  },
)
