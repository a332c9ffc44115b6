import type { Browser } from 'playwright-core'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { STATS_TOPIC, type Stats } from '../../src/observe/stats.js'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { encodeEvent } from '../../src/protocol/write.js'
import { CHROMIUM_PATIENCE_MS, noChromium } from '../helpers/chromium.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { checkNoGrowth, launch, measure, openDashboard } from '../helpers/dashboard-page.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const LONG_MS = 10 * 60_000
const WARM_UP_MS = 90_000
const isLong = ['1', 'dashboard'].includes(process.env.SLUICE_LONG ?? '')
const LONG = 'takes ten minutes: set SLUICE_LONG=1, or SLUICE_LONG=dashboard for this one alone'

const PAYLOAD = Buffer.alloc(500)
const LANES_IN_USE = [0, 3, 3, 3, 5, 7]
const MESSAGE = Buffer.concat(LANES_IN_USE.map((lane) => encodeEvent('orders.new', lane, PAYLOAD)))
const PAUSE_MS = 5
const NAME = 'billing-archive'

const TIMEOUT_MS = 4 * CHROMIUM_PATIENCE_MS
t.setTimeout(2 * TIMEOUT_MS + (isLong ? LONG_MS : 0))

let browser: Browser
t.before(async () => {
  if (noChromium === false) browser = await launch()
})
t.teardown(() => browser?.close())

/** A daemon with subscribers that read, and a publisher that publishes all the time. */
async function loaded(t: { teardown(run: () => unknown): void }): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(t)
  for (const pattern of ['orders.*', 'orders.>', '>']) {
    const reader = await RawClient.open(daemon.url)
    reader.onEvent = () => {}
    await reader.subscribe(pattern)
  }
  const publisher = await RawClient.open(daemon.url)
  const publishing = setInterval(() => publisher.send(MESSAGE), PAUSE_MS)
  t.teardown(() => clearInterval(publishing))
  return daemon
}

t.test(
  'under load a frozen subscriber is on the page by its name',
  { skip: noChromium, timeout: TIMEOUT_MS },
  async (t) => {
    const daemon = await loaded(t)
    const { page, complaints } = await openDashboard(browser, daemon.adminUrl)
    t.teardown(() => page.context().close())
    await page.locator('#feed-state[data-kind="live"]').waitFor()
    await until('events flow', async () => !/^In0\/s/.test((await page.locator('#tiles').textContent()) ?? ''))

    const bus = await connect(daemon.url)
    t.teardown(() => bus.close())
    let latest: Stats | null = null
    let named: Stats | null = null
    const isNamed = ({ slow }: Stats): boolean => slow.some(({ name, blockedMs }) => name === NAME && blockedMs > 0)
    const stats = bus.subscribe<Stats>(STATS_TOPIC, {
      onEvent: ({ value }) => {
        latest = value
        if (named === null && isNamed(value)) named = value
      },
    })
    await stats.ready
    const frozen = await RawClient.open(daemon.url)
    frozen.send({ op: Op.HELLO, info: { name: NAME } })
    await frozen.subscribe('orders.*', { policy: 'drop-oldest' })
    frozen.freeze()
    const row = page.locator('#slow-rows tr', { hasText: NAME })
    await row.waitFor()
    await until('it is named on the bus', () => named !== null)
    const seen = { first: named as Stats | null, latest: latest as Stats | null }
    const blockedMs = seen.first?.slow.find(({ name }) => name === NAME)?.blockedMs ?? Number.POSITIVE_INFINITY
    t.ok(blockedMs <= 2000, `named ${blockedMs} ms after its link took nothing more`)
    const late = (seen.latest?.sequence ?? 0) - (seen.first?.sequence ?? 0)
    t.ok(late <= 1, `on the page at most a second after it was named on the bus: ${late}`)
    await page.locator('#bottleneck[data-limit="slow-consumer"]').waitFor()
    t.match(await page.locator('#bottleneck-says').textContent(), NAME)

    await row.locator('button').click()
    await page.locator('#kick-confirm').click()
    frozen.thaw()
    await until('it is sent away', () => frozen.closed !== null)
    t.equal(frozen.closed?.code, Code.KICKED)
    await row.waitFor({ state: 'detached' })
    t.same(complaints, [])
  },
)

t.test('the page finds a daemon again that was gone', { skip: noChromium, timeout: TIMEOUT_MS }, async (t) => {
  const first = await DaemonProcess.start(t)
  const ports = {
    'listen.port': new URL(first.url).port,
    'admin.port': new URL(first.adminUrl).port,
  }
  const { page } = await openDashboard(browser, first.adminUrl)
  t.teardown(() => page.context().close())
  await page.locator('#feed-state[data-kind="live"]').waitFor()
  first.signal('SIGKILL')
  await first.exited
  await page.locator('#banner[data-kind="silent"]').waitFor()
  const second = await DaemonProcess.start(t, ports)
  await page.locator('#feed-state[data-kind="live"]').waitFor()
  await page.locator('#facts', { hasText: `Process${second.pid}` }).waitFor()
  t.equal(await page.locator('#banner').isVisible(), false)
})

t.test(
  'open for ten minutes under load it does not grow',
  { skip: noChromium || (!isLong && LONG), timeout: TIMEOUT_MS + LONG_MS },
  async (t) => {
    const daemon = await loaded(t)
    const { page, complaints } = await openDashboard(browser, daemon.adminUrl)
    t.teardown(() => page.context().close())
    // From a range that fills up during the test the page would hold more and more points, and be right to.
    await page.locator('#range input[value="60"]').check({ force: true })
    await page.waitForTimeout(WARM_UP_MS)
    const before = await measure(page)
    await page.waitForTimeout(LONG_MS - WARM_UP_MS)
    const after = await measure(page)
    checkNoGrowth(t, before, after)
    t.equal(await page.locator('#feed-state').getAttribute('data-kind'), 'live')
    t.same(complaints, [])
  },
)
