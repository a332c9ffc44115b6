import t from 'tap'
import { topicAt } from '../../bench/generator/cycle.js'
import type { FlowSpec } from '../../bench/generator/job.js'
import { SCENARIOS } from '../../bench/scenarios/index.js'

const FLOWS = SCENARIOS.flatMap(({ name, need, cases }) =>
  cases.flatMap((item) => (item.kind === 'flow' ? [{ name: `${name}: ${item.variant}`, need, flow: item.flow }] : [])),
)
/** Room for op, topic, flags and lengths around a payload. */
const EVENT_OVERHEAD_BYTES = 32
const MESSAGE_BYTES_MAX = 1024 * 1024
/** More are looked at by their number only. */
const TOPICS_LISTED_MAX = 10_000

t.test('scenarios have names of their own, and so have their cases', async (t) => {
  const names = SCENARIOS.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const { name, cases } of SCENARIOS) {
    const places = cases.map(({ variant, only }) => JSON.stringify([variant, only]))
    t.equal(new Set(places).size, places.length, name)
  }
})

t.test('a cycle is whole batches and whole rounds of its topics', async (t) => {
  const wrong = FLOWS.filter(({ flow: { streams, cycleEvents } }) =>
    streams.some(({ batch, topics }) => cycleEvents % batch !== 0 || cycleEvents % topics.count !== 0),
  )
  t.same(
    wrong.map(({ name }) => name),
    [],
  )
})

t.test('of several topics each comes twice in a cycle, so that a doubled event is no other', async (t) => {
  const wrong = FLOWS.filter(({ flow: { streams, cycleEvents } }) =>
    streams.some(({ topics }) => topics.count > 1 && cycleEvents < 2 * topics.count),
  )
  t.same(
    wrong.map(({ name }) => name),
    [],
  )
})

t.test('a stream is on as many topics as it says, equally long', async (t) => {
  const specs = new Map(FLOWS.flatMap(({ flow }) => flow.streams).map((spec) => [JSON.stringify(spec.topics), spec]))
  for (const spec of specs.values()) {
    if (spec.topics.count > TOPICS_LISTED_MAX) continue
    const topics = Array.from({ length: spec.topics.count }, (_, i) => topicAt(spec, i))
    t.equal(new Set(topics).size, spec.topics.count, topics[0])
    t.equal(new Set(topics.map((topic) => topic.length)).size, 1, topics[0])
  }
})

t.test('no message is longer than the daemon takes', async (t) => {
  const longest = ({ streams, payloadBytes }: FlowSpec) =>
    Math.max(...streams.map(({ batch }) => batch * (payloadBytes + EVENT_OVERHEAD_BYTES)))
  const wrong = FLOWS.filter(({ need, flow }) => longest(flow) > (need.messageBytesMax || MESSAGE_BYTES_MAX))
  t.same(
    wrong.map(({ name }) => name),
    [],
  )
})

t.test('each stream has a reader, and readers have streams that there are', async (t) => {
  const wrong = FLOWS.filter(({ flow: { streams, subscribers } }) => {
    const read = new Set(subscribers.flatMap((subscriber) => subscriber.streams))
    return read.size !== streams.length || Math.max(...read) >= streams.length
  })
  t.same(
    wrong.map(({ name }) => name),
    [],
  )
})
