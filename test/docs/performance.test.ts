import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RESULTS } from '../../bench/report/paths.js'
import { GOALS } from '../../bench/report/performance/goals.js'
import { filled } from '../../bench/report/performance/markdown.js'
import { type Milestone, readMilestones } from '../../bench/report/performance/milestone.js'
import { PLOTS, performancePage } from '../../bench/report/performance/page.js'
import { SCENARIOS } from '../../bench/scenarios/index.js'
import { sampleReport } from '../helpers/bench-report.js'
import { imbalance } from '../helpers/markup.js'

const PAGE = join('docs', 'performance.md')
const FOLDER = join('docs', PLOTS)
const EMPTY = ['goals', 'latest', 'plots', 'history']
  .map((name) => `<!-- generated:${name} -->\n<!-- /generated -->`)
  .join('\n')

t.test('docs/performance.md is what bench/results makes of it (npm run bench:page writes it anew)', async (t) => {
  const current = readFileSync(PAGE, 'utf8')
  const { markdown, plots } = performancePage(current, readMilestones(RESULTS))
  t.equal(current, markdown)
  const present = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.svg')) : []
  t.same(present.sort(), [...plots.keys()].sort())
  for (const [name, svg] of plots) t.equal(readFileSync(join(FOLDER, name), 'utf8'), svg, name)
})

t.test('the words between the generated parts stay', async (t) => {
  const page =
    'before\n<!-- generated:a -->\nold\n<!-- /generated -->\nbetween\n<!-- generated:b --><!-- /generated -->\nafter\n'
  const once = filled(page, { a: 'new', b: 'too' })
  t.equal(
    once,
    'before\n<!-- generated:a -->\n\nnew\n\n<!-- /generated -->\nbetween\n<!-- generated:b -->\n\ntoo\n\n<!-- /generated -->\nafter\n',
  )
  t.equal(filled(once, { a: 'new', b: 'too' }), once, 'and a second time changes nothing')
  t.throws(() => filled(page, { a: '' }), /nothing is generated for <!-- generated:b -->/)
  t.throws(() => filled(page, { a: '', b: '', c: '' }), /no <!-- generated:c -->/)
  t.throws(() => filled('<!-- generated:a -->', { a: '' }), /has no <!-- \/generated -->/)
})

t.test('milestones: the latest beside its peers, all of them over time, plots that are there', async (t) => {
  const former = sampleReport()
  const later = sampleReport()
  const [first] = later.rows
  first.figures = { rate: { median: 15e6, runs: [15e6] } }
  later.machine.commit = 'fedcba9876543210'
  const milestones: Milestone[] = [
    { name: '2026-01-02-first', report: former },
    { name: '2026-01-03-second', report: later },
  ]
  const { markdown, plots } = performancePage(EMPTY, milestones)
  t.match(
    markdown,
    /`one-to-one-64` \| {2}\| deliveries \| \*\*15\.0 M\/s\*\* \| 8\.3 × \| 4\.29 × nats-server \(TCP\); 8\.82 × redis-server \(void\) \|/,
  )
  t.match(markdown, /`one-to-one-64` \| deliveries \| 12\.5 M\/s \| 15\.0 M\/s \|/)
  t.match(markdown, /✓ met: rate at least 10\.0 M\/s: \*\*12\.5 M\/s\*\*/)
  t.match(markdown, /\| 1,000 → 1, one a frame \| 1\.8 M\/s \| not measured \|/)
  t.match(markdown, /a &lt;b> \|/)
  const named = [...markdown.matchAll(/\]\(performance\/([^)]+)\)/g)].map(([, name]) => name)
  t.same(named.sort(), [...plots.keys()].sort())
  t.ok(plots.has('history.svg'))
  for (const [name, svg] of plots) {
    t.equal(imbalance(svg), null, name)
    t.match(svg, /prefers-color-scheme:dark/, name)
    t.notMatch(svg, /NaN|undefined/, name)
  }
})

t.test('what is aimed at is a floor of a scenario', async (t) => {
  for (const { what, floors, beyondFloors } of GOALS) {
    for (const { scenario, what: which } of [...floors, ...beyondFloors]) {
      const found = SCENARIOS.find(({ name }) => name === scenario)?.floors ?? []
      t.ok(
        found.some((floor) => which.test(floor.check([]).what)),
        `${what}: ${scenario} has a floor ${which}`,
      )
    }
  }
})
