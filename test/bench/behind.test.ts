import t from 'tap'
import type { FlowResult } from '../../bench/generator/job.js'
import { behindNote } from '../../bench/report/behind.js'
import { flow, flowCase, rate, stream, subscriber } from '../../bench/scenarios/build.js'

const TOPIC = 'bench.one'

/** Two readers of a stream with a rate, and one of a flood. */
const ITEM = flowCase(
  '',
  flow(
    [stream(TOPIC, 1, { eventsPerSecond: 1000 }), stream(TOPIC, 1)],
    [subscriber([TOPIC], [0]), subscriber([TOPIC], [0]), subscriber([TOPIC], [1])],
  ),
  rate,
)

function delivered(...rates: number[]): FlowResult {
  return { streams: rates.map((deliveredToReadersPerSecond) => ({ deliveredToReadersPerSecond })) } as FlowResult
}

t.test('a peer that delivers less than was due is said to be behind', async (t) => {
  t.match(
    behindNote(ITEM, [delivered(1200, 9e6), delivered(1300, 9e6), delivered(2000, 9e6)]),
    /1\.30 k\/s of 2\.00 k\/s/,
  )
})

t.test('one that keeps up is not, nor is anything said of a flood', async (t) => {
  t.equal(behindNote(ITEM, [delivered(1990, 1)]), null)
  t.equal(behindNote(ITEM, []), null)
})
