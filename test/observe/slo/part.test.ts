import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SloPart } from '../../../src/observe/slo/part.js'
import type { SloEvent, SloStats } from '../../../src/observe/stats.js'
import { AdminProblem, type Route } from '../../../src/observe/thread/routes.js'
import { NOTHING, sampleWith, slowOne } from '../../helpers/samples.js'
import { FakeContext, ORDERS } from '../../helpers/slo.js'

/** A part and its clock: a second goes by, and the part has its tick. */
async function start(context: FakeContext, settings: Parameters<FakeContext['make']>[0], wallMs = 1_800_000_000_000) {
  const part = new SloPart(context.make(settings), () => wallMs)
  await part.ready
  const second = (sample = NOTHING, isFresh = true) => {
    context.nowMs += 1000
    part.tick(sample, sample, isFresh)
  }
  return { part, second }
}

t.test('breach and recovery are told with what is behind them', async (t) => {
  const context = new FakeContext()
  const { part, second } = await start(context, { slos: [ORDERS] })
  for (let i = 0; i < 100; i++) {
    context.traffic.took(0.1, 1000)
    second()
  }
  t.same(context.published, [])
  context.traffic.took(50, 20_000, 0.2)
  second(sampleWith({ slow: [slowOne()] }))
  t.equal(context.published.length, 1)
  const { topic, value } = context.published[0]
  const breach = value as SloEvent
  t.equal(topic, '$sys.slo.orders')
  t.match(breach, {
    name: 'orders',
    state: 'page',
    previous: 'ok',
    worstStage: 'delivery',
    slow: [{ name: 'billing' }],
    slo: { total: 120_000, good: 100_000, state: 'page' },
    at: 1_800_000_000_000,
  })
  t.equal(
    breach.says,
    'orders: burning its error budget 167 times faster than allowed: over 5m, 16.7 % of events on orders.> took 1ms or more (delivery) or were dropped, ' +
      'where 0.1 % may; -16600 % of the budget of 30 days is left. Most of the time went into waiting for receivers that do not read. ' +
      'Furthest behind: billing (127.0.0.1:4233, 200 events behind, takes nothing for 900ms).',
  )
  t.match(context.logged, [{ level: 'warn', sentence: breach.says }])

  // Many good events later, all windows have enough of them.
  context.traffic.took(0.1, 100_000_000)
  for (let i = 0; i < 59; i++) second()
  t.equal(context.published.length, 1, 'not yet believed')
  for (let i = 0; i < 3; i++) second()
  t.match(context.published[1], { topic: '$sys.slo.orders', value: { state: 'ok', previous: 'page' } })
  t.match((context.published[1].value as SloEvent).says, /^orders: within its objective again; 80 % of the budget/)
  t.equal(context.published.length, 2)
  await part.close()
})

t.test('the stage that took most of the time', async (t) => {
  const context = new FakeContext()
  const { part, second } = await start(context, { slos: [{ ...ORDERS, stage: 'routing' }] })
  context.traffic.took(8, 1000)
  second()
  t.match(context.published, [{ value: { worstStage: 'queue' } }])
  t.match((context.published[0].value as SloEvent).says, /Most of the time went into waiting for the router\.$/)
  await part.close()
})

t.test('pages and metrics', async (t) => {
  const context = new FakeContext()
  const { part, second } = await start(context, { slos: [ORDERS, { ...ORDERS, name: 'fast', thresholdMs: 0.25 }] })
  context.traffic.took(0.3, 1000)
  second()
  const answer = (path: string, params = {}) => {
    const route = part.routes.find((route) => route.path === path) as Route
    const { body } = route.handle({
      method: 'GET',
      params,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.of(),
    }) as {
      body: string
    }
    return JSON.parse(body)
  }
  const page = answer('/slos') as { slos: SloStats[]; target: object }
  t.same(
    page.slos.map(({ name, good, total, state }) => [name, good, total, state]),
    [
      ['orders', 1000, 1000, 'ok'],
      ['fast', 0, 1000, 'page'],
    ],
  )
  t.same(page.target, { best: 0, ratio: 0, eventsPerSecond: 1_800_000 })
  t.same(answer('/slos/:name', { name: 'fast' }), page.slos[1])
  t.throws(() => answer('/slos/:name', { name: 'slow' }), new AdminProblem(404, 'there are orders, fast'))
  const metrics = Object.fromEntries(part.metrics.map(({ name, read }) => [name, read()]))
  t.same(metrics.sluice_slo_events_total, [
    [['orders'], 1000],
    [['fast'], 1000],
  ])
  t.same(metrics.sluice_slo_good_events_total, [
    [['orders'], 1000],
    [['fast'], 0],
  ])
  t.same(metrics.sluice_slo_threshold_seconds, [
    [['orders'], 0.001],
    [['fast'], 0.00025],
  ])
  t.same(metrics.sluice_slo_severity, [
    [['orders'], 0],
    [['fast'], 2],
  ])
  t.equal((metrics.sluice_slo_burn_rate as unknown[]).length, 8)
  t.equal(metrics.sluice_target_ratio, 0)
  await part.close()
})

t.test('the target is ticked by what is fresh', async (t) => {
  const context = new FakeContext()
  const { part, second } = await start(context, { slos: [] })
  for (let i = 0; i <= 10; i++) second(sampleWith({ atMs: i * 1000, core: { routed: i * 1_800_000 } }))
  t.equal(part.targetStats.ratio, 1)
  second(sampleWith({ atMs: 11_000, core: { routed: 1e9 } }), false)
  t.equal(part.targetStats.ratio, 1)
  await part.close()
})

t.test('a thread that takes over counts what comes after it, the first one what has come before', async (t) => {
  for (const isRestart of [false, true]) {
    const context = new FakeContext()
    context.traffic.took(0.1, 100)
    const part = new SloPart({ ...context.make({ slos: [ORDERS] }), isRestart })
    await part.ready
    context.traffic.took(0.1, 11)
    part.tick(NOTHING, NOTHING, true)
    t.equal(part.slos[0].total, isRestart ? 11 : 111)
    await part.close()
  }
})

t.test('counts are kept over a restart', async (t) => {
  const stateFile = join(t.testdir(), 'state.json')
  const context = new FakeContext()
  const one = await start(context, { slos: [ORDERS], stateFile })
  context.traffic.took(0.1, 9000)
  context.traffic.took(5, 5)
  one.second()
  t.equal(readdirSync(join(stateFile, '..')).length, 0, 'nothing is written in the first minute')
  for (let i = 0; i < 60; i++) one.second()
  context.traffic.took(0.1, 995)
  await one.part.close()
  t.same(readdirSync(join(stateFile, '..')), ['state.json'], 'what is written beside it is gone')
  t.equal(statSync(stateFile).mode & 0o777, 0o600)

  const totals = ({ part }: { part: SloPart }) => part.slos.map(({ good, total }) => [good, total])
  const again = new FakeContext()
  const two = await start(again, { slos: [ORDERS, { ...ORDERS, name: 'fast', thresholdMs: 0.25 }], stateFile })
  again.traffic.took(0.1, 1)
  two.second()
  t.same(totals(two), [
    [9996, 10_001],
    [1, 1],
  ])
  t.ok(Math.abs(two.part.slos[0].budgetLeft - 0.5) < 0.01)
  await two.part.close()

  const changed = new FakeContext()
  const three = await start(changed, { slos: [{ ...ORDERS, thresholdMs: 2 }], stateFile })
  three.second()
  t.same(totals(three), [[0, 0]], 'what was counted at another threshold says nothing')
  t.match(changed.logged, [{ level: 'info', fields: { slo: 'orders' } }])
  await three.part.close()
})

t.test('a clock that was set back makes nothing young again', async (t) => {
  const stateFile = join(t.testdir(), 'state.json')
  const day = 86_400_000
  const context = new FakeContext()
  const one = await start(context, { slos: [ORDERS], stateFile }, 1000 * day)
  context.traffic.took(5, 100)
  one.second()
  await one.part.close()
  const again = new FakeContext()
  const two = await start(again, { slos: [ORDERS], stateFile }, 10 * day)
  two.second()
  t.equal(two.part.slos[0].total, 100)
  again.nowMs += 40 * day
  two.second()
  t.equal(two.part.slos[0].total, 0, 'forgotten in time')
  await two.part.close()
  const later = new FakeContext()
  const three = await start(later, { slos: [ORDERS], stateFile }, 2000 * day)
  three.second()
  t.equal(three.part.slos[0].total, 0)
  await three.part.close()
})

t.test('a file that cannot be used is put aside, one that cannot be written is told once', async (t) => {
  const dir = t.testdir()
  const stateFile = join(dir, 'state.json')
  const broken = [
    '{',
    'null',
    '{"version":2,"savedAt":1,"slos":[]}',
    '{"version":1,"savedAt":1,"slos":[{"name":"orders","topics":"orders.>","stage":"delivery","thresholdMs":1,"rings":[]}]}',
    JSON.stringify({
      version: 1,
      savedAt: 1,
      slos: [
        {
          name: 'orders',
          topics: 'orders.>',
          stage: 'delivery',
          thresholdMs: 1,
          rings: Array.from({ length: 3 }, () => ({ newest: 5, good: [2], total: [1] })),
        },
      ],
    }),
  ]
  for (const text of broken) {
    writeFileSync(stateFile, text)
    const context = new FakeContext()
    const { part, second } = await start(context, { slos: [ORDERS], stateFile })
    t.match(context.logged, [{ level: 'warn', fields: { stateFile } }], text.slice(0, 40))
    t.equal(readFileSync(`${stateFile}.bad`, 'utf8'), text)
    second()
    t.equal(part.slos[0].total, 0)
    await part.close()
    t.match(JSON.parse(readFileSync(stateFile, 'utf8')), { version: 1 }, 'and written anew')
  }
  const nowhere = join(dir, 'not-there', 'state.json')
  const context = new FakeContext()
  const { part, second } = await start(context, { slos: [ORDERS], stateFile: nowhere })
  const saved = () => new Promise((resolve) => setImmediate(resolve))
  while (context.logged.length === 0) {
    for (let i = 0; i < 61; i++) second()
    await saved()
  }
  t.match(context.logged, [{ level: 'warn', fields: { stateFile: nowhere } }])
  await part.close()
  t.equal(context.logged.length, 1, 'once')
  mkdirSync(join(dir, 'not-there'))
  const healed = await start(new FakeContext(), { slos: [ORDERS], stateFile: nowhere })
  await healed.part.close()
  t.match(JSON.parse(readFileSync(nowhere, 'utf8')), { version: 1 })
})

t.test('another configuration: who asks the same keeps its past, the others begin', async (t) => {
  const context = new FakeContext()
  const threadContext = context.make({ slos: [ORDERS, { ...ORDERS, name: 'slow', thresholdMs: 10 }] })
  const part = new SloPart(threadContext)
  await part.ready
  const second = () => {
    context.nowMs += 1000
    part.tick(NOTHING, NOTHING, true)
  }
  context.traffic.took(5, 100)
  second()
  t.match(part.slos, [
    { name: 'orders', good: 0, total: 100 },
    { name: 'slow', good: 100, total: 100 },
  ])
  const before = threadContext.settings
  const slos = [
    { ...ORDERS, name: 'new' },
    { ...ORDERS, objective: 0.5, windowDays: 7 },
    { ...ORDERS, name: 'slow', thresholdMs: 20 },
  ]
  Object.assign(threadContext, { settings: { ...before, slos, webhook: 'http://127.0.0.1:9/' } })
  context.traffic.took(5, 10)
  part.reconfigured(before)
  second()
  t.match(part.slos, [
    { name: 'new', good: 0, total: 0 },
    { name: 'orders', objective: 0.5, windowDays: 7, good: 0, total: 110 },
    { name: 'slow', good: 0, total: 0 },
  ])
  context.traffic.took(5, 1)
  second()
  t.match(part.slos, [{ total: 1 }, { total: 111 }, { total: 1, good: 1 }])
  const counted = part.metrics.find(({ name }) => name === 'sluice_slo_events_total')?.read()
  t.same(counted, [
    [['new'], 1],
    [['orders'], 111],
    [['slow'], 1],
  ])
  const notices = () => part.metrics.find(({ name }) => name === 'sluice_webhook_notices_total')?.read()
  t.same(notices(), [
    [['delivered'], 0],
    [['failed'], 0],
  ])
  const after = threadContext.settings
  Object.assign(threadContext, { settings: { ...after, webhook: '' } })
  part.reconfigured(after)
  t.same(notices(), [])
  await part.close()
})
