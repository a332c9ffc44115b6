import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpack } from 'msgpackr'
import t from 'tap'
import type { SloEvent } from '../../src/observe/stats.js'
import { Command } from '../helpers/command.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { missing, run, start } from './programs.js'
import { EXAMPLES, type FiringAlert, Prometheus } from './prometheus.js'

t.setTimeout(180_000)

const skip = missing('prometheus')
/** Far above what a busy machine takes, far below what the injected fault does. */
const SLO = `[[slo]]
name = "orders"
topics = "orders.>"
threshold = "250ms"
objective = 0.99
[[slo]]
name = "payments"
topics = "payments.>"
threshold = "250ms"
objective = 0.99
`
const PUBLISH_EVERY_MS = 5
const FIRING_PATIENCE_MS = 60_000

/** Alerts about objectives: what else a busy machine does to a daemon is not asked here. */
async function objectives(prometheus: Prometheus): Promise<FiringAlert[]> {
  return (await prometheus.alerts()).filter(({ labels }) => labels.alertname.startsWith('SluiceSlo'))
}

t.test('Prometheus scrapes the daemon, and an injected stall fires the alert of the objective', { skip }, async (t) => {
  const daemon = await FaultyDaemon.start(t, {}, SLO)
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(file, SLO)
  const rules = await Command.run(t, ['slo', 'rules', file])
  t.equal(rules.stderr, '')
  const prometheus = await Prometheus.start(t, daemon.adminUrl, rules.stdout)

  const events: SloEvent[] = []
  const watcher = await RawClient.open(daemon.url)
  watcher.onEvent = ({ payload }) => events.push(unpack(payload) as SloEvent)
  await watcher.subscribe('$sys.slo.*')
  const reader = await RawClient.open(daemon.url)
  reader.onEvent = () => {}
  await reader.subscribe('orders.>')
  await reader.subscribe('payments.>')
  const publisher = await RawClient.open(daemon.url)
  const publishing = setInterval(() => publisher.publish('orders.eu', 'an event'), PUBLISH_EVERY_MS)
  t.teardown(() => clearInterval(publishing))

  await until('it is scraped', async () => (await prometheus.targets()).some(({ health }) => health === 'up'))
  await until('every rule has been evaluated', async () => {
    const found = await prometheus.rules()
    return found.length > 0 && found.every(({ health }) => health !== 'unknown')
  })
  t.same(
    (await prometheus.rules()).filter(({ health }) => health !== 'ok'),
    [],
    'none of them with an error',
  )

  // As long as all is well, nothing is told.
  const rate = 'job_slo:sluice_slo_errors:ratio_rate1h{slo="orders"}'
  await until('some seconds of calm are recorded', async () => {
    const seen = await prometheus.query('count_over_time(job_slo:sluice_slo_errors:ratio_rate1h{slo="orders"}[5m])')
    return [...seen.values()].some((count) => count >= 5)
  })
  const [calm] = (await prometheus.query(rate)).values()
  t.ok(calm < 14.4 * 0.01, `errors while all is well: ${calm}`)
  t.same(await objectives(prometheus), [])

  daemon.suffer({ kind: 'drag', ms: 600 })
  const isFiring = ({ state }: FiringAlert) => state === 'firing'
  await until('the alert fires', async () => (await objectives(prometheus)).some(isFiring), FIRING_PATIENCE_MS)
  const alerts = await objectives(prometheus)
  const page = alerts.find(({ labels }) => labels.severity === 'page')
  t.match(page, {
    state: 'firing',
    labels: { alertname: 'SluiceSloBurnsFast', job: 'sluice', slo: 'orders', severity: 'page' },
    annotations: {
      summary: 'The error budget of orders is being spent fast',
      description:
        /^\d[\d.]*% of events on orders\.> were not through delivery in less than 250ms, where 1 % may be late/,
    },
  })
  t.same([...new Set(alerts.map(({ labels }) => labels.slo))], ['orders'], 'the other objective is at rest')

  // The daemon has found it, too, and told it on the bus.
  await until('it is told on the bus', () => events.some(({ state }) => state === 'page'))
  t.match(
    events.find(({ state }) => state === 'page'),
    { name: 'orders', worstStage: 'queue', slo: { stage: 'delivery' } },
  )
  t.match(await daemon.get('/slos/orders'), { name: 'orders', state: 'page' })
  const status = await Command.run(t, ['slo', 'status', '--admin', daemon.adminUrl])
  t.match(status.stdout, /^orders +page /m)
  t.match(status.stdout, /^payments +ok +–/m)
  daemon.suffer({ kind: 'none' })
})

t.test('promtool finds nothing wrong with what is scraped, and with what is shipped', { skip }, async (t) => {
  const daemon = await FaultyDaemon.start(t, { 'observe.webhook': 'http://127.0.0.1:9/' }, SLO)
  const client = await RawClient.open(daemon.url)
  await client.subscribe('orders.>')
  for (let i = 0; i < 100; i++) client.publish('orders.eu', 'an event')
  await client.until('the last event', () => client.events.length === 100)
  const metrics = await (await fetch(`${daemon.adminUrl}/metrics`)).text()
  const check = start(t, 'promtool', ['check', 'metrics'])
  check.end(metrics)
  t.same([await check.exited, check.stderr, check.stdout], [{ code: 0, signal: null }, '', ''])
  for (const [what, file] of [
    ['config', 'prometheus.yml'],
    ['rules', 'sluice.rules.yml'],
  ]) {
    const shipped = await run(t, 'promtool', ['check', what, join(EXAMPLES, file)])
    t.same(await shipped.exited, { code: 0, signal: null }, shipped.stdout + shipped.stderr)
  }
})
