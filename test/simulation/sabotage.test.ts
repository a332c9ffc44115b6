import t from 'tap'
import { SABOTAGES } from './sabotage.js'
import { announceSeed, chooseSeed } from './seed.js'
import { World } from './world.js'

const EVENTS = 8_000
/** A fault needs a world in which it can happen: links that fill up, policies that conflate. */
const WORLDS_MAX = 40

const first = chooseSeed()
announceSeed(first)
t.setTimeout(110_000)

for (const sabotage of SABOTAGES) {
  t.test(`the checks find it when ${sabotage.name}`, async (t) => {
    for (let i = 0; i < WORLDS_MAX; i++) {
      const world = new World(first + i, sabotage)
      try {
        world.run(EVENTS)
      } catch (error) {
        t.match(error, { name: /^(Broken|AssertionFailed)$/ }, (error as Error).message)
        return
      }
    }
    t.fail(
      `not found in ${WORLDS_MAX} worlds; replay: SLUICE_SEED=${first} node build/test/simulation/sabotage.test.js`,
    )
  })
}
