import t from 'tap'
import { glanceAt } from '../../bench/report/glance.js'
import { escaped } from '../../bench/report/html/markup.js'
import { pageOf } from '../../bench/report/html/page.js'
import { plotsOf } from '../../bench/report/html/plots.js'
import { merged } from '../../bench/report/merge.js'
import { histogramOf, milestoneText, reportText } from '../../bench/report/store.js'
import { sampleHistogram, sampleReport } from '../helpers/bench-report.js'
import { imbalance } from '../helpers/markup.js'

const report = sampleReport()
const page = pageOf(report)

function plots(name: string) {
  const scenario = report.scenarios.find((each) => each.name === name)
  if (scenario === undefined) throw new Error(name)
  return plotsOf(report, scenario, 460)
}

t.test('the page is whole, needs nothing else, and shows no text as markup', async (t) => {
  t.equal(imbalance(page), null)
  t.notMatch(page, /<(script|link|img|iframe)\b/)
  t.notMatch(page.replaceAll('http://www.w3.org/2000/svg', ''), /https?:|url\((?!#)/)
  t.ok(page.includes('Example &lt;9000&gt; &amp; Co.'))
  t.ok(page.includes('Something &lt;new&gt; &quot;later&quot;'))
  t.notOk(page.includes('<new>'))
  t.notMatch(page, /undefined|NaN|Infinity|\[object/)
})

t.test('it says where, what, how, and what came of it', async (t) => {
  for (const text of [report.machine.kernel, report.machine.node, report.machine.commit, 'daemon and peers on core 0'])
    t.ok(page.includes(text), text)
  for (const { name, title } of report.scenarios) {
    t.ok(page.includes(`id="${name}"`), name)
    t.ok(page.includes(escaped(title)), title)
  }
  for (const words of ['✓ PASS', '✗ SHORT', '– void', '– n/a']) t.ok(page.includes(words), words)
  t.ok(page.includes('not measured: not installed'))
  t.ok(page.includes('3.57 ×'), 'beside a peer')
  t.ok(page.includes('+1.0 %'), 'A against A')
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  t.equal(new Set(ids).size, ids.length, 'no id twice')
  t.equal([...page.matchAll(/<svg /g)].length, [...page.matchAll(/<svg [^>]*role="img" aria-label="[^"]+"/g)].length)
})

t.test('what was cut short, or not pinned, says so first', async (t) => {
  const cut = pageOf({
    ...report,
    isCut: true,
    pinning: { subjectCore: null, generatorCore: null, problem: 'no <taskset>' },
  })
  t.match(cut, /role="alert">The benchmark was interrupted/)
  t.match(cut, /role="alert">Not pinned, so the figures are not comparable: no &lt;taskset&gt;/)
  t.notMatch(page, /role="alert"/)
})

t.test('bars: a void one is hatched, and in words', async (t) => {
  const [bars] = plots('one-to-one-64')
  t.equal(imbalance(bars.svg), null)
  t.equal([...bars.svg.matchAll(/fill="url\(#[^"]+-hatch\)"/g)].length, 1)
  t.match(bars.svg, />void</)
  const widths = [...bars.svg.matchAll(/class="mark"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width))
  t.ok(Math.abs(widths[0] / widths[1] - 12.5 / 3.5) < 0.01, 'as long as the figures are')
})

t.test('a scenario with an axis is curves: a line for each size, or for each system', async (t) => {
  const [payloads] = plots('payloads')
  t.equal([...payloads.svg.matchAll(/class="curve"/g)].length, 6)
  t.equal([...payloads.svg.matchAll(/class="void"/g)].length, 1, 'the void point is hollow')
  const sweep = plots('load-sweep')
  t.same(
    sweep.filter(({ isDetail }) => !isDetail).map(({ title }) => title),
    ['p50', 'p99', 'p99.9'],
  )
  t.ok(sweep.every(({ svg }) => imbalance(svg) === null))
  t.match(sweep[0].svg, /nats-server \(TCP\), load, % of capacity 50: \d+/)
})

t.test('percentiles have a line for each system, that never falls', async (t) => {
  const plot = plots('latency-100k').find(({ title }) => title === 'latency by percentile')
  const lines = [...(plot?.svg ?? '').matchAll(/class="curve" d="M([^"]+)"/g)]
  t.equal(lines.length, 3)
  for (const [, path] of lines) {
    const heights = path.split('L').map((point) => Number(point.split(' ')[1]))
    t.ok(heights.every((y, i) => i === 0 || y <= heights[i - 1]))
  }
  t.match(plot?.svg, /p99\.9: [\d.]+ µs/)
})

t.test('figures over time are drawn, and those that nobody has heard of', async (t) => {
  t.same(
    plots('over-time').map(({ title }) => title),
    ['unheardOf', 'memory over time'],
  )
})

t.test('what is no number is left out, in memory and from a file', async (t) => {
  const [first, ...others] = report.rows
  for (const nothing of [Infinity, NaN, null as unknown as number]) {
    const rate = { median: nothing, runs: [nothing, 1] }
    const odd = { ...report, rows: [{ ...first, figures: { rate } }, ...others] }
    t.notMatch(pageOf(odd), /NaN|Infinity|undefined/)
    t.equal(glanceAt(odd, 'one-to-one-64').ours, null)
  }
})

t.test('at a glance: the nearest peer, whoever is void', async (t) => {
  t.match(glanceAt(report, 'one-to-one-64'), {
    figure: 'rate',
    peer: { subject: { name: 'nats' }, times: 12.5 / 3.5 },
  })
  const latency = glanceAt(report, 'latency-100k')
  t.equal(latency.figure, 'p99')
  t.ok(Math.abs((latency.peer?.times ?? 0) - 34 / 27) < 1e-9, 'of latencies the lower is the better')
  t.match(glanceAt(report, 'nothing'), { figure: null, ours: null, peer: null })
  const limited = { ...report, subjects: report.subjects.map((each) => ({ ...each, isLimit: each.name === 'nats' })) }
  t.equal(glanceAt(limited, 'one-to-one-64').peer?.subject.name, 'redis', 'a limit is no peer')
})

t.test('a report survives being written, and a milestone has one histogram a row', async (t) => {
  t.same(JSON.parse(reportText(report)).verdicts, report.verdicts)
  const histograms = [sampleHistogram(20), sampleHistogram(30)]
  const twice = {
    ...report,
    rows: report.rows.map((row) => ({ ...row, histograms: row.histograms.length > 0 ? histograms : [] })),
  }
  const kept = JSON.parse(milestoneText(twice, null)) as typeof report
  const row = kept.rows.find(({ scenario }) => scenario === 'latency-100k')
  t.equal(row?.histograms.length, 1)
  t.equal(histogramOf(row?.histograms ?? [])?.totalCount, histogramOf(histograms)?.totalCount)
  t.equal(histogramOf([]), null)
})

t.test('a scenario that is measured again replaces what was there, on the same machine only', async (t) => {
  const again = { ...report, at: '2026-02-02T00:00:00.000Z' }
  const one = {
    ...again,
    scenarios: again.scenarios.slice(0, 1),
    rows: again.rows.slice(0, 2),
    verdicts: again.verdicts.slice(0, 1),
  }
  const both = merged(report, one)
  t.equal(both.at, report.at)
  t.equal(both.scenarios.length, report.scenarios.length)
  t.equal(both.rows.filter(({ scenario }) => scenario === 'one-to-one-64').length, 2)
  t.equal(both.rows.length, report.rows.length - 1)
  t.equal(both.verdicts.length, report.verdicts.length - 1)
  t.throws(
    () => merged(report, { ...one, machine: { ...one.machine, node: 'v22' } }),
    /different machines: node v20\.20\.2 and v22/,
  )
})
