import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import type { Stats } from '../../src/observe/stats.js'
import { CHROMIUM_PATIENCE_MS, noChromium } from '../helpers/chromium.js'
import { checkNoGrowth, launch, measure, type OpenPage, openDashboard } from '../helpers/dashboard-page.js'
import { DashboardSite } from '../helpers/dashboard-site.js'
import { fakeStats } from '../helpers/fake-stats.js'
import { until } from '../helpers/until.js'

const TIMEOUT_MS = 4 * CHROMIUM_PATIENCE_MS
t.setTimeout(2 * TIMEOUT_MS)

/** A second of the fake day in which a subscriber is slow, and one in which the loop stalls. */
const SLOW_SECOND = 205
const STALLED_SECOND = 125
const START_MS = Date.UTC(2026, 0, 5, 12)

const at = (second: number, load = 1): Stats => fakeStats(second, { startMs: START_MS, load })

let browser: Browser
t.before(async () => {
  if (noChromium === false) browser = await launch()
})
t.teardown(() => browser?.close())

const options = { skip: noChromium, timeout: TIMEOUT_MS }

async function open(
  t: { teardown(run: () => unknown): void },
  { past = [], ...context }: { past?: readonly Stats[] } & Parameters<typeof openDashboard>[2] = {},
): Promise<OpenPage & { site: DashboardSite }> {
  const site = await new DashboardSite().start()
  site.past = past
  const opened = await openDashboard(browser, site.url, context)
  t.teardown(async () => {
    await opened.page.context().close()
    await site.close()
  })
  await until('the page listens', () => site.isWatched, CHROMIUM_PATIENCE_MS)
  return { site, ...opened }
}

function text(page: Page, selector: string): Promise<string | null> {
  return page.locator(selector).textContent()
}

t.test('it shows what it is told, and the browser has nothing to complain of', options, async (t) => {
  const { site, page, complaints } = await open(t, { past: Array.from({ length: 200 }, (_, i) => at(i + 5)) })
  site.publish(at(SLOW_SECOND))
  await page.locator('#slow-rows tr').nth(2).waitFor()
  t.match(await text(page, '#server-name'), 'edge-1')
  t.match(await text(page, '#bottleneck-limit'), 'Slow consumer')
  t.match(await text(page, '#bottleneck-says'), /^subscriber billing-worker-3 does not keep up/)
  t.match(await text(page, '#slow-rows tr >> nth=0'), /billing-worker-3.*10\.1\.4\.17:51234 · session 41.*908\sKiB/)
  t.match(await text(page, '#tiles'), /Drops2\.\d+\sk\/s/)
  t.match(await text(page, '#slo-list'), /orders.*holds.*market ticks.*at risk.*overspent by 12\s%/s)
  t.equal(await page.locator('#lane-rows tr').count(), 8)
  t.match(await text(page, '#drops-says'), /41\sk drop-oldest/)
  t.match(await text(page, '#target-says'), /28\.4\s% of the 1\.8\sM mark/)
  t.match(await page.locator('#throughput .plot').getAttribute('aria-label'), /last 5 minutes\. In .*\/s now/)

  const name = page.locator('#slow-rows tr >> nth=2')
  t.match(await name.textContent(), '<img src=x onerror=alert(1)>', 'a name is text')
  t.equal(await page.locator('#slow img').count(), 0)

  site.publish(at(STALLED_SECOND + 300))
  await page.locator('#bottleneck[data-limit="stall"]').waitFor()
  t.match(await text(page, '#anomalies'), /p99 is 1\.9 ms/)
  t.equal(await page.locator('#slow-empty').isVisible(), true)
  t.match(await page.title(), /^⚠/)
  t.same(complaints, [])
})

t.test('charts are really drawn, in both themes', options, async (t) => {
  const { site, page, complaints } = await open(t, { past: Array.from({ length: 300 }, (_, i) => at(i)) })
  site.publish(at(300))
  await page.locator('#server-name', { hasText: 'edge-1' }).waitFor()
  const colors = (): Promise<number[]> =>
    page.locator('.plot canvas').evaluateAll((canvases) =>
      (canvases as HTMLCanvasElement[]).map((canvas) => {
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
        const seen = new Set<number>()
        for (let i = 0; i < pixels.length; i += 4) seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2])
        return seen.size
      }),
    )
  for (const theme of ['light', 'dark']) {
    await page.locator(`#theme input[value="${theme}"]`).check({ force: true })
    t.equal(await page.locator('html').getAttribute('data-theme'), theme)
    const drawn = await colors()
    t.equal(drawn.length, 8)
    t.ok(Math.min(...drawn) > 8, `${theme}: lines, grid and text: ${drawn.join(', ')} colours`)
  }
  t.same(complaints, [])
})

t.test('range, pause and theme by keyboard alone; what was chosen is kept', options, async (t) => {
  const { site, page, complaints } = await open(t, { colorScheme: 'dark' })
  site.publish(at(1))
  await page.locator('#server-name', { hasText: 'edge-1' }).waitFor()
  t.equal(await page.locator('html').getAttribute('data-theme'), 'dark', 'as the system has it')
  await page.keyboard.press('Tab')
  t.equal(await page.locator('.skip').evaluate((link) => document.activeElement === link), true)
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  t.equal(await page.locator('#range input:checked').getAttribute('value'), '900')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  t.equal(await page.locator('#pause').getAttribute('aria-pressed'), 'true')
  await until('it says so', async () => ((await text(page, '#feed-state')) ?? '').startsWith('paused at'))
  const before = await text(page, '#tiles')
  for (let second = 2; second < 8; second++) site.publish(at(second))
  site.publish({ ...at(8), server: { ...at(8).server, name: 'edge-2' } })
  await page.locator('#server-name', { hasText: 'edge-2' }).waitFor()
  t.equal(await text(page, '#tiles'), before, 'figures stand still')
  await page.keyboard.press('Space')
  await until('they move again', async () => (await text(page, '#tiles')) !== before)
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  t.equal(await page.locator('html').getAttribute('data-theme'), 'light')
  await page.locator('#latency-lane').selectOption('each')
  await page.reload()
  t.equal(await page.locator('html').getAttribute('data-theme'), 'light')
  t.equal(await page.locator('#range input:checked').getAttribute('value'), '900')
  t.equal(await page.locator('#latency .legend button').count(), 8, 'a line for each lane')
  t.same(complaints, [])
})

t.test('lines can be hidden, charts are walked through by arrow keys, figures are behind them', options, async (t) => {
  const { site, page } = await open(t, { past: Array.from({ length: 100 }, (_, i) => at(i)) })
  site.publish(at(100))
  await page.locator('#throughput .legend b >> nth=0', { hasText: '/s' }).waitFor()
  const value = () => text(page, '#throughput .legend b >> nth=0')
  const latest = await value()
  await page.locator('#throughput .plot').focus()
  for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowLeft')
  t.not(await value(), latest, 'the legend has the figures of then')
  await page.keyboard.press('Escape')
  t.equal(await value(), latest)
  const out = page.locator('#throughput .legend button', { hasText: 'out' })
  await out.press('Enter')
  t.equal(await out.getAttribute('aria-pressed'), 'false')
  await page.locator('#throughput summary').press('Enter')
  const rows = page.locator('#throughput details tbody tr')
  await rows.nth(11).waitFor()
  t.match(await rows.nth(0).textContent(), /^\d\d:\d\d:\d\d.*\/s/)
  t.match(await text(page, '#throughput details thead'), 'Timeinout')
})

t.test('everything has a name, tables have heads, and nothing is wider than a phone', options, async (t) => {
  for (const width of [360, 390, 768, 1440]) {
    const { site, page } = await open(t, { viewport: { width, height: 800 } })
    site.publish(at(SLOW_SECOND))
    await page.locator('#slow-rows tr').nth(2).waitFor()
    t.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${width} pixels`)
    if (width !== 360) continue
    const nameless = await page
      .locator('button, a, select, input, section, [role="img"], table')
      .evaluateAll((elements) =>
        (elements as (HTMLElement & { labels?: NodeList })[])
          .filter((element) => {
            const by = element.getAttribute('aria-labelledby')
            const label = by === null ? null : document.getElementById(by)
            const words = [
              element.getAttribute('aria-label'),
              label?.textContent,
              element.labels?.[0]?.textContent,
              element.textContent,
            ]
            return !words.some((word) => (word ?? '').trim() !== '')
          })
          .map((element) => element.outerHTML.slice(0, 100)),
      )
    t.same(nameless, [])
    t.equal(await page.locator('header').count(), 1)
    t.equal(await page.locator('main').count(), 1)
    t.equal(
      await page.locator('table:not(:has(thead th[scope="col"]))').count(),
      await page.locator('details.data').count(),
    )
  }
})

t.test('a silent daemon is told of, and found again', options, async (t) => {
  const { site, page } = await open(t)
  site.publish(at(1))
  await page.locator('#feed-state[data-kind="live"]').waitFor()
  const port = site.busPort
  await site.closeBus()
  await page.locator('#banner[data-kind="silent"]').waitFor()
  t.match(await text(page, '#banner'), /^No figures since \d\d:\d\d:\d\d: the daemon does not answer/)
  site.latest = at(7)
  await page.locator('#banner[data-kind="polling"]').waitFor()
  t.match(await text(page, '#banner'), /asked for at the admin port/)
  await site.openBus(port)
  await until('it is subscribed again', () => site.isWatched, CHROMIUM_PATIENCE_MS)
  site.publish(at(9))
  await page.locator('#feed-state[data-kind="live"]').waitFor()
  t.equal(await page.locator('#banner').isVisible(), false)
})

t.test('a daemon in which nothing flows looks like one', options, async (t) => {
  const { site, page } = await open(t)
  for (let second = 1; second < 10; second++) site.publish(at(second, 0))
  await page.locator('#quiet').waitFor()
  t.match(await text(page, '#quiet'), /Nothing flows\..*npx sluice pub/s)
  t.match(await text(page, '#latency .none'), 'nothing in this time')
  t.equal(await page.locator('#slos-empty').isVisible(), true)
  site.publish(at(10))
  await page.locator('#quiet').waitFor({ state: 'hidden' })
})

t.test('a subscriber is kicked only when it is said twice', options, async (t) => {
  const { site, page, complaints } = await open(t)
  site.publish(at(SLOW_SECOND))
  const kick = page.locator('#slow-rows button').first()
  t.equal(await kick.getAttribute('aria-label'), 'Kick billing-worker-3, session 41')
  await kick.click()
  t.match(await text(page, '#kick-who'), 'billing-worker-3, session 41, 10.1.4.17:51234')
  await page.keyboard.press('Escape')
  t.equal(await page.locator('#kick').isVisible(), false)
  await kick.click()
  // Figures move on while one reads.
  site.publish({ ...at(SLOW_SECOND + 1), slow: [at(SLOW_SECOND).slow[2]] })
  await page.locator('#slow-rows tr').nth(1).waitFor({ state: 'detached' })
  t.same(site.kicked, [])
  await page.locator('#kick-confirm').click()
  await page.locator('#kick').waitFor({ state: 'hidden' })
  t.same(site.kicked, [41], 'the one that was asked about')
  t.same(complaints, [])
})

t.test('however long it is open, it does not grow: a quarter of an hour in seconds', options, async (t) => {
  let second = 3600
  const { site, page, complaints } = await open(t, { past: Array.from({ length: second }, (_, i) => at(i)) })
  await page.locator('#range input[value="3600"]').check({ force: true })
  await page.locator('#throughput summary').press('Enter')
  // The page draws at most once a frame: a few at a time, so that it draws often.
  const feed = async (seconds: number): Promise<void> => {
    for (const end = second + seconds; second < end; ) {
      for (const until = second + 10; second < until; second++) {
        const stats = at(second)
        site.publish({ ...stats, server: { ...stats.server, pid: 1e6 + second } })
      }
      await page.locator('#facts', { hasText: `Process${1e6 + second - 1}` }).waitFor()
    }
  }
  await feed(200)
  const before = await measure(page)
  await feed(900)
  const after = await measure(page)
  checkNoGrowth(t, before, after)
  t.same(complaints, [])
})
