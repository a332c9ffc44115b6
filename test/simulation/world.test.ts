import t from 'tap'
import { DROP_REASONS } from '../../src/protocol/ops.js'
import { announceSeed, chooseSeed } from './seed.js'
import { type Report, World } from './world.js'

const SEEDS = 55
const EVENTS = 20_000

const first = chooseSeed()
announceSeed(first)
t.setTimeout(110_000)

t.test('order, conservation, gaps and pools hold in worlds by chance', async (t) => {
  const total = { events: 0, met: {} as Record<string, number> }
  for (let seed = first; seed < first + SEEDS; seed++) {
    let report: Report
    try {
      report = new World(seed).run(EVENTS)
    } catch (error) {
      t.fail(`seed ${seed}: ${(error as Error).message}`, {
        replay: `SLUICE_SEED=${seed} node build/test/simulation/world.test.js`,
        thrown: String((error as Error).stack),
      })
      return
    }
    total.events += report.events
    for (const [what, count] of Object.entries(report.met)) total.met[what] = (total.met[what] ?? 0) + count
  }
  t.ok(total.events >= 1_000_000, `${total.events} events`)
  t.comment(JSON.stringify(total.met))
  // A world that meets no limits shows nothing.
  for (const what of [
    ...DROP_REASONS.map((reason) => `dropped ${reason}`),
    'delivered',
    'expired in a lane',
    'unmatched',
    'refused 4001',
    'refused 4008',
    'refused 4529',
    'refused 4532',
    'refused 4500',
    'refused 4507',
    'slow consumers',
    'gaps',
    'topics evicted',
    'runs of many events',
    'slabs all held',
    'matches started anew',
    'links gone',
  ]) {
    t.ok(total.met[what] > 0, `met: ${what}`)
  }
})

t.test('a world replays from its seed', async (t) => {
  t.same(new World(first).run(3000), new World(first).run(3000))
})
