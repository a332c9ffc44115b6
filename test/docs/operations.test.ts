// What the documents, the rules and the dashboards name is there, and what is there is named.
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { SECTIONS } from '../../src/config/sections/index.js'
import { STAGE_NAMES } from '../../src/core/latency.js'
import { prometheusRules } from '../../src/observe/slo/rules.js'
import { LIMITS, STATS_TOPIC } from '../../src/observe/stats.js'
import { DROP_REASONS } from '../../src/protocol/ops.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { FaultyDaemon } from '../helpers/faulty-daemon.js'
import { ORDERS } from '../helpers/slo.js'
import { busyStats } from '../helpers/stats.js'
import { filesBelow, textOf } from '../house/files.js'

if (opensslMissing !== false) {
  t.plan(0, opensslMissing)
  process.exit()
}

const OPERATIONS = textOf('docs/operations.md')
const PROTOCOL = textOf('docs/protocol.md')
const CONFIGURATION = `
[observe]
webhook = "http://127.0.0.1:9/"
[[slo]]
name = "orders"
topics = "orders.>"
threshold = "1ms"
objective = 0.999
`

interface Documented {
  readonly type: string
  readonly labels: readonly string[]
}

/** Rows of the tables of metrics, by name. */
const documented = new Map<string, Documented>(
  [...OPERATIONS.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \| ([^|]*)\| ([^|]+) \|/gm)].map(
    ([, name, type, labels]) => [name, { type, labels: namesIn(labels) }],
  ),
)

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
}

/** Lines of a table between `<!-- name:begin -->` and its end: what is in backquotes in the first cell, and in the second. */
function tableOf(name: string): { keys: string[]; says: string[] }[] {
  const [, table] = new RegExp(`<!-- ${name}:begin -->(.*)<!-- ${name}:end -->`, 's').exec(PROTOCOL) ?? []
  return [...(table ?? '').matchAll(/^\| (`.*?) \| (.*) \|$/gm)].map(([, keys, says]) => ({
    keys: namesIn(keys),
    says: namesIn(says),
  }))
}

/** Everything in a text that looks like the name of one of our metrics; names that rules record are not. */
function metricsIn(text: string): string[] {
  const names = [...text.matchAll(/(?<![\w:])(sluice_[a-z0-9_]+|process_[a-z0-9_]+)/g)].map(([name]) => name)
  return [...new Set(names.map((name) => (isHistogramSeries(name) ? name.replace(/_(bucket|sum|count)$/, '') : name)))]
}

function isHistogramSeries(name: string): boolean {
  return documented.get(name.replace(/_(bucket|sum|count)$/, ''))?.type === 'histogram'
}

/** The anchors that a document's headings have, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** The variable that the dashboard asks for when it is imported. */
const CHOSEN = '$' + '{datasource}'

const RULES = filesBelow('config/prometheus').map(textOf).join('\n') + prometheusRules([ORDERS], 'a test')
const DASHBOARD = textOf('config/grafana/sluice.json')

t.test('metrics', async (t) => {
  const { certificateFile, keyFile } = makeCertificate(t)
  const daemon = await FaultyDaemon.start(
    t,
    {
      'http2.enabled': 'true',
      'http2.port': '0',
      'https.port': '0',
      'tls.certificate': certificateFile,
      'tls.key': keyFile,
    },
    CONFIGURATION,
  )
  const bus = await connect(daemon.url)
  t.teardown(() => bus.close())
  await bus.subscribe('orders.>', { onEvent: () => {} }).ready
  bus.publish('orders.eu', 1)
  await bus.sync()
  const text = await (await fetch(`${daemon.adminUrl}/metrics`)).text()
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))

  t.ok(types.size > 50, `${types.size} metrics`)
  t.same([...types.keys()].filter((name) => !documented.has(name)).sort(), [], 'each is in docs/operations.md')
  t.same([...documented.keys()].filter((name) => !types.has(name)).sort(), [], 'each in docs/operations.md is there')
  for (const [name, { type }] of documented) t.equal(type, types.get(name), `the type of ${name}`)

  const wrong = [...text.matchAll(/^([a-z0-9_]+)\{(.*)\} \S+$/gm)].flatMap(([line, name, labels]) => {
    const base = isHistogramSeries(name) ? name.replace(/_(bucket|sum|count)$/, '') : name
    const found = [...labels.matchAll(/([a-z_]+)="/g)].map(([, label]) => label).filter((label) => label !== 'le')
    return found.join() === documented.get(base)?.labels.join() ? [] : [line]
  })
  t.same(wrong, [], 'with its labels')

  t.same(
    metricsIn(RULES).filter((name) => !types.has(name)),
    [],
    'what rules ask for is there',
  )
  t.same(
    metricsIn(DASHBOARD).filter((name) => !types.has(name)),
    [],
    'what Grafana draws is there',
  )
  const undrawn = [...types.keys()].filter((name) => !metricsIn(DASHBOARD).includes(name) && !UNDRAWN.test(name))
  t.same(undrawn, [], 'what is there is drawn')

  t.test('pages of the admin port', async (t) => {
    const { detail } = (await (await fetch(`${daemon.adminUrl}/none`)).json()) as { detail: string }
    const known = [...detail.matchAll(/\/[\w./:-]*/g)]
      .map(([path]) => path)
      .filter((path) => !path.startsWith('/dashboard/'))
    const told = [...OPERATIONS.matchAll(/`(?:GET|POST|DELETE) (\/[^?` ]*)/g)].map(([, path]) => path)
    t.same([...new Set(told)].sort(), [...new Set(known)].sort())
  })

  t.test('$sys.stats has the keys that docs/protocol.md says', async (t) => {
    const stats = await new Promise<Record<string, unknown>>((resolve) => {
      bus.subscribe(STATS_TOPIC, { onEvent: ({ value }) => resolve(value as Record<string, unknown>) })
    })
    const table = tableOf('stats')
    t.same(Object.keys(stats).sort(), table.flatMap(({ keys }) => keys).sort())
    for (const key of ['server', 'rates', 'totals', 'pending', 'memory', 'loop', 'target']) {
      const { says = [] } = table.find(({ keys }) => keys.includes(key)) ?? {}
      for (const field of Object.keys(stats[key] as object)) t.ok(says.includes(field), `${key}.${field}`)
    }
    t.same(
      Object.keys(stats.bottleneck as object).sort(),
      tableOf('bottleneck')
        .flatMap(({ keys }) => keys)
        .sort(),
    )
  })
})

/** Of use in a question of its own, not as a curve. */
const UNDRAWN =
  /^sluice_(config_\w+|deliveries_due_total|sessions|runs_held|batches_held|pages_held|unfinished_\w+|heap_limit_bytes|stats_history_bytes|http_streams\w*|gc_pauses_total|tls_handshakes_under_way|tls_reloads\w*|scrape\w*|snapshot_age_seconds|observer_deaths_total)$/

t.test('lists inside of $sys.stats', async (t) => {
  const { slow, slos, drops, lanes, classes, anomalies } = busyStats()
  const told = (key: string): string[] => tableOf('stats').find(({ keys }) => keys.includes(key))?.says ?? []
  const slo = tableOf('slo').find(({ keys }) => keys.includes('slo'))?.says ?? []
  for (const field of Object.keys(slow[0])) t.ok(told('slow').includes(field), `slow ${field}`)
  for (const field of Object.keys(lanes[0])) t.ok(told('lanes').includes(field), `lanes ${field}`)
  for (const field of Object.keys(classes[0])) t.ok(told('classes').includes(field), `classes ${field}`)
  for (const field of Object.keys(anomalies[0])) t.ok(told('anomalies').includes(field), `anomalies ${field}`)
  for (const field of Object.keys(slos[0])) t.ok(slo.includes(field), `slo ${field}`)
  for (const field of Object.keys(drops[0])) t.match(PROTOCOL, new RegExp(`\\{[^}]*\\b${field}\\b`))
})

t.test('alerts', async (t) => {
  const alerts = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  const sections = [...OPERATIONS.matchAll(/^### (Sluice\w+)$/gm)].map(([, name]) => name)
  t.ok(alerts.length > 3)
  t.same([...new Set(alerts)].sort(), sections.sort(), 'each has its section, and each section its alert')
  for (const [, severity, name] of RULES.matchAll(/severity: (\w+)[\s\S]*?runbook: docs\/operations\.md#(\w+)/g)) {
    const [, said] = new RegExp(`^### ${name}\n\n\`(\\w+)\``, 'im').exec(OPERATIONS) ?? []
    t.equal(said, severity, `the severity of ${name}`)
  }
})

t.test('limits, stages and reasons', async (t) => {
  for (const name of [...LIMITS, ...STAGE_NAMES]) t.match(OPERATIONS, `\n| \`${name}\` |`)
  for (const reason of DROP_REASONS) t.match(OPERATIONS, new RegExp(`^\\|[^|]*\`${reason}\``, 'm'))
})

t.test('options of the configuration', async (t) => {
  const reference = textOf('config/sluice.toml').replaceAll('; live\n', '\n')
  const named = [...OPERATIONS.matchAll(/`([a-z0-9]+)\.([a-z_]+)( = [^`]*)?`/g)]
  const options = named.filter(([, section]) => section in SECTIONS)
  t.ok(options.length > 5)
  t.same(
    options
      .filter(([, section, key]) => !reference.includes(`SLUICE_${section}_${key}\n`.toUpperCase()))
      .map(([text]) => text),
    [],
  )
})

t.test('links lead somewhere', async (t) => {
  const documents = filesBelow('docs').filter((path) => path.endsWith('.md'))
  const anchors = new Map(documents.map((path) => [path.replace('docs/', ''), anchorsOf(textOf(path))]))
  for (const document of ['operations.md', 'protocol.md']) {
    const links = [...textOf(`docs/${document}`).matchAll(/\]\(([\w.-]*)#([\w-]+)\)/g)]
    const dead = links.filter(([, file, anchor]) => !anchors.get(file === '' ? document : file)?.has(anchor))
    t.same(
      dead.map(([text]) => text),
      [],
      document,
    )
  }
})

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[]
}

t.test('the dashboard for Grafana', async (t) => {
  const { panels, templating } = JSON.parse(DASHBOARD) as {
    panels: Panel[]
    templating: { list: { name: string; type: string; query: unknown }[] }
  }
  t.match(templating.list[0], { name: 'datasource', type: 'datasource', query: 'prometheus' })
  const drawn = panels.filter(({ type }) => type !== 'row')
  t.ok(drawn.length > 20)
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids are unique')
  for (const { title, datasource, targets = [] } of drawn) {
    const uids = [datasource?.uid, ...targets.map((target) => target.datasource.uid)]
    t.ok(
      uids.every((uid) => uid === CHOSEN),
      `${title} is of the data source that was chosen`,
    )
    t.ok(
      targets.length > 0 && targets.every(({ expr }) => expr.includes('instance=~"$instance"')),
      `${title} is of the daemons that were chosen`,
    )
  }
  const overlapping = panels.flatMap((a) =>
    panels.filter((b) => b.id > a.id && overlap(a.gridPos, b.gridPos)).map((b) => `${a.title}, ${b.title}`),
  )
  t.same(overlapping, [])

  const labels = [...DASHBOARD.matchAll(/\bby \(([^)]*)\)[^"]*?(sluice_[a-z0-9_]+|process_[a-z0-9_]+)/g)]
  t.ok(labels.length > 10)
  const unknown = labels.filter(([, by, name]) => {
    const known = documented.get(isHistogramSeries(name) ? name.replace(/_bucket$/, '') : name)?.labels ?? []
    return by.split(', ').some((label) => label !== 'le' && !known.includes(label))
  })
  t.same(
    unknown.map(([text]) => text),
    [],
    'labels that are grouped by are there',
  )
})

const noPromtool = spawnSync('promtool', ['--version']).status === 0 ? false : 'no promtool'

t.test('Prometheus understands what Grafana asks', { skip: noPromtool }, async (t) => {
  const { panels } = JSON.parse(DASHBOARD) as { panels: Panel[] }
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const rules = asked.map((expr, index) => {
    const plain = expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance)/g, '.*')
    return `      - record: asked${index}\n        expr: ${JSON.stringify(plain)}\n`
  })
  const file = `${t.testdir({ 'asked.yml': `groups:\n  - name: asked\n    rules:\n${rules.join('')}` })}/asked.yml`
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
  t.equal(status, 0, `${stdout}${stderr}`)
  t.match(stdout, `SUCCESS: ${asked.length} rules found`)
})

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}
