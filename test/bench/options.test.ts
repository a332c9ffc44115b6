import t from 'tap'
import { listText, parseOptions } from '../../bench/options.js'
import { SCENARIOS } from '../../bench/scenarios/index.js'
import { PEERS } from '../../bench/subjects/index.js'
import { timingOf } from '../../bench/timing.js'

const NOW = new Date('2026-01-02T03:04:05.678Z')

function parsed(...argv: string[]) {
  const options = parseOptions(argv, NOW)
  if (options === null) throw new Error('a request for help')
  return options
}

t.test('everything is measured by default, and goes where it is not in the way', async (t) => {
  const { task, scenarios, peers, json, html, milestone, timing } = parsed()
  t.equal(task, 'measure')
  t.same(
    scenarios.map(({ name }) => name),
    SCENARIOS.map(({ name }) => name),
  )
  t.same(peers, PEERS)
  t.equal(json, 'build/bench-report/2026-01-02T03-04-05.json')
  t.equal(html, 'build/bench-report/2026-01-02T03-04-05.html')
  t.equal(milestone, null)
  t.match(timing, { isQuick: false, runs: null, measureMs: null })
  t.equal(parseOptions(['--help']), null)
  t.equal(parsed('--list').task, 'list')
})

t.test('quick without a name is a selection, with one it is that', async (t) => {
  const quick = parsed('--quick')
  t.same(quick.peers, ['nats', 'nats-websocket', 'redis'])
  t.ok(quick.scenarios.length > 0 && quick.scenarios.length < SCENARIOS.length)
  t.ok(quick.scenarios.every(({ cases }) => cases.length > 0 && cases.every(({ isQuick }) => isQuick === true)))
  const named = parsed('--quick', 'one-to-one-64')
  t.same(
    named.scenarios.map(({ name }) => name),
    ['one-to-one-64'],
  )
  t.same(named.peers, PEERS)
  t.same(parsed('--quick', '--peers', 'redis').peers, ['redis'])
  t.same(parsed('--peers', 'none').peers, [])
})

t.test('a scenario has its own times, unless others are asked for', async (t) => {
  const own = { runsMax: 2, measureMs: 5000 }
  const full = { isQuick: false, runs: null, warmupMs: null, measureMs: null }
  t.same(timingOf({}, full), { runs: 5, warmupMs: 600, measureMs: 2000 })
  t.same(timingOf(own, full), { runs: 2, warmupMs: 600, measureMs: 5000 })
  t.same(timingOf(own, { ...full, runs: 9, measureMs: 100, warmupMs: 0 }), { runs: 9, warmupMs: 0, measureMs: 100 })
  t.same(timingOf(own, { ...full, runs: 3 }).runs, 2, 'less than usual is the most there is')
  t.same(timingOf({ runsMax: 2, measureMs: 1000 }, { ...full, measureMs: 1500 }).measureMs, 1000)
  t.same(timingOf(own, { ...full, isQuick: true }), { runs: 2, warmupMs: 300, measureMs: 700 })
  t.same(timingOf({ measureMs: 300 }, { ...full, isQuick: true }).measureMs, 300)
})

t.test('a milestone is a file of the day', async (t) => {
  t.equal(parsed('--milestone', 'fast-reads').milestone, 'bench/results/2026-01-02-fast-reads.json')
  t.throws(() => parsed('--milestone', '../x'), /--milestone: \.\.\/x is no name/)
})

t.test('what is wrong is said', async (t) => {
  t.throws(() => parsed('nothing'), /there is no scenario or group nothing; there are bus, /)
  t.throws(() => parsed('--peers', 'kafka'), /--peers: there is no kafka; there are nats, /)
  t.throws(() => parsed('--runs', '0'), /--runs: 0 is not an integer of at least 1/)
  t.throws(() => parsed('--runs', ''), /--runs/)
  t.throws(() => parsed('--cores', '1'), /--cores wants two numbers/)
  t.throws(() => parsed('--from', 'no-such-file.json'), /--from: there is no file no-such-file\.json/)
  t.throws(() => parsed('--swift'), /Unknown option '--swift'/)
})

t.test('the list has every scenario, under its group', async (t) => {
  const lines = listText(SCENARIOS).split('\n')
  for (const { name, group } of SCENARIOS) {
    const at = lines.findIndex((line) => line.startsWith(`  ${name} `))
    const head = lines.slice(0, at).findLast((line) => !line.startsWith(' '))
    t.equal(head, group, name)
  }
})
