import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { CHROMIUM, CHROMIUM_ARGUMENTS, CHROMIUM_PATIENCE_MS, noChromium } from '../helpers/chromium.js'
import { FakeDaemon, listen } from '../helpers/fake-daemon.js'

const BUNDLE_GZIPPED_BYTES_MAX = 20 * 1024
t.setTimeout(2 * CHROMIUM_PATIENCE_MS)

/** As the package ships it; `npm test` builds it first. */
const bundle = await readFile('dist/client/sluice.min.js')

t.test('the bundle is small, and needs nothing but a browser', async (t) => {
  const bytes = gzipSync(bundle, { level: 9 }).length
  t.ok(bytes < BUNDLE_GZIPPED_BYTES_MAX, `${bytes} bytes gzipped`)
  const text = new TextDecoder().decode(bundle)
  t.notMatch(text, /\bBuffer\b|\brequire\(|node:|new Function|\beval\(/)
})

/** Serves the page, its script and the bundle under a policy that allows no evaluated code. */
async function servePage() {
  const files: Record<string, [type: string, content: Uint8Array]> = {
    '/': ['text/html', await readFile('test/browser/page.html')],
    '/page.js': ['text/javascript', await readFile('test/browser/page.js')],
    '/sluice.min.js': ['text/javascript', bundle],
  }
  const server = createServer((request, response) => {
    const file = files[(request.url ?? '').split('?')[0]]
    if (file === undefined) return void response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': file[0],
      'content-security-policy': "default-src 'self'; img-src data:; connect-src ws:",
    })
    response.end(file[1])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

t.test('a page publishes and subscribes', { skip: noChromium, timeout: 2 * CHROMIUM_PATIENCE_MS }, async (t) => {
  const daemon = new FakeDaemon()
  const listening = await listen(daemon)
  const site = await servePage()
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: CHROMIUM_ARGUMENTS,
    timeout: CHROMIUM_PATIENCE_MS,
  })
  t.teardown(async () => {
    await browser.close()
    site.close()
    await listening.close()
  })
  const page = await browser.newPage()
  page.setDefaultTimeout(CHROMIUM_PATIENCE_MS)
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${site.url}?daemon=${encodeURIComponent(listening.url)}`)
  const items = page.locator('#events li')
  await items.nth(3).waitFor()

  const bus = await connect(listening.url)
  bus.publish('demo.node', [1.5, null], { lane: 0 })
  bus.publish('other', 'not for the page')
  bus.publish('demo.last', 'end')
  await bus.sync()
  await items.nth(5).waitFor()
  t.same((await items.allTextContents()).sort(), [
    'accepted 3',
    'demo.last 3 "end"',
    'demo.node 0 [1.5,null]',
    'demo.page 1 {"id":1,"text":"grüß"}',
    'demo.page 2 {"id":2,"text":"grüß"}',
    'demo.page 3 {"id":3,"text":"grüß"}',
  ])
  t.equal(await page.locator('#status').textContent(), 'connected')
  t.same(complaints, [], 'the console has no error')

  daemon.sessions[0].kill()
  await page.locator('#status', { hasText: 'gap' }).waitFor()
  bus.publish('demo.again', 7)
  await items.nth(6).waitFor()
  t.equal(await items.nth(6).textContent(), 'demo.again 3 7', 'and comes back after a break')
  await bus.close()
})
