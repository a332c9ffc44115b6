import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { CHROMIUM_PATIENCE_MS, noChromium } from '../helpers/chromium.js'
import { DaemonProcess, type Flags } from '../helpers/daemon.js'
import { Authority } from '../helpers/pki.js'
import { TcpProxy } from '../helpers/tcp-proxy.js'
import { until } from '../helpers/until.js'
import { openBrowser } from './chromium.js'
import { missing } from './programs.js'

t.setTimeout(2 * CHROMIUM_PATIENCE_MS)

const skip = noChromium || missing('openssl')
const SOCKETS = 3

/** An empty page of an origin of its own. */
async function otherSite(t: Test): Promise<string> {
  const server = createServer((_request, response) => void response.end('<!doctype html><title>page</title>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function securedDaemon(t: Test, flags: Flags = {}): Promise<DaemonProcess> {
  const { certFile, keyFile } = new Authority(t).issue()
  return DaemonProcess.start(t, { 'tls.certificate': certFile, 'tls.key': keyFile, ...flags })
}

/** Opens an EventSource in the page, whose messages and state `page.received` and `page.state` tell. */
async function openEventSource(page: Page, url: string): Promise<void> {
  await page.evaluate((url) => {
    const source = new EventSource(url)
    const received: unknown[] = []
    source.onmessage = ({ data }) => received.push(JSON.parse(data))
    Object.assign(globalThis, { source, received })
  }, url)
}

function received(page: Page): Promise<unknown[]> {
  return page.evaluate(() => (globalThis as unknown as { received: unknown[] }).received)
}

/** As `EventSource.readyState` says it. */
function state(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState)
}

/** From within the page. @returns the status, or what fetch failed with */
function publish(page: Page, base: string, id: number): Promise<number | string> {
  return page.evaluate(
    ([url, body]) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', priority: 'u=1' }, body }).then(
        ({ status }) => status,
        (error) => String(error),
      ),
    [`${base}/v1/topics/orders.eu`, JSON.stringify({ id })] as const,
  )
}

t.test(
  'a page of an allowed origin publishes and subscribes, and misses nothing when it is cut off',
  {
    skip,
    timeout: 2 * CHROMIUM_PATIENCE_MS,
  },
  async (t) => {
    const [allowed, stranger] = [await otherSite(t), await otherSite(t)]
    const daemon = await DaemonProcess.start(t, { 'security.origins': allowed })
    const page = await (await openBrowser(t)).newPage()
    for (const url of [daemon.url.replace(/^ws:/, 'http:'), daemon.http2Url]) {
      const proxy = await TcpProxy.open(url)
      t.teardown(() => proxy.close())
      const base = proxy.url.replace(/^ws:/, 'http:')
      await page.goto(allowed)
      await openEventSource(page, `${base}/v1/events?topic=orders.>`)
      await until('the stream is open', async () => (await state(page)) === 1)
      t.equal(await publish(page, base, 1), 202)
      await until('the event', async () => (await received(page)).length === 1)

      proxy.cut()
      t.equal(await publish(page, url, 2), 202, 'while the stream is gone')
      await until('it comes back by itself', async () => (await received(page)).length === 2)
      t.equal(await publish(page, base, 3), 202)
      await until('and goes on', async () => (await received(page)).length === 3)
      t.same(
        await received(page),
        [1, 2, 3].map((id) => ['event', 'orders.eu', 1, { id }]),
      )

      await page.goto(stranger)
      await openEventSource(page, `${base}/v1/events?topic=orders.>`)
      await until('another origin is turned away', async () => (await state(page)) === 2)
      t.match(await publish(page, base, 4), /Failed to fetch/)
    }
    t.equal((await daemon.scrape()).get('sluice_events_accepted_total'), 6)
  },
)

t.test(
  'over HTTP/2 with TLS, with a certificate that nobody knows',
  {
    skip,
    timeout: 2 * CHROMIUM_PATIENCE_MS,
  },
  async (t) => {
    const daemon = await securedDaemon(t, { 'security.origins': '*' })
    const page = await (await openBrowser(t)).newPage()
    await page.goto(`${daemon.httpsUrl}/`)
    await openEventSource(page, '/v1/events?topic=orders.>')
    await until('the stream is open', async () => (await state(page)) === 1)
    for (const id of [1, 2]) t.equal(await publish(page, '', id), 202)
    await until('both events', async () => (await received(page)).length === 2)
    t.same(
      await received(page),
      [1, 2].map((id) => ['event', 'orders.eu', 1, { id }]),
    )
    const protocols = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol),
    )
    t.ok(protocols.length >= 2)
    t.same([...new Set(protocols)], ['h2'])
  },
)

t.test('several WebSockets share one HTTP/2 connection', { skip, timeout: 2 * CHROMIUM_PATIENCE_MS }, async (t) => {
  const daemon = await securedDaemon(t)
  const connections = async () => (await daemon.scrape()).get('sluice_connections', 'listener', 'https')
  const page = await (await openBrowser(t)).newPage()
  await page.goto(`${daemon.httpsUrl}/`)
  // What the browser opened beside the first one, in case, goes when it turns out to be HTTP/2.
  await until('one connection', async () => (await connections()) === 1)
  const sessions = (await daemon.scrape()).get('sluice_sessions')

  await page.evaluate(async (count) => {
    const lines: string[][] = []
    const sockets = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const socket = new WebSocket(`wss://${location.host}/`, 'sluice.v1.json')
        lines[i] = []
        socket.onmessage = ({ data }) => lines[i].push(...data.split('\n'))
        await new Promise((resolve, reject) => {
          socket.onopen = resolve
          socket.onerror = () => reject(new Error(`socket ${i} failed`))
        })
        socket.send('["subscribe",1,"orders.>"]')
        return socket
      }),
    )
    Object.assign(globalThis, { sockets, lines })
  }, SOCKETS)
  const lines = () => page.evaluate(() => (globalThis as unknown as { lines: string[][] }).lines)
  await until('all are subscribed', async () => (await lines()).every((each) => each.includes('["ok",1]')))
  t.equal((await daemon.scrape()).get('sluice_sessions') - sessions, SOCKETS)
  t.equal(await connections(), 1, 'three sockets, one connection')

  await page.evaluate(() => {
    const { sockets } = globalThis as unknown as { sockets: WebSocket[] }
    for (const [i, socket] of sockets.entries()) socket.send(`["event","orders.eu",${i},{"from":${i}}]`)
  })
  const events = (each: string[]) => each.filter((line) => line.startsWith('["event",')).sort()
  await until('each has all events', async () => (await lines()).every((each) => events(each).length === SOCKETS))
  const expected = Array.from({ length: SOCKETS }, (_, i) => `["event","orders.eu",${i},{"from":${i}}]`)
  for (const each of await lines()) t.same(events(each), expected)

  await page.evaluate(() => (globalThis as unknown as { sockets: WebSocket[] }).sockets[0].close())
  await until('one socket less', async () => (await daemon.scrape()).get('sluice_sessions') === sessions + SOCKETS - 1)
  t.equal(await connections(), 1, 'the others live on')
})
