import t from 'tap'
import { TARGET_EVENTS_PER_SECOND, Target } from '../../../src/observe/slo/target.js'
import { sampleWith } from '../../helpers/samples.js'

/** Ticks once a second at a rate that may change, and returns the time. */
function run(target: Target, from: { atMs: number; routed: number }, seconds: number, perSecond: number) {
  let { atMs, routed } = from
  for (let i = 0; i < seconds; i++) {
    atMs += 1000
    routed += perSecond
    target.tick(sampleWith({ atMs, core: { routed } }))
  }
  return { atMs, routed }
}

t.test('the best that was held for ten seconds within the last hour', (t) => {
  const target = new Target()
  let at = run(target, { atMs: 900_000, routed: 0 }, 10, 900_000)
  t.equal(target.best, 0, 'nine seconds are not yet ten')
  at = run(target, at, 1, 900_000)
  t.equal(target.best, 900_000)
  t.equal(target.ratio, 0.5)
  t.equal(TARGET_EVENTS_PER_SECOND, 1_800_000)

  at = run(target, at, 1, 9_000_000)
  t.equal(target.best, 1_710_000, 'one second of a burst counts as a tenth')
  at = run(target, at, 30, 0)
  at = run(target, at, 3500, 100_000)
  t.equal(target.best, 1_710_000, 'still within the hour')
  run(target, at, 120, 100_000)
  t.equal(target.best, 100_000, 'and not any more')
  t.end()
})

t.test('samples that come late are spread over their time', (t) => {
  const target = new Target()
  for (const [atMs, routed] of [
    [0, 0],
    [1000, 1000],
    [31_000, 1000],
    [32_000, 40_000],
  ]) {
    target.tick(sampleWith({ atMs, core: { routed } }))
  }
  t.ok(target.best < 1300, `${target.best}: 40,000 events in 32 s`)
  t.end()
})
