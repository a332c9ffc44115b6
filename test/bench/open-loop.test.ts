import t from 'tap'
import type { FlowSpec } from '../../bench/generator/job.js'
import {
  asFastAsItGoes,
  findLoads,
  NOTHING_KNOWN,
  type OpenLoop,
  problemOf,
  rehearsalsOf,
  rehearse,
  shapesOf,
  underLoad,
} from '../../bench/open-loop.js'
import { flow, flowCase, rate, stream, subscriber } from '../../bench/scenarios/build.js'
import type { Case, FlowCase, RelativeLoad } from '../../bench/scenarios/scenario.js'
import type { Station } from '../../bench/station.js'

const ONE_TO_ONE = flow([stream('t', 1)], [subscriber(['t'], [0])])
const paced = (eventsPerSecond: number): FlowSpec =>
  flow([stream('t', 1, { eventsPerSecond })], [subscriber(['t'], [0])])

function loaded(percent: number, of?: 'sluice'): FlowCase {
  const load: RelativeLoad = { percent, shares: [1], ...(of !== undefined && { of }) }
  return { ...flowCase(`${percent} %`, ONE_TO_ONE, rate), load }
}

/** A station that rehearses as it is told to. */
function placed(subject: string, item: Case, problems: (flow: FlowSpec) => string | null = () => null) {
  const rehearsed: number[] = []
  const station = {
    subject: { name: subject },
    async rehearse(_: Case, spec: FlowSpec) {
      rehearsed.push(spec.streams[0].eventsPerSecond)
      return problems(spec)
    },
  } as unknown as Station
  const one: { item: Case; open: OpenLoop } = { item, open: { ...NOTHING_KNOWN } }
  return { station, one, rehearsed }
}

const attempt = async (_: unknown, __: string, run: () => Promise<void>) => {
  await run().catch(() => {})
}

t.test('rates are shares of a capacity', async (t) => {
  const three = flow([stream('a', 1), stream('b', 1), stream('c', 1)], [subscriber(['a', 'b', 'c'], [0, 1, 2])])
  const { flow: found, load } = underLoad(three, { percent: 200, shares: [0.01, 0.09, 0.9] }, 1e6, 1e6)
  t.same(
    found?.streams.map(({ eventsPerSecond }) => eventsPerSecond),
    [20_000, 180_000, 1_800_000],
  )
  t.match(load, /2\.00 M\/s, 200 % of the 1\.00 M\/s that it reached/)
})

t.test('who has less capacity than the rate is left out, and told', async (t) => {
  const load: RelativeLoad = { percent: 50, shares: [1], of: 'sluice' }
  t.match(underLoad(ONE_TO_ONE, load, 4e6, 10e6), {
    flow: null,
    unable: /reached 4\.00 M\/s.*less than 5\.00 M\/s/,
  })
  t.equal(underLoad(ONE_TO_ONE, load, 5e6, 10e6).unable, null)
})

t.test('a capacity is measured once for all cases of a subject, and is the median', async (t) => {
  const measured = [3e6, 9e6, 1e6]
  let calls = 0
  const series = [placed('sluice', loaded(50)), placed('sluice', loaded(90)), placed('nats', loaded(50, 'sluice'))]
  await findLoads(series, attempt, async (station, spec) => {
    t.equal(spec.streams[0].eventsPerSecond, 0, 'as fast as it goes')
    return station.subject.name === 'nats' ? 1e6 : measured[calls++ % 3]
  })
  t.equal(calls, 3)
  t.same(
    series.map(({ one }) => one.open.flow?.streams[0].eventsPerSecond ?? null),
    [1_500_000, 2_700_000, null],
  )
  t.match(series[2].one.open.unable, /1\.00 M\/s/)
})

t.test('where no capacity could be measured there is no load', async (t) => {
  const series = [placed('sluice', loaded(50))]
  await findLoads(series, attempt, async () => {
    throw new Error('nobody there')
  })
  t.match(series[0].one.open.unable, /could not be measured/)
  t.same(rehearsalsOf(series), [])
})

t.test('twice the highest rate stands for all below; what the generator cannot do is void', async (t) => {
  const all = [100_000, 900_000, 500_000].map((perSecond) => placed('sluice', flowCase('', paced(perSecond), rate)))
  await rehearse(all, attempt)
  t.same(
    all.flatMap(({ rehearsed }) => rehearsed),
    [1_800_000],
  )
  t.same(
    all.map(({ one }) => one.open.voidBecause),
    [null, null, null],
  )

  const limit = (spec: FlowSpec) => (spec.streams[0].eventsPerSecond > 1e6 ? 'too fast' : null)
  const some = [100_000, 900_000, 500_000].map((perSecond) =>
    placed('sluice', flowCase('', paced(perSecond), rate), limit),
  )
  await rehearse(some, attempt)
  t.same(
    some.map(({ one }) => one.open.voidBecause),
    [null, 'too fast', null],
  )
  t.same(
    some.map(({ rehearsed }) => rehearsed),
    [[], [1_800_000], [1_000_000]],
  )

  const failing = placed('sluice', flowCase('', paced(1), rate), () => {
    throw new Error('gone')
  })
  await rehearse([failing], attempt)
  t.match(failing.one.open.voidBecause, /not shown/, 'a rehearsal that fails shows nothing')
})

t.test('a flood is no open loop', async (t) => {
  t.same(rehearsalsOf([placed('sluice', flowCase('', ONE_TO_ONE, rate))]), [])
  t.same(shapesOf([flowCase('', ONE_TO_ONE, rate)], 'paced'), [])
  t.equal(shapesOf([loaded(10), loaded(50)], 'loaded').length, 1)
  t.equal(shapesOf([loaded(10), flowCase('', paced(5), rate)], 'paced').length, 1)
  t.same(asFastAsItGoes(paced(7)), ONE_TO_ONE)
})

t.test('what a generator has to show', async (t) => {
  const fanOut = flow([stream('t', 64, { eventsPerSecond: 1000 })], [subscriber(['t'], [0]), subscriber(['t'], [0])])
  const shown = { sentShare: 0.999, lateP99Us: 400, receivedPerSecond: 2000 }
  t.equal(problemOf(shown, fanOut), null)
  t.match(problemOf({ ...shown, sentShare: 0.97 }, fanOut), /97\.0 % of what was due/)
  t.match(problemOf({ ...shown, lateP99Us: 1001 }, fanOut), /1001 µs late/)
  t.match(problemOf({ ...shown, receivedPerSecond: 1999 }, fanOut), /received 1999\/s of 2000\/s/)
})
