import t from 'tap'
import { startDaemon } from '../../src/daemon/daemon.js'
import { configOf, daemonHere } from '../helpers/daemon.js'
import { Scrape } from '../helpers/metrics.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

async function get(url: string, method = 'GET'): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(url, { method })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

t.test('a ready daemon is live and ready', async (t) => {
  const { adminUrl } = await daemonHere(t)
  t.match(await get(`${adminUrl}/livez`), { status: 200, type: 'application/json', text: /^\{"status":"live",.*\}\n$/ })
  t.match(await get(`${adminUrl}/readyz?verbose=1`), { status: 200, text: /^\{"status":"ready",/ })
  t.match(await get(`${adminUrl}/readyz`, 'HEAD'), { status: 200, text: '' })
})

t.test('other paths are 404, other methods 405 and say what is allowed', async (t) => {
  const { adminUrl } = await daemonHere(t)
  for (const path of ['/livezz', '/metrics/', '/%00', '/../livez/x']) {
    t.match(await get(`${adminUrl}${path}`), { status: 404, text: /livez/ }, path)
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const response = await fetch(`${adminUrl}/livez`, { method })
    t.equal(response.status, 405, method)
    t.equal(response.headers.get('allow'), 'GET, HEAD')
  }
})

t.test('a page says where everything is', async (t) => {
  const { adminUrl, url } = await daemonHere(t)
  const page = await get(`${adminUrl}/about`)
  t.match(page, { status: 200, type: 'text/html; charset=utf-8' })
  t.match(page.text, url)
  t.notMatch(page.text, '<script')
  for (const path of ['/', '/livez', '/readyz', '/metrics', '/openapi.json']) {
    t.match(page.text, `href="${path}"`)
    t.equal((await get(`${adminUrl}${path}`)).status, 200, path)
  }
  t.match(await get(`${adminUrl}/openapi.json`), { type: 'application/json', text: /"openapi": ?"3\.1/ })
})

t.test('a draining daemon is live and not ready', async (t) => {
  const daemon = await startDaemon(configOf({ 'shutdown.goaway_spread': '0', 'shutdown.drain_timeout': '30s' }))
  const client = await RawClient.open(daemon.url)
  // Somebody who goes on sending is waited for.
  const busy = setInterval(() => client.publish('a', 'x'), 20)
  const stopped = daemon.stop('test')
  t.match(await get(`${daemon.adminUrl}/readyz`), { status: 503, text: /draining/ })
  t.match(await get(`${daemon.adminUrl}/livez`), { status: 200 })
  clearInterval(busy)
  await client.close()
  await stopped
  await t.rejects(fetch(`${daemon.adminUrl}/livez`), 'the admin port closes last')
})

t.test('the admin port can be off', async (t) => {
  const daemon = await daemonHere(t, { 'admin.enabled': 'false' })
  t.equal(daemon.adminUrl, '')
  const client = await RawClient.open(daemon.url)
  t.match(await client.sync(), { accepted: 0 })
})

t.test('/metrics: every sample parses, and has HELP and TYPE', async (t) => {
  const daemon = await daemonHere(t)
  const client = await RawClient.open(daemon.url)
  await client.subscribe('a')
  client.publish('a', 'x', 2)
  client.publish('a.*', 'x')
  await client.sync()
  const { type, text } = await get(`${daemon.adminUrl}/metrics`)
  t.match(type, /^text\/plain; version=0\.0\.4/)
  const scraped = new Scrape(text)
  t.equal(scraped.get('sluice_events_accepted_total'), 1)
  t.equal(scraped.refused('bad_topic'), 1)
  const names = new Set([...text.matchAll(/^([a-z0-9_]+)/gm)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')))
  for (const name of names) {
    t.match(text, `# HELP ${name} `)
    t.match(text, new RegExp(`^# TYPE ${name} (counter|gauge|histogram)$`, 'm'))
  }
  t.ok([...names].filter((name) => text.includes(`# TYPE ${name} counter`)).every((name) => name.endsWith('_total')))
})

t.test('conservation holds at every scrape under load, with matches, misses, drops, expiry and refusals', async (t) => {
  const daemon = await daemonHere(t, { 'outbox.bytes_max': '64KiB', 'outbox.soft_bytes': '64KiB' })
  const publisher = await RawClient.open(daemon.url)
  const reader = await RawClient.open(daemon.url)
  const frozen = await RawClient.open(daemon.url)
  reader.onEvent = () => {}
  await reader.subscribe('load.>')
  await frozen.subscribe('load.>', { policy: 'drop-oldest' })
  await frozen.subscribe('load.2', { policy: 'drop-newest' })
  frozen.freeze()
  const payload = Buffer.alloc(8000, 1)
  let scrapes = 0
  let dropped = 0
  while (dropped === 0 || scrapes < 20) {
    for (let i = 0; i < 200; i++) publisher.publish(`load.${i % 5}`, payload, i % 8)
    publisher.publish('nobody', payload)
    publisher.publish('no..topic', payload)
    const scraping = daemon.scrape()
    await publisher.sync()
    const scraped = await scraping
    t.same(scraped.imbalance, { routing: 0, delivery: 0 })
    dropped = scraped.dropped('drop-oldest')
    scrapes++
  }
  frozen.cut()
  await until('the frozen one is gone', async () => (await daemon.scrape()).get('sluice_sessions') === 2)
  const { accepted, refused } = await publisher.sync()
  const end = await daemon.scrape()
  t.same(end.imbalance, { routing: 0, delivery: 0 })
  t.equal(end.get('sluice_events_accepted_total'), accepted)
  t.equal(end.refused('bad_topic'), refused)
  t.equal(end.get('sluice_events_unmatched_total'), scrapes)
  t.equal(end.get('sluice_deliveries_pending'), 0, 'what waited for the frozen one was dropped with it')
  t.ok(end.dropped('closed') > 0)
})
