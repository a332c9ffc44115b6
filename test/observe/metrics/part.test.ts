import t from 'tap'
import { LATENCY_BYTES, LatencyCounts } from '../../../src/core/latency.js'
import { byLabel, MetricList } from '../../../src/observe/metrics/definition.js'
import { MetricsPart } from '../../../src/observe/metrics/part.js'
import type { ThreadContext } from '../../../src/observe/thread/part.js'
import { Scrape } from '../../helpers/metrics.js'
import { NOTHING } from '../../helpers/samples.js'
import { threadContext } from '../../helpers/thread-context.js'

const latency = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))

function scraper(ask: () => Promise<unknown>) {
  const context = threadContext({ latency })
  const list = new MetricList()
  let value = 0
  list.counter('told_total', 'Told.', () => value)
  list.gauges('told_by', 'Told by.', 'lane', () => [['0', value]])
  const asking: ThreadContext = { ...context, ask: ask as ThreadContext['ask'], now: () => context.now() }
  const here = { name: 'here', help: 'Here.', type: 'gauge', labels: ['x'], read: () => byLabel([['y', 7]]) } as const
  const part: MetricsPart = new MetricsPart(asking, list.metadata, () => [here, ...part.metrics])
  return {
    context,
    part,
    list,
    set: (to: number) => {
      value = to
    },
    async scrape() {
      const { body } = await part.routes[0].handle({
        method: 'GET',
        params: {},
        query: new URLSearchParams(),
        headers: {},
        body: Buffer.alloc(0),
      })
      return new Scrape(String(body))
    },
  }
}

t.test('a scrape has the values of both threads as they are now', async (t) => {
  const { list, set, scrape, context } = scraper(async () => ({
    sample: { ...NOTHING, atMs: context.now() - 3 },
    metrics: list.readAll(),
  }))
  set(5)
  const first = await scrape()
  t.same([first.get('told_total'), first.get('told_by', 'lane', '0'), first.get('here', 'x', 'y')], [5, 5, 7])
  t.equal(first.get('sluice_snapshot_age_seconds'), 0.003)
  t.equal(first.get('sluice_scrapes_total'), 0)
  set(6)
  const second = await scrape()
  t.same([second.get('told_total'), second.get('sluice_scrapes_total')], [6, 1])
})

t.test('who does not answer in time is reported as told last, with its age', async (t) => {
  let answers = true
  const { list, set, scrape, context } = scraper(() =>
    answers
      ? Promise.resolve({ sample: { ...NOTHING, atMs: context.now() }, metrics: list.readAll() })
      : new Promise(() => {}),
  )
  set(5)
  t.equal((await scrape()).get('told_total'), 5)
  answers = false
  set(6)
  context.advance(4000)
  const late = await scrape()
  t.same([late.get('told_total'), late.get('sluice_snapshot_age_seconds')], [5, 4])
})

t.test('scrapes at the same time ask once', async (t) => {
  let asked = 0
  const { list, scrape, context } = scraper(async () => {
    asked++
    return { sample: { ...NOTHING, atMs: context.now() }, metrics: list.readAll() }
  })
  await Promise.all([scrape(), scrape(), scrape()])
  t.equal(asked, 1)
  await scrape()
  t.equal(asked, 2)
})

t.test('before anything was told, it is still a page', async (t) => {
  const { scrape } = scraper(() => Promise.reject(new Error('nobody is there')))
  const scraped = await scrape()
  t.equal(scraped.get('told_total'), 0)
  t.ok(scraped.has('process_resident_memory_bytes'))
})
