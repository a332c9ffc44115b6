import t from 'tap'
import { PermissionsWorld } from './permissions-world.js'
import { announceSeed, chooseSeed } from './seed.js'

const isLong = ['1', 'permissions'].includes(process.env.SLUICE_LONG ?? '')
/** With SLUICE_LONG=permissions more than a million decisions are compared. */
const SEEDS = isLong ? 8000 : 150
const OPERATIONS = 150

const first = chooseSeed()
announceSeed(first)
t.setTimeout(isLong ? 3_600_000 : 110_000)

t.test('who may publish what, and who gets it, is as an oracle says that looks at every rule each time', async (t) => {
  let cases = 0
  const met: Record<string, number> = {}
  for (let seed = first; seed < first + SEEDS; seed++) {
    try {
      const report = new PermissionsWorld(seed).run(OPERATIONS)
      cases += report.cases
      for (const [what, count] of Object.entries(report.met)) met[what] = (met[what] ?? 0) + count
    } catch (error) {
      t.fail(`seed ${seed}: ${(error as Error).message}`, {
        replay: `SLUICE_SEED=${seed} node build/test/simulation/permissions-world.test.js`,
        thrown: String((error as Error).stack),
      })
      return
    }
  }
  t.ok(cases > SEEDS * OPERATIONS, `${cases} decisions`)
  t.comment(JSON.stringify(met))
  // A world in which nothing is refused shows nothing.
  for (const what of [
    'delivered',
    'not delivered to one who is subscribed',
    'granted at once',
    'refused 4008',
    'refused 4506',
    'refused 4528',
    'refused 4529',
    'refused 4532',
    'subscribe 0',
    'subscribe 4528',
    'subscribe 4529',
  ]) {
    t.ok(met[what] > 0, `met: ${what}`)
  }
})
