import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { prometheusRules } from '../../src/observe/slo/rules.js'
import { missing, run } from './programs.js'

t.setTimeout(120_000)

const skip = missing('promtool', 'prometheus')
const HOUR = 60
const DAY = 24 * HOUR
/** Between samples where days go by: what the windows of minutes find is not asked then. */
const SLOW_MINUTES = 10

const ORDERS = {
  name: 'orders',
  topics: 'orders.>',
  stage: 'delivery',
  thresholdMs: 1,
  objective: 0.999,
  windowDays: 30,
} as const

/** Minutes of traffic: so many events in each, of which a share is bad. */
type Traffic = readonly (readonly [minutes: number, perMinute: number, badShare: number])[]

/** Both counters every so many minutes, as a daemon would have them. */
function series(instance: string, traffic: Traffic, everyMinutes: number): object[] {
  const totals = [0]
  const goods = [0]
  for (const [minutes, perMinute, badShare] of traffic) {
    for (let at = 0; at < minutes; at += everyMinutes) {
      const events = perMinute * everyMinutes
      totals.push(totals[totals.length - 1] + events)
      goods.push(goods[goods.length - 1] + Math.round(events * (1 - badShare)))
    }
  }
  const labels = `{job="sluice",instance="${instance}",slo="orders"}`
  return [
    { series: `sluice_slo_events_total${labels}`, values: totals.join(' ') },
    { series: `sluice_slo_good_events_total${labels}`, values: goods.join(' ') },
  ]
}

/** Alerts that are to fire at a minute: their names, empty for none. */
type Expected = readonly (readonly [minute: number, ...alerts: string[]])[]

/** Lets promtool judge traffic by the generated rules, as Prometheus would that scrapes and evaluates every so many minutes. */
async function judge(
  t: Test,
  name: string,
  daemons: readonly Traffic[],
  expected: Expected,
  everyMinutes = 1,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-promtool-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'slo.rules.yml'), prometheusRules([ORDERS], 'a test'))
  const test = {
    rule_files: ['slo.rules.yml'],
    evaluation_interval: `${everyMinutes}m`,
    // Else promtool takes groups in any order, and one that is read before it is recorded is stale after five minutes.
    group_eval_order: ['sluice-slo', `sluice-slo-${ORDERS.name}`],
    tests: [
      {
        interval: `${everyMinutes}m`,
        input_series: daemons.flatMap((traffic, index) => series(`daemon-${index}`, traffic, everyMinutes)),
        promql_expr_test: expected.map(([minute, ...alerts]) => ({
          expr: 'sum by (alertname) (ALERTS{alertstate="firing",slo="orders"})',
          eval_time: `${minute}m`,
          exp_samples: alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
        })),
      },
    ],
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'test.yml'), JSON.stringify(test))
  const promtool = await run(t, 'promtool', ['test', 'rules', join(folder, 'test.yml')])
  t.equal(promtool.code, 0, `${name}: ${promtool.stdout}${promtool.stderr}`)
}

t.test('an outage of ten minutes', { skip }, async (t) => {
  const outage: Traffic = [
    [12 * HOUR, 6000, 0],
    [10, 6000, 1],
    [7 * HOUR, 6000, 0],
  ]
  const [fast, slowly] = ['SluiceSloBurnsFast', 'SluiceSloBurnsSlowly']
  const begun = 12 * HOUR
  await judge(
    t,
    'found within two minutes, over when half an hour is nearly free of it, and a ticket until six hours are',
    [outage],
    [
      [begun],
      // 43.2 s of errors are as many as are allowed in the twelve hours that there are; 51.8 s are 14.4 times as many as in one hour.
      [begun + 2, fast, slowly],
      [begun + 10 + 25, fast, slowly],
      [begun + 10 + 32, slowly],
      [begun + 10 + 5 * HOUR + 50, slowly],
      [begun + 10 + 6 * HOUR + 2],
    ],
  )
})

t.test('what burns slowly, and what burns as allowed', { skip }, async (t) => {
  const twice: Traffic = [
    [3 * DAY, 6000, 0],
    [2 * DAY, 6000, 0.002],
  ]
  // After 36 hours, give or take what increases are extrapolated by.
  const found: Expected = [[3 * DAY + 34 * HOUR], [3 * DAY + 39 * HOUR, 'SluiceSloBurnsSlowly']]
  await judge(t, 'twice too fast: after half of three days', [twice], found, SLOW_MINUTES)
  await judge(t, 'nine tenths of what may be', [[[4 * DAY, 10_000, 0.0009]]], [[4 * DAY]], SLOW_MINUTES)
})

t.test('daemons of one job are judged together', { skip }, async (t) => {
  const busy: Traffic = [[5 * HOUR, 60_000, 0]]
  const sick: Traffic = [
    [4 * HOUR, 100, 0],
    [HOUR, 100, 1],
  ]
  await judge(t, 'a small one that is sick', [busy, sick], [[4 * HOUR + 30]])
  await judge(t, 'alone', [sick], [[4 * HOUR + 30, 'SluiceSloBurnsFast', 'SluiceSloBurnsSlowly']])
})

t.test('a few events are no reason to wake anybody', { skip }, async (t) => {
  const night = (bad: number): Traffic => [
    [HOUR, 0, 0],
    [1, bad, 1],
    [30, 0, 0],
  ]
  await judge(t, 'nine', [night(9)], [[HOUR + 3]])
  await judge(t, 'eleven', [night(11)], [[HOUR + 3, 'SluiceSloBurnsFast', 'SluiceSloBurnsSlowly']])
})

t.test('an objective that nobody measures', { skip }, async (t) => {
  await judge(t, 'no daemon', [], [[5], [11, 'SluiceSloUnmeasured']])
})

t.test('names and topics that would be something else in YAML or in a template', { skip }, async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'odd.rules.yml')
  const topics = `a.{{b}}.'"\\.#.>`
  writeFileSync(
    file,
    prometheusRules(
      [
        { ...ORDERS, name: 'null' },
        { ...ORDERS, name: '1-', topics, objective: 0.95 },
      ],
      'a: b',
    ),
  )
  const promtool = await run(t, 'promtool', ['check', 'rules', file])
  t.equal(promtool.code, 0, promtool.stdout + promtool.stderr)
  t.match(promtool.stdout, /SUCCESS: 14 rules found/)
  writeFileSync(file, prometheusRules([], 'a file without any'))
  t.equal((await run(t, 'promtool', ['check', 'rules', file])).code, 0)
})
