import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SloStats } from '../../src/observe/stats.js'
import { Command } from '../helpers/command.js'

const ORDERS: SloStats = {
  name: 'orders',
  topics: 'orders.>',
  stage: 'delivery',
  thresholdMs: 1,
  objective: 0.999,
  windowDays: 28,
  good: 1_999_000,
  total: 2_000_000,
  budgetLeft: 0.5,
  burn: { '5m': 0, '30m': 1.25, '1h': 2, '6h': 0.5 },
  state: 'ok',
}
const TARGET = { best: 900_000, ratio: 0.5, eventsPerSecond: 1_800_000 }

/** An admin port with nothing but objectives. */
async function admin(t: Test, slos: readonly SloStats[]): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/slos' ? 200 : 404, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify({ slos, target: TARGET })}\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('status is a table', async (t) => {
  const fast: SloStats = {
    ...ORDERS,
    name: 'fast-ones',
    thresholdMs: 0.25,
    stage: 'routing',
    budgetLeft: -3.2,
    state: 'page',
  }
  const idle: SloStats = { ...ORDERS, name: 'idle', good: 0, total: 0, budgetLeft: 1 }
  const url = await admin(t, [ORDERS, fast, idle])
  const status = await Command.run(t, ['slo', 'status', '--admin', url])
  t.equal(status.code, 0)
  t.same(status.lines, [
    '           state  in time  objective                       events  budget left  burn 5m  burn 30m  burn 1h  burn 6h',
    'orders     ok     99.95 %  99.9 % < 1ms delivery, 28d   2,000,000         50 %      0.0       1.3      2.0      0.5',
    'fast-ones  page   99.95 %  99.9 % < 250us routing, 28d  2,000,000       -320 %      0.0       1.3      2.0      0.5',
    'idle       ok           –  99.9 % < 1ms delivery, 28d           0        100 %      0.0       1.3      2.0      0.5',
    'best of the last hour, over ten seconds: 900,000 events/s, 50 % of 1,800,000',
  ])
  const asJson = await Command.run(t, ['slo', 'status', '--json'], '', { env: { SLUICE_ADMIN_URL: url } })
  t.same(JSON.parse(asJson.stdout), { slos: [ORDERS, fast, idle], target: TARGET })
})

t.test('status without objectives says how to make one', async (t) => {
  const status = await Command.run(t, ['slo', 'status', '--admin', await admin(t, [])])
  t.match(status.lines[0], 'no objectives: a [[slo]] in the configuration makes one')
})

t.test('rules come from the configuration', async (t) => {
  const file = join(t.testdir(), 'sluice.toml')
  writeFileSync(
    file,
    '[[slo]]\nname = "orders"\ntopics = "orders.>"\nthreshold = "250us"\nobjective = 0.9995\nstage = "routing"\nwindow = "7d"\n',
  )
  const rules = await Command.run(t, ['slo', 'rules', file])
  t.equal(rules.code, 0)
  t.equal(rules.stderr, '')
  t.match(rules.stdout, `# Objectives of Sluice, from ${file}.`)
  t.match(rules.stdout, '# 99.95 % of events on orders.> through routing in less than 250us, over 7 days')
  for (const factor of [14.4, 6, 1]) t.match(rules.stdout, new RegExp(`\\{slo="orders"\\} > ${factor} \\* 0\\.0005\\n`))
  t.same(
    rules.lines.filter((line) => line.includes('- alert: ')).map((line) => line.trim()),
    ['- alert: SluiceSloBurnsFast', '- alert: SluiceSloBurnsSlowly', '- alert: SluiceSloUnmeasured'],
  )
  t.equal((await Command.run(t, ['slo', 'rules', '--config', file])).stdout, rules.stdout)

  const none = await Command.run(t, ['slo', 'rules', 'none'])
  t.equal(none.code, 0)
  t.match(none.stdout, /^groups: \[\]$/m)
  t.match(none.stderr, /^sluice: there is no \[\[slo\]\] in no file/)
  writeFileSync(file, '[[slo]]\nname = "orders"\n')
  const broken = await Command.run(t, ['slo', 'rules', file])
  t.equal(broken.code, 2)
  t.match(broken.stderr, `${file}:1:1 slo.topics: is missing`)
  t.equal(broken.stdout, '')
})

t.test('what is not understood is said', async (t) => {
  const cases: [words: string[], says: RegExp][] = [
    [[], /slo needs an action: status or rules/],
    [['state'], /slo state: status or rules\?/],
    [['status', 'x'], /slo status takes no argument: x/],
    [['status', '--slo.name', 'x'], /slo status asks a daemon; it reads no configuration/],
    [['rules', '--json'], /slo rules writes YAML; --json goes with status/],
    [['status', '--admin', '127.0.0.1:7402'], /say http:\/\/127\.0\.0\.1:7402/],
  ]
  for (const [words, says] of cases) {
    const command = await Command.run(t, ['slo', ...words])
    t.equal(command.code, 2, words.join(' '))
    t.match(command.stderr, says)
  }
  const nobody = await Command.run(t, ['slo', 'status', '--admin', 'http://127.0.0.1:9'])
  t.equal(nobody.code, 1)
})
