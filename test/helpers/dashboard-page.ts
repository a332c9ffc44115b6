import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { CHROMIUM, CHROMIUM_ARGUMENTS, CHROMIUM_PATIENCE_MS } from './chromium.js'

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS, timeout: CHROMIUM_PATIENCE_MS })
}

/** The dashboard, open in a browser, and all that the browser complains of. */
export interface OpenPage {
  readonly page: Page
  readonly complaints: string[]
}

export async function openDashboard(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(CHROMIUM_PATIENCE_MS)
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints }
}

/** What an open page takes, after its garbage is collected. */
export interface PageSize {
  readonly heapBytes: number
  readonly nodes: number
  readonly listeners: number
}

/** What compiled code and caches still add once a page is warm; the figures of a quarter of an hour, if they were kept, would be several times as much. */
const HEAP_GROWTH_BYTES_MAX = 1 << 20

export async function measure(page: Page): Promise<PageSize> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  // Twice: what the first finds to be finalized is gone with the second.
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  await session.detach()
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
  return { heapBytes: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') }
}

/** Checks that a page has not grown between two measurements. */
export function checkNoGrowth(t: Test, before: PageSize, after: PageSize): void {
  t.comment(before, after)
  t.ok(after.nodes <= before.nodes + 50, `${before.nodes} nodes, then ${after.nodes}`)
  t.ok(after.listeners <= before.listeners + 5, `${before.listeners} listeners, then ${after.listeners}`)
  t.ok(
    after.heapBytes <= before.heapBytes + HEAP_GROWTH_BYTES_MAX,
    `${before.heapBytes} bytes of heap, then ${after.heapBytes}`,
  )
}
